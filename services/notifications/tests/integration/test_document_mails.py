"""What the vault tells customers: what falls due, and that their storage fills up."""

from __future__ import annotations

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually

from services.notifications.tests.post_office import PostOffice, text_of

pytestmark = pytest.mark.integration


async def test_due_documents_and_full_storage(office: PostOffice) -> None:
    """F14, F99: both come by bell and mail, formally or informally, and the mail does not say which document it is."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    customer = await office.customer(hansen, "Tom", "Lindner", "tom.lindner@mail.example", informal=True)
    about = {"tenant_id": str(hansen.tenant_id), "customer_id": str(customer.customer_id)}
    document_id = str(new_id())
    due = vault.DocumentDueReached(**about, document_id=document_id, due_on="2026-07-31")
    await office.publish("vault", due, hansen.tenant_id)
    await office.publish("vault", vault.StorageThresholdPassed(**about, percent=90), hansen.tenant_id)
    mails = await eventually(
        lambda: office.mailbox.to(customer.email)[1:] if len(office.mailbox.to(customer.email)) == 3 else None
    )
    reminder, storage = sorted(mails, key=lambda mail: str(mail["Subject"]))  # they may come in either order
    assert str(reminder["Subject"]) == "Erinnerung: fällig am 31.07.2026"
    assert f"http://localhost:8080/kunde/dokumente/{document_id}" in text_of(reminder)
    assert "dein Speicherplatz ist zu 90 % belegt" in text_of(storage)
    bell = office.bell(customer, Role.ROLE_CUSTOMER)
    rung = (await bell.ListNotifications(pb.ListNotificationsRequest(unread_only=True))).notifications
    assert {each.kind for each in rung} == {pb.NOTIFICATION_KIND_DOCUMENT_DUE, pb.NOTIFICATION_KIND_STORAGE}
