"""The fate of an invitation's mail reaches identity: taken, refused for good, sent once more to another address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, invitations_pb2, people_pb2
from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceStub
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually

from services.notifications.tests.post_office import PostOffice
from tests.with_identity import administrator_of, new_customer

pytestmark = pytest.mark.integration


async def test_a_bounced_invitation_is_sent_again(office: PostOffice) -> None:
    """F170, F174: the mail server refuses the mailbox, the firm mends the address, and the same invitation goes out."""
    firm = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    staff = administrator_of(office.identity, firm.tenant_id)
    customer_id = await new_customer(office.identity, firm.tenant_id, family_name="Brandt", email="falsch@mail.example")
    office.mailbox.answers.append("550 no such user")
    made = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=str(customer_id)))

    async def reached(progress: int) -> bool:
        asked = accounts_pb2.ListInvitationsRequest(customer_id=str(customer_id))
        return [one.progress for one in (await staff.ListInvitations(asked)).invitations] == [progress]

    await eventually(lambda: reached(accounts_pb2.INVITATION_PROGRESS_BOUNCED))
    assert office.mailbox.to("falsch@") == []
    office.clock.advance(timedelta(minutes=2))
    change = people_pb2.UpdateCustomerRequest(
        customer_id=str(customer_id),
        customer=people_pb2.Customer(email="julia.brandt@mail.example"),
        update_mask=FieldMask(paths=["email"]),
    )
    await staff.UpdateCustomer(change)
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=firm.tenant_id)
    again = invitations_pb2.ResendInvitationRequest(invitation_id=made.invitation_id)
    await office.identity.stub(InvitationServiceStub, token).ResendInvitation(again)
    await eventually(lambda: reached(accounts_pb2.INVITATION_PROGRESS_DELIVERED))
    assert len(office.mailbox.to("julia.brandt@")) == 1
    await office.accept("julia.brandt@mail.example")
    assert await reached(accounts_pb2.INVITATION_PROGRESS_ACCEPTED)
