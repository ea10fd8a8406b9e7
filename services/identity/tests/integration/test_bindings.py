"""Binding an account that exists to a further firm by its broker ID, through the RPCs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1 import bindings_pb2 as pb
from kontor.identity.v1.bindings_pb2_grpc import BindingServiceStub
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.testing.tokens import token_for

from services.identity.tests.identity_office import Identity
from tests.with_identity import accept_invitation, new_customer, new_firm

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.bindings_pb2_grpc import BindingServiceAsyncStub

pytestmark = pytest.mark.integration


def _stub(identity: Identity, **claims: Any) -> BindingServiceAsyncStub:
    return identity.service.stub(BindingServiceStub, token_for(**claims))


def _staff(identity: Identity, tenant_id: UUID) -> BindingServiceAsyncStub:
    return _stub(identity, roles=[Role.ROLE_STAFF], rights=[Right.RIGHT_INVITE], tenant_id=tenant_id)


async def _refused(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refused_with(caught.value)
    assert refusal is not None, caught.value
    return refusal.reason


async def _julia(identity: Identity, tenant_id: UUID) -> dict[str, Any]:
    """Return the claims of a customer with access in her first firm."""
    customer_id = await new_customer(
        identity.service, tenant_id, given_name="Julia", family_name="Brandt", email="julia@mail.example"
    )
    inviter = identity.as_person(roles=[Role.ROLE_STAFF], rights=[Right.RIGHT_INVITE], tenant_id=tenant_id)
    made = await inviter.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=str(customer_id)))
    account_id = await accept_invitation(identity.service, made.invitation_id)
    return {
        "roles": [Role.ROLE_CUSTOMER],
        "tenant_id": tenant_id,
        "customer_id": customer_id,
        "account_id": account_id,
        "display_name": "Julia Brandt",
    }


async def test_one_account_two_firms(identity: Identity) -> None:
    """F169, F175: the customer enters the broker ID, the firm says who she is, and she has two memberships."""
    first = (await new_firm(identity.service, "Hansen", slug="hansen")).tenant_id
    second = (await new_firm(identity.service, "Alpenblick", slug="alpenblick")).tenant_id
    julia, staff = await _julia(identity, first), _staff(identity, second)
    hers = _stub(identity, **julia)
    there = await new_customer(identity.service, second, given_name="Julia", family_name="Brandt", email="")
    broker_id = (await staff.GetBrokerId(pb.GetBrokerIdRequest())).broker_id
    assert broker_id != (await _staff(identity, first).GetBrokerId(pb.GetBrokerIdRequest())).broker_id

    typed = pb.RequestBindingRequest(broker_number=f"{broker_id[:4].lower()}-{broker_id[4:]}")
    asked = await hers.RequestBinding(typed)
    assert (asked.tenant_name, asked.state) == ("Alpenblick", pb.BINDING_STATE_WAITING)
    assert (await hers.RequestBinding(typed)).binding_id == asked.binding_id
    [waiting] = (await staff.ListBindings(pb.ListBindingsRequest())).bindings
    assert [one.customer_id for one in waiting.suggestions] == [str(there)]
    assert waiting.email == "julia@mail.example"

    confirm = pb.ConfirmBindingRequest(binding_id=asked.binding_id, customer_id=str(there), request_id=str(uuid4()))
    assert (await staff.ConfirmBinding(confirm)).state == pb.BINDING_STATE_CONFIRMED
    assert (await staff.ConfirmBinding(confirm)).customer_id == str(there)
    own = await identity.as_person(**julia).ListMemberships(accounts_pb2.ListMembershipsRequest())
    assert {one.tenant_name for one in own.memberships} == {"Hansen", "Alpenblick"}
    assert (await _refused(hers.RequestBinding(typed))) == "ALREADY_BOUND"
    [mine] = (await hers.ListOwnBindings(pb.ListOwnBindingsRequest())).bindings
    assert mine.state == pb.BINDING_STATE_CONFIRMED
    asking = people_pb2.GetCustomerRequest(customer_id=str(there))
    customer = await identity.as_person(roles=[Role.ROLE_STAFF], tenant_id=second).GetCustomer(asking)
    assert (customer.access_state, customer.email) == (people_pb2.ACCESS_STATE_ACTIVE, "julia@mail.example")


async def test_only_the_firm_asked_decides(identity: Identity) -> None:
    """F169: another firm neither sees nor answers it; nobody takes over an access; ids are not tried out."""
    first = (await new_firm(identity.service, "Hansen", slug="hansen")).tenant_id
    second = (await new_firm(identity.service, "Alpenblick", slug="alpenblick")).tenant_id
    julia, staff = await _julia(identity, first), _staff(identity, second)
    tom = await _customer_with_access(identity, second)
    broker_id = (await staff.GetBrokerId(pb.GetBrokerIdRequest())).broker_id
    hers = _stub(identity, **julia)
    asked = await hers.RequestBinding(pb.RequestBindingRequest(broker_number=broker_id))
    foreign = _staff(identity, first)
    assert list((await foreign.ListBindings(pb.ListBindingsRequest())).bindings) == []
    decline = pb.DeclineBindingRequest(binding_id=asked.binding_id)
    assert await _refused(foreign.DeclineBinding(decline)) == "NOT_FOUND"
    taken = pb.ConfirmBindingRequest(binding_id=asked.binding_id, customer_id=str(tom))
    assert await _refused(staff.ConfirmBinding(taken)) == "ACCESS_ACTIVE"
    not_theirs = pb.ConfirmBindingRequest(binding_id=asked.binding_id, customer_id=str(julia["customer_id"]))
    assert await _refused(staff.ConfirmBinding(not_theirs)) == "NOT_FOUND"
    assert (await staff.DeclineBinding(decline)).state == pb.BINDING_STATE_DECLINED
    assert await _refused(staff.DeclineBinding(decline)) == "BINDING_DECIDED"
    tries = [
        await _refused(hers.RequestBinding(pb.RequestBindingRequest(broker_number=f"ZZZZ{n:04}"))) for n in range(12)
    ]
    assert tries[0] == "BROKER_ID_UNKNOWN"
    assert tries[-1] == "TOO_MANY_ATTEMPTS"


async def _customer_with_access(identity: Identity, tenant_id: UUID) -> UUID:
    """Create a customer with access."""
    customer_id = await new_customer(identity.service, tenant_id, family_name="Lindner", email="tom@mail.example")
    inviter = identity.as_person(roles=[Role.ROLE_STAFF], rights=[Right.RIGHT_INVITE], tenant_id=tenant_id)
    made = await inviter.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=str(customer_id)))
    await accept_invitation(identity.service, made.invitation_id)
    return customer_id
