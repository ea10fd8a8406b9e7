"""Billing served in the test's process on real PostgreSQL and NATS, with people who may call it.

Identity is played by a peer that answers its internal RPCs as their proto says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import grpc
import pytest
from kontor.billing.v1 import billing_pb2 as pb
from kontor.billing.v1.billing_pb2_grpc import BillingServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import internal_pb2 as identity_pb
from kontor.identity.v1.internal_pb2_grpc import (
    IdentityInternalServiceServicer,
    add_IdentityInternalServiceServicer_to_server,
)
from kontor.identity.v1.tenants_pb2 import Address, Brand
from kontor_billing import runs
from kontor_chassis.clock import FixedClock
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.server import servicer
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running, serving
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_tools.embedded.nats import EmbeddedNats

SIGNING_DAY = datetime(2026, 7, 22, 10, 0, tzinfo=UTC)


class IdentityPeer(IdentityInternalServiceServicer):
    """Knows every firm and every customer but those in `unknown`."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()

    async def GetCustomer(  # noqa: N802 - named by the proto
        self, request: identity_pb.GetCustomerProfileRequest, _context: object
    ) -> identity_pb.CustomerProfile:
        """Return a customer."""
        if request.customer_id in self.unknown:
            raise not_found("Dieser Kunde")
        address = Address(street="Elbchaussee 1", postal_code="22765", city="Hamburg")
        return identity_pb.CustomerProfile(
            customer_id=request.customer_id, tenant_id=request.tenant_id, display_name="Julia Brandt", address=address
        )

    async def GetTenantProfile(  # noqa: N802 - named by the proto
        self, request: identity_pb.GetTenantProfileRequest, _context: object
    ) -> identity_pb.TenantCard:
        """Return a firm."""
        return identity_pb.TenantCard(
            tenant_id=request.tenant_id,
            name="Hansen & Partner",
            slug="hansen",
            email="info@hansen.example",
            address=Address(street="Hafenstraße 1", postal_code="20095", city="Hamburg"),
            brand=Brand(primary_color="#12355b"),
        )


async def _never_asked(*_call: object) -> None:
    """Stand for the RPCs that billing never calls; a call of one fails the test."""
    raise NotImplementedError


for _rpc in identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"].methods:
    if _rpc.name not in vars(IdentityPeer):
        setattr(IdentityPeer, _rpc.name, _never_asked)


@dataclass
class Firm:
    """One firm's people as they call billing."""

    service: Running
    tenant_id: UUID = field(default_factory=new_id)
    _accounts: dict[str, UUID] = field(default_factory=dict)

    def customer(self, customer_id: UUID) -> BillingServiceStub:
        """Return the RPCs as a customer calls them."""
        return self._as([Role.ROLE_CUSTOMER], customer_id=customer_id)

    def administrator(self) -> BillingServiceStub:
        """Return the RPCs as the firm's administrator calls them."""
        return self._as([Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], rights=[Right.RIGHT_BILLING])

    def staff(self, *rights: Right.ValueType) -> BillingServiceStub:
        """Return the RPCs as an employee with these rights calls them."""
        return self._as([Role.ROLE_STAFF], rights=rights)

    def operator(self) -> BillingServiceStub:
        """Return the RPCs as the platform's operator calls them."""
        return self.service.stub(BillingServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=new_id()))

    async def activate(self) -> None:
        """Let billing know the firm, as the consumer of TenantActivated does."""
        async with self.service.platform.work.work(Principal.of_service("billing", self.tenant_id)) as tx:
            await runs.note_tenant(tx, self.tenant_id, tx.now)
            await tx.commit()

    async def sign(self, customer_id: UUID, tier: int = 2, **changes: str) -> pb.Agreement:
        """Sign the agreement at the price that is offered."""
        stub = self.customer(customer_id)
        offered = await stub.GetTierOffers(pb.GetTierOffersRequest())
        offer = next(offer for offer in offered.offers if offer.tier == tier)
        request = pb.SignAgreementRequest(
            customer_id=str(customer_id),
            tier=offer.tier,
            text_version=offered.agreement_text.version,
            price_version=offer.price_version,
            accepted=True,
        )
        for name, value in changes.items():
            setattr(request, name, value)
        return await stub.SignAgreement(request)

    def _as(self, roles: list[Role.ValueType], **token: Any) -> BillingServiceStub:
        account_id = self._accounts.setdefault(f"{roles}{token}", new_id())
        signed = token_for(roles=roles, tenant_id=self.tenant_id, account_id=account_id, **token)
        return self.service.stub(BillingServiceStub, signed)


@dataclass
class World:
    """Everything one test plays with."""

    service: Running
    clock: FixedClock
    identity: IdentityPeer
    database: ServiceDatabase

    def firm(self) -> Firm:
        """Return a new firm."""
        return Firm(self.service)

    def service_token(self, name: str) -> str:
        """Return the token of another service."""
        return service_token_for(name)


@asynccontextmanager
async def a_world(database: ServiceDatabase, nats_url: str, *, work: bool) -> AsyncIterator[World]:
    """Serve billing and the peer."""
    clock, identity = FixedClock(SIGNING_DAY), IdentityPeer()
    descriptor = identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"]
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(
            serving([servicer(add_IdentityInternalServiceServicer_to_server, identity, descriptor)])
        )
        service = await stack.enter_async_context(
            running(
                "kontor_billing",
                database_url=database.url,
                nats_url=nats_url,
                clock=clock,
                work=work,
                identity_address=peer.address,
            )
        )
        yield World(service, clock, identity, database)


@pytest.fixture
async def world(service_database: ServiceDatabases, nats: EmbeddedNats) -> AsyncIterator[World]:
    """Billing that answers calls; nothing happens by itself."""
    async with a_world(service_database("billing"), nats.url, work=False) as made:
        yield made


@pytest.fixture
async def working_world(service_database: ServiceDatabases, fresh_nats: EmbeddedNats) -> AsyncIterator[World]:
    """Billing that answers calls, relays events, consumes and runs its jobs."""
    async with a_world(service_database("billing"), fresh_nats.url, work=True) as made:
        yield made


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the machine-readable reason of a refusal."""
    from kontor_chassis.interceptors.errors import domain_error_of

    refused = domain_error_of(error)
    assert refused is not None, error
    return refused.reason


@pytest.fixture
def reason() -> object:
    """`reason(error)` is the machine-readable reason of a refusal."""
    return reason_of
