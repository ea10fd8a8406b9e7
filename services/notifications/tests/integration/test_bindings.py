"""A request by broker ID reaches those who decide: the real identity names them, bell and mail tell them."""

from __future__ import annotations

from typing import Any

import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import bindings_pb2, people_pb2
from kontor.identity.v1.bindings_pb2_grpc import BindingServiceStub
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually

from services.notifications.tests.post_office import PostOffice, Someone, text_of
from tests.with_identity import administrator_of, new_customer

pytestmark = pytest.mark.integration


async def test_a_request_is_told_to_who_decides(office: PostOffice) -> None:
    """F169, F175: whoever looks after a customer of that name and may invite; for a stranger the administrators."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    alpenblick = await office.firm("Alpenblick", "alpenblick", "sepp.huber@alpenblick.example")
    resi = await _colleague(office, alpenblick, "resi.huber@alpenblick.example", Right.RIGHT_INVITE)
    blind = await _colleague(office, alpenblick, "max.huber@alpenblick.example")
    customer_id = await new_customer(office.identity, alpenblick.tenant_id, family_name="Brandt", email="")
    looked_after = people_pb2.SetResponsiblesRequest(
        customer_id=str(customer_id), account_ids=[str(blind.account_id), str(resi.account_id)]
    )
    await administrator_of(office.identity, alpenblick.tenant_id).SetResponsibles(looked_after)

    julia = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    await _ask(office, julia, "Julia Brandt", alpenblick)
    [bell] = await eventually(lambda: _told(office, resi))
    assert (bell.kind, bell.link) == (pb.NOTIFICATION_KIND_BINDING_REQUESTED, "/makler/einladungen")
    [mail] = await eventually(lambda: _mails(office, resi))
    assert "http://localhost:8080/makler/einladungen" in text_of(mail)
    assert "Brandt" not in text_of(mail)

    tom = await office.customer(hansen, "Tom", "Lindner", "tom.lindner@mail.example", informal=False)
    await _ask(office, tom, "Tom Lindner", alpenblick)
    assert len(await eventually(lambda: _told(office, alpenblick))) == 1
    assert len(await eventually(lambda: _mails(office, alpenblick))) == 1
    assert (len(_mails(office, resi)), _mails(office, blind)) == (1, [])


async def _colleague(office: PostOffice, firm: Someone, email: str, *rights: Right.ValueType) -> Someone:
    invitation = people_pb2.InviteStaffRequest(display_name=email, email=email, rights=rights)
    await administrator_of(office.identity, firm.tenant_id).InviteStaff(invitation)
    return Someone(await office.accept(email), firm.tenant_id, email)


async def _ask(office: PostOffice, person: Someone, name: str, firm: Someone) -> None:
    staff = token_for(roles=[Role.ROLE_STAFF], tenant_id=firm.tenant_id)
    asked = await office.identity.stub(BindingServiceStub, staff).GetBrokerId(bindings_pb2.GetBrokerIdRequest())
    own = token_for(
        roles=[Role.ROLE_CUSTOMER],
        tenant_id=person.tenant_id,
        customer_id=person.customer_id,
        account_id=person.account_id,
        display_name=name,
    )
    wish = bindings_pb2.RequestBindingRequest(broker_number=asked.broker_id)
    await office.identity.stub(BindingServiceStub, own).RequestBinding(wish)


async def _told(office: PostOffice, person: Someone) -> list[pb.Notification]:
    answer = await office.bell(person, Role.ROLE_STAFF).ListNotifications(pb.ListNotificationsRequest())
    return list(answer.notifications)


def _mails(office: PostOffice, person: Someone) -> list[Any]:
    return [mail for mail in office.mailbox.to(person.email) if "möchte sich mit Alpenblick" in str(mail["Subject"])]
