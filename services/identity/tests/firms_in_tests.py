"""Firms, operators and short ways to call FirmService, for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor.identity.v1.firms_pb2_grpc import FirmServiceStub
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.tokens import token_for
from kontor_identity.directory import DIRECTORY
from kontor_identity.jobs import end_trials
from sqlalchemy import text

from services.identity.tests.identity_office import Identity, registration

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.firms_pb2_grpc import FirmServiceAsyncStub
    from kontor.identity.v1.identity_pb2_grpc import IdentityServiceAsyncStub

ADMINISTRATOR = [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]


def operator(identity: Identity) -> IdentityServiceAsyncStub:
    """The platform's operator."""
    return identity.as_person(roles=[Role.ROLE_OPERATOR], tenant_id=uuid4())


def firms(identity: Identity, **claims: Any) -> FirmServiceAsyncStub:
    """FirmService for somebody; the operator when nothing is said."""
    given = {"roles": [Role.ROLE_OPERATOR], "tenant_id": uuid4(), **claims}
    return identity.service.stub(FirmServiceStub, token_for(**given))


def own_firm(identity: Identity, tenant_id: UUID, **claims: Any) -> FirmServiceAsyncStub:
    """FirmService for the firm's administrator."""
    return firms(identity, **{"roles": ADMINISTRATOR, "tenant_id": tenant_id, **claims})


def staff(identity: Identity, tenant_id: UUID, **claims: Any) -> IdentityServiceAsyncStub:
    """IdentityService for the firm's administrator."""
    return identity.as_person(**{"roles": ADMINISTRATOR, "tenant_id": tenant_id, **claims})


async def active_firm(identity: Identity, slug: str, **changes: Any) -> tuple[UUID, str]:
    """Register and activate a firm; returns its id and the administrator's invitation."""
    answer = await identity.public.RegisterTenant(registration(slug, **changes))
    asked = tenants_pb2.ActivateTenantRequest(tenant_id=answer.tenant_id)
    tenant = await operator(identity).ActivateTenant(asked)
    return UUID(answer.tenant_id), tenant.administrator_invitation_id


def customer(**changes: Any) -> people_pb2.CreateCustomerRequest:
    """Return the request for a customer."""
    given: dict[str, Any] = {"salutation": people_pb2.SALUTATION_FRAU, "given_name": "Julia", "family_name": "Brandt"}
    return people_pb2.CreateCustomerRequest(customer=people_pb2.Customer(**{**given, **changes}))


async def refused(call: Any) -> str:
    """Return the reason with which a call is refused."""
    return (await refusal(call))[0]


async def refusal(call: Any) -> tuple[str, str]:
    """Return reason and sentence with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    found = refused_with(caught.value)
    assert found is not None, caught.value
    return found.reason, found.message


async def pass_time(identity: Identity, **step: float) -> None:
    """Move the clock and let the job about trials run."""
    identity.clock.advance(timedelta(**step))
    await end_trials(JobContext(identity.service.platform.work, identity.clock))


async def published(identity: Identity, event: str) -> int:
    """Return how many events of a type were published."""
    counting = text("SELECT count(*) FROM outbox WHERE type = :type")
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        counted = await tx.session.execute(counting, {"type": f"kontor.identity.v1.{event}"})
        return int(counted.scalar_one())
