"""Billing and identity served in the test's process on real PostgreSQL and NATS, with people who may call them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.billing.v1 import billing_pb2 as pb
from kontor.billing.v1.billing_pb2_grpc import BillingServiceStub
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1.tenants_pb2 import Address, TenantProfile, UpdateTenantProfileRequest
from kontor_billing import runs
from kontor_chassis.clock import FixedClock
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.refusals import refusal
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_tools.embedded.nats import EmbeddedNats

from tests.with_identity import administrator_of, new_customer, new_firm, serving_identity

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.billing.v1.billing_pb2_grpc import BillingServiceAsyncStub

NOBODY = "127.0.0.1:9"
"""Where a vault would be asked how full somebody's storage is."""
SIGNING_DAY = datetime(2026, 7, 22, 10, 0, tzinfo=UTC)


@dataclass
class Firm:
    """One firm's people as they call billing."""

    service: Running
    identity: Running
    tenant_id: UUID
    slug: str
    _accounts: dict[str, UUID] = field(default_factory=dict)

    def customer(self, customer_id: UUID) -> BillingServiceAsyncStub:
        """Return the RPCs as a customer calls them."""
        return self._as([Role.ROLE_CUSTOMER], customer_id=customer_id)

    def administrator(self) -> BillingServiceAsyncStub:
        """Return the RPCs as the firm's administrator calls them."""
        return self._as([Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], rights=[Right.RIGHT_BILLING])

    def staff(self, *rights: Right.ValueType) -> BillingServiceAsyncStub:
        """Return the RPCs as an employee with these rights calls them."""
        return self._as([Role.ROLE_STAFF], rights=rights)

    def operator(self) -> BillingServiceAsyncStub:
        """Return the RPCs as the platform's operator calls them."""
        return self.service.stub(BillingServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=new_id()))

    async def new_customer(self) -> UUID:
        """Create a customer in identity."""
        address = Address(street="Elbchaussee 1", postal_code="22765", city="Hamburg")
        return await new_customer(self.identity, self.tenant_id, address=address)

    async def become_known(self) -> None:
        """Let billing know the firm, as the consumer of TenantActivated does where workers run."""
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

    def _as(self, roles: list[Role.ValueType], **token: Any) -> BillingServiceAsyncStub:
        account_id = self._accounts.setdefault(f"{roles}{token}", new_id())
        signed = token_for(roles=roles, tenant_id=self.tenant_id, account_id=account_id, **token)
        return self.service.stub(BillingServiceStub, signed)


@dataclass
class World:
    """Everything one test plays with."""

    service: Running
    identity: Running
    clock: FixedClock
    database: ServiceDatabase
    nats_url: str
    eventful: bool
    """Whether identity's events travel; otherwise billing is told of new firms directly."""

    @asynccontextmanager
    async def billing_worker(self) -> AsyncIterator[None]:
        """Run a worker of billing beside the server: relay, consumers and jobs."""
        async with running(
            "kontor_billing",
            database_url=self.database.url,
            nats_url=self.nats_url,
            clock=self.clock,
            serve=False,
            work=True,
            identity_address=self.identity.address,
            vault_address=NOBODY,
        ):
            yield

    async def firm(self) -> Firm:
        """Return a new firm that the operator has activated and that has entered its address."""
        known = await new_firm(self.identity)
        tenant_id = known.tenant_id
        address = Address(street="Hafenstraße 1", postal_code="20095", city="Hamburg")
        await administrator_of(self.identity, tenant_id).UpdateTenantProfile(
            UpdateTenantProfileRequest(
                profile=TenantProfile(name="Hansen & Partner", address=address, email="info@hansen.example"),
                update_mask=FieldMask(paths=["address", "email"]),
            )
        )
        firm = Firm(self.service, self.identity, tenant_id, known.slug)
        if not self.eventful:
            await firm.become_known()
        return firm

    def service_token(self, name: str) -> str:
        """Return the token of another service."""
        return service_token_for(name)


@asynccontextmanager
async def a_world(
    service_database: ServiceDatabases, nats_url: str, folder: Path, *, eventful: bool, vault_address: str = NOBODY
) -> AsyncIterator[World]:
    """Serve billing and identity on one clock."""
    clock, database = FixedClock(SIGNING_DAY), service_database("billing")
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(
            serving_identity(service_database, nats_url, folder, clock=clock, work=eventful)
        )
        service = await stack.enter_async_context(
            running(
                "kontor_billing",
                database_url=database.url,
                nats_url=nats_url,
                clock=clock,
                identity_address=identity.address,
                vault_address=vault_address,
            )
        )
        yield World(service, identity, clock, database, nats_url, eventful)


@pytest.fixture
async def world(service_database: ServiceDatabases, nats: EmbeddedNats, tmp_path: Path) -> AsyncIterator[World]:
    """Billing that answers calls; nothing happens by itself."""
    async with a_world(service_database, nats.url, tmp_path, eventful=False) as made:
        yield made


@pytest.fixture
async def eventful_world(
    service_database: ServiceDatabases, fresh_nats: EmbeddedNats, tmp_path: Path
) -> AsyncIterator[World]:
    """Billing that answers calls, and identity with its relay; tests run billing's workers as they need them."""
    async with a_world(service_database, fresh_nats.url, tmp_path, eventful=True) as made:
        yield made


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the machine-readable reason of a refusal."""
    return refusal(error).reason


@pytest.fixture
def reason() -> object:
    """`reason(error)` is the machine-readable reason of a refusal."""
    return reason_of
