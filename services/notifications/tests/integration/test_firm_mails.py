"""What firms hear about themselves: mails about the end of a trial, the bell about wishes of customers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import master_data_pb2 as pb
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceStub
from kontor.identity.v1.tenants_pb2 import Address
from kontor.notifications.v1.notifications_pb2 import ListNotificationsRequest
from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceStub
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually
from kontor_identity.jobs import end_trials

from services.notifications.tests.post_office import PostOffice, text_of

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.notifications.v1.notifications_pb2_grpc import NotificationsServiceAsyncStub

pytestmark = pytest.mark.integration


async def test_administrators_hear_of_the_end_of_their_trial_in_time(office: PostOffice) -> None:
    """F88, decision 10: a reminder 7 days before, and what happens now when it is over; with the way to the archive."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    job = JobContext(office.identity.platform.work, office.clock)
    office.clock.advance(timedelta(days=24))
    await end_trials(job)
    reminder = (
        await eventually(lambda: [m for m in office.mailbox.to(hansen.email) if "endet in 7 Tagen" in m["Subject"]])
    )[0]
    assert "31.07.2026" in text_of(reminder)
    assert "/makler/betrieb" in text_of(reminder)
    office.clock.advance(timedelta(days=7))
    await end_trials(job)
    over = (await eventually(lambda: [m for m in office.mailbox.to(hansen.email) if "ist beendet" in m["Subject"]]))[0]
    assert "15.08.2026" in text_of(over), "14 days from then"


async def test_wishes_and_decisions_ring(office: PostOffice) -> None:
    """F160, decision 1: the firm hears of a wish, the customer of the decision; the bell names no data."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    julia = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    as_broker = token_for(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=hansen.tenant_id, account_id=hansen.account_id)
    broker = office.identity.stub(MasterDataServiceStub, as_broker)
    policy = pb.EditPolicy(address=pb.EDIT_MODE_REQUEST)
    await broker.SetEditPolicy(pb.SetEditPolicyRequest(policy=policy))
    as_customer = token_for(
        roles=[Role.ROLE_CUSTOMER],
        tenant_id=hansen.tenant_id,
        customer_id=julia.customer_id,
        account_id=julia.account_id,
    )
    wish = pb.ChangeAddressRequest(
        customer_id=str(julia.customer_id),
        address=Address(street="Elbchaussee 1", postal_code="22765", city="Hamburg"),
    )
    asked = await office.identity.stub(MasterDataServiceStub, as_customer).ChangeAddress(wish)
    firms_bell = office.notifications.stub(NotificationsServiceStub, as_broker)
    rung = await eventually(lambda: _titles(firms_bell, "Änderungswunsch"))
    assert "Elbchaussee" not in rung[0]
    decision = pb.DecideChangeRequestRequest(change_request_id=asked.change_request_id, accept=True)
    await broker.DecideChangeRequest(decision)
    customers_bell = office.notifications.stub(NotificationsServiceStub, as_customer)
    await eventually(lambda: _titles(customers_bell, "Ihre Daten sind geändert"))


async def _titles(bell: NotificationsServiceAsyncStub, title: str) -> list[str]:
    """Return title and text of the notifications with this title."""
    listed = await bell.ListNotifications(ListNotificationsRequest())
    return [f"{one.title}: {one.text}" for one in listed.notifications if one.title == title]
