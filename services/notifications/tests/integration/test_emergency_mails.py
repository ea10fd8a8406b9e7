"""Every step of an emergency access as mails: the real identity decides, the mail server gets what people read."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import emergency_pb2 as pb
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor.notifications.v1 import notifications_pb2 as bell_pb
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually
from sqlalchemy import text

from services.notifications.tests.post_office import PostOffice, Someone, html_of, text_of

if TYPE_CHECKING:
    from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceAsyncStub

pytestmark = pytest.mark.integration

STOP_LINK = re.compile(r"http://localhost:8080/notfall/[\w-]{20,}")
BOOKS, FURTHER, TRUSTED = "julia.brandt@mail.example", "julia@privat.example", "anna@mail.example"


def emergency(
    office: PostOffice, tenant: Someone, customer: Someone, role: Role.ValueType
) -> EmergencyAccessServiceAsyncStub:
    """Return identity's API for somebody who acts as, or is trusted by, the customer."""
    token = token_for(
        roles=[role], tenant_id=tenant.tenant_id, customer_id=customer.customer_id, account_id=tenant.account_id
    )
    return office.identity.stub(EmergencyAccessServiceStub, token)


async def mail_about(office: PostOffice, address: str, subject: str) -> EmailMessage:
    """Wait for the one mail to an address about something."""
    [found] = await eventually(lambda: [one for one in office.mailbox.to(address) if subject in str(one["Subject"])])
    return found


async def rung(office: PostOffice, person: Someone, role: Role.ValueType, count: int) -> list[tuple[str, str]]:
    """Wait for so many notifications; return title and link of each, newest first."""

    async def told() -> list[tuple[str, str]] | None:
        answer = await office.bell(person, role).ListNotifications(bell_pb.ListNotificationsRequest())
        found = [(one.title, one.link) for one in answer.notifications]
        assert {one.kind for one in answer.notifications} <= {bell_pb.NOTIFICATION_KIND_EMERGENCY}
        return found if len(found) == count else None

    return await eventually(told)


async def test_everybody_is_told_of_every_step(office: PostOffice) -> None:
    """F75: the customer at all his addresses with a link to stop it, trusted persons without; veto and removal too,
    and everybody's bell rings.
    """
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    julia = await office.customer(hansen, "Julia", "Brandt", BOOKS, informal=True)
    contact = "INSERT INTO customer_contacts VALUES (:id, :tenant, :customer, 3, :address, 'privat', :now)"
    async with office.identity.platform.work.work(Principal.of_service("identity")) as tx:
        row = {"id": new_id(), "tenant": julia.tenant_id, "customer": julia.customer_id, "address": FURTHER}
        await tx.session.execute(text(contact), {**row, "now": tx.now})
        await tx.commit()
    own = emergency(office, julia, julia, Role.ROLE_CUSTOMER)
    cid = str(julia.customer_id)
    named = await own.CreateTrustedPerson(
        pb.CreateTrustedPersonRequest(customer_id=cid, person=pb.TrustedPerson(name="Anna Brandt", email=TRUSTED))
    )
    invitation = await mail_about(office, TRUSTED, "vertraut Ihnen")
    assert "Julia Brandt möchte Sie als Vertrauensperson benennen." in text_of(invitation)
    anna = Someone(await office.accept(TRUSTED), hansen.tenant_id, TRUSTED)
    assert "hat deine Einladung angenommen" in text_of(await mail_about(office, BOOKS, "Vertrauensperson"))

    trusted = emergency(office, anna, julia, Role.ROLE_TRUSTED_PERSON)
    asked = await trusted.CreateEmergencyRequest(
        pb.CreateEmergencyRequestRequest(customer_id=cid, reason="<b>Liegt</b> auf der Intensivstation.")
    )
    links = set()
    for address in (BOOKS, FURTHER):
        mail = await mail_about(office, address, "wird am 04.07.2026, 12:00 Uhr freigegeben")
        assert str(mail["From"].addresses[0].display_name) == "Hansen & Partner"
        assert "Wenn es dir gut geht" in text_of(mail)
        assert "<b>Liegt</b>" not in html_of(mail), "the reason is somebody's text"
        links |= set(STOP_LINK.findall(text_of(mail)))
    assert len(links) == 2, "each mail has a link of its own"
    told = text_of(await mail_about(office, TRUSTED, "Freigabe am"))
    assert "http://localhost:8080/vertrauen" in told
    assert STOP_LINK.search(told) is None

    stop = pb.StopEmergencyRequestRequest(customer_id=cid, emergency_request_id=asked.emergency_request_id)
    await own.StopEmergencyRequest(stop)
    for address in (BOOKS, FURTHER, TRUSTED):
        assert STOP_LINK.search(text_of(await mail_about(office, address, "beendet"))) is None
    office.clock.advance(timedelta(days=30))
    await own.RemoveTrustedPerson(
        pb.RemoveTrustedPersonRequest(customer_id=cid, trusted_person_id=named.trusted_person_id)
    )
    await mail_about(office, TRUSTED, "nicht mehr Vertrauensperson von Julia Brandt")
    assert await rung(office, julia, Role.ROLE_CUSTOMER, 3) == [
        ("Notfallanfrage beendet", "/kunde/notfall"),
        ("Notfallzugang: die Wartezeit läuft", "/kunde/notfall"),
        ("Einladung angenommen", "/kunde/notfall"),
    ]
    assert await rung(office, anna, Role.ROLE_TRUSTED_PERSON, 2) == [
        ("Notfallanfrage beendet", "/vertrauen"),
        ("Notfallzugang: die Wartezeit läuft", "/vertrauen"),
    ]
    assert not [one for one in office.mailbox.mails if "freigegeben" in str(one["Subject"]) and "ist" in one["Subject"]]
