"""What the vault tells customers: what falls due, and that their storage fills up."""

from __future__ import annotations

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor.notifications.v1.events_pb2 import DeliveryMailSettled
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.waiting import eventually
from sqlalchemy import text

from services.notifications.tests.post_office import PostOffice, text_of

pytestmark = pytest.mark.integration


async def settled_mails(office: PostOffice) -> list[DeliveryMailSettled]:
    """Return what was told of mails about deliveries."""
    async with office.notifications.platform.work.work(Principal.of_service("notifications")) as tx:
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE '%DeliveryMailSettled'"))
        return [DeliveryMailSettled.FromString(row.payload) for row in rows.all()]


async def test_due_documents_and_full_storage(office: PostOffice) -> None:
    """F14-F16, F99, F144: all come by bell and mail, formally or informally; no mail says which document it is."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    customer = await office.customer(hansen, "Tom", "Lindner", "tom.lindner@mail.example", informal=True)
    about = {"tenant_id": str(hansen.tenant_id), "customer_id": str(customer.customer_id)}
    document_id = str(new_id())
    due = vault.DocumentDueReached(**about, document_id=document_id, due_on="2026-07-31")
    await office.publish("vault", due, hansen.tenant_id)
    await office.publish("vault", vault.StorageThresholdPassed(**about, percent=90), hansen.tenant_id)
    delivered = vault.DocumentDelivered(**about, document_id=document_id, delivery_id=str(new_id()))
    await office.publish("vault", delivered, hansen.tenant_id)
    ready = vault.ExportFinished(**about, export_id=str(new_id()), until_day="2026-07-08")
    await office.publish("vault", ready, hansen.tenant_id)
    post = vault.ScannedPostFiled(**about, batch_id=str(new_id()))
    await office.publish("vault", post, hansen.tenant_id)
    binder = vault.BinderChanged(**about, binder_order_id=str(new_id()), state="PICKUP_PLANNED", pickup_on="2026-07-09")
    await office.publish("vault", binder, hansen.tenant_id)
    await office.publish("vault", vault.ImportFinished(**about, import_id=str(new_id()), done=True), hansen.tenant_id)
    held = vault.MailQuarantined(**about, mail_id=str(new_id()))
    await office.publish("vault", held, hansen.tenant_id)
    mails = await eventually(
        lambda: office.mailbox.to(customer.email)[1:] if len(office.mailbox.to(customer.email)) == 9 else None
    )
    # They may come in any order.
    waiting, reminder, delivery, read_in, archive, fetching, storage, scanned = sorted(
        mails, key=lambda mail: str(mail["Subject"])
    )
    assert "erst, wenn du zustimmst" in text_of(waiting)
    assert "wir holen deinen Ordner am 09.07.2026 ab" in text_of(fetching)
    assert f"/kunde/post/ordner/{binder.binder_order_id}" in text_of(fetching)
    assert "wir haben Papierpost für dich gescannt" in text_of(scanned)
    assert str(reminder["Subject"]) == "Erinnerung: fällig am 31.07.2026"
    assert f"http://localhost:8080/kunde/dokumente/{document_id}" in text_of(reminder)
    assert "liegt bis 08.07.2026 in deinem" in text_of(archive)
    assert "Alles daraus liegt jetzt in deinen Dokumenten" in text_of(read_in)
    assert "dein Speicherplatz ist zu 90 % belegt" in text_of(storage)
    assert "wir haben dir ein Dokument elektronisch zugestellt" in text_of(delivery)
    settled = await eventually(lambda: settled_mails(office))
    assert [(each.delivery_id, each.delivered) for each in settled] == [(delivered.delivery_id, True)]
    bell = office.bell(customer, Role.ROLE_CUSTOMER)
    rung = (await bell.ListNotifications(pb.ListNotificationsRequest(unread_only=True))).notifications
    assert {each.kind for each in rung} == {
        pb.NOTIFICATION_KIND_DOCUMENT_DUE,
        pb.NOTIFICATION_KIND_EXPORT_READY,
        pb.NOTIFICATION_KIND_IMPORT_FINISHED,
        pb.NOTIFICATION_KIND_STORAGE,
        pb.NOTIFICATION_KIND_DOCUMENT_DELIVERED,
        pb.NOTIFICATION_KIND_POST,
        pb.NOTIFICATION_KIND_BINDER,
    }
