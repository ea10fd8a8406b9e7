"""Contracts and identity served in the test's process on real PostgreSQL and NATS, with people who may call them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.identity.v1 import internal_pb2 as identity_pb
from kontor.identity.v1 import people_pb2
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_contracts.lines import line_id
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port

from tests.with_identity import administrator_of, new_customer, new_firm
from tests.with_identity import identity as identity

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceAsyncStub


@dataclass
class Firm:
    """One firm's people as they call contracts."""

    service: Running
    identity: Running
    tenant_id: UUID

    def on(self, service: Running) -> Firm:
        """Return the same firm as it calls another process of contracts."""
        return Firm(service, self.identity, self.tenant_id)

    async def person(self, given_name: str = "Julia") -> UUID:
        """Create a customer in identity."""
        return await new_customer(self.identity, self.tenant_id, given_name=given_name)

    async def customers(self) -> list[identity_pb.CustomerProfile]:
        """Return the firm's customers as identity knows them, in no particular order."""
        staff = administrator_of(self.identity, self.tenant_id)
        listed = await staff.ListCustomers(people_pb2.ListCustomersRequest(page_size=100))
        internal = self.identity.stub(IdentityInternalServiceStub, service_token_for("contracts", self.tenant_id))
        return [
            await internal.GetCustomer(
                identity_pb.GetCustomerProfileRequest(tenant_id=str(self.tenant_id), customer_id=one.customer_id)
            )
            for one in listed.customers
        ]

    def customer(self, customer_id: UUID) -> ContractsServiceAsyncStub:
        """Return the RPCs as a customer calls them."""
        return self._as([Role.ROLE_CUSTOMER], customer_id=customer_id)

    def staff(self, *rights: Right.ValueType, account_id: UUID | None = None) -> ContractsServiceAsyncStub:
        """Return the RPCs as an employee with these rights calls them."""
        return self._as([Role.ROLE_STAFF], rights=rights, account_id=account_id)

    def line(self, key: str) -> str:
        """Return the id of one of the firm's default lines."""
        return str(line_id(self.tenant_id, key))

    def values(self, **changes: Any) -> pb.Contract:
        """Return a household contract as somebody enters it."""
        stated: dict[str, Any] = {
            "line_of_business_id": self.line("household"),
            "number": "HR-1",
            "insurer_name": "Nordlicht",
        }
        return pb.Contract(**(stated | changes))

    async def contract(self, customer_id: UUID, *, released: bool = False, **changes: Any) -> pb.Contract:
        """Create a contract as staff do, and release it on demand."""
        request = pb.CreateContractRequest(customer_id=str(customer_id), contract=self.values(**changes))
        created = await self.staff().CreateContract(request)
        if not released:
            return created
        return await self.staff().ReleaseContract(
            pb.ReleaseContractRequest(customer_id=str(customer_id), contract_id=created.contract_id)
        )

    def _as(
        self,
        roles: list[Role.ValueType],
        *,
        customer_id: UUID | None = None,
        rights: tuple[Right.ValueType, ...] = (),
        account_id: UUID | None = None,
    ) -> ContractsServiceAsyncStub:
        token = token_for(
            roles=roles, tenant_id=self.tenant_id, customer_id=customer_id, rights=rights, account_id=account_id
        )
        return self.service.stub(ContractsServiceStub, token)


@pytest.fixture
def database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A migrated database of contracts."""
    return service_database("contracts")


@pytest.fixture
async def contracts(database: ServiceDatabase, nats: EmbeddedNats, identity: Running) -> AsyncIterator[Running]:
    """Contracts that answers calls; nothing happens by itself."""
    async with running(
        "kontor_contracts", database_url=database.url, nats_url=nats.url, identity_address=identity.address
    ) as service:
        yield service


@pytest.fixture
async def working(database: ServiceDatabase, fresh_nats: EmbeddedNats, identity: Running) -> AsyncIterator[Running]:
    """Another process of contracts on the same database, which also relays and consumes events."""
    async with running(
        "kontor_contracts",
        database_url=database.url,
        nats_url=fresh_nats.url,
        work=True,
        identity_address=identity.address,
    ) as service:
        yield service


@pytest.fixture
async def cut_off(database: ServiceDatabase, nats: EmbeddedNats) -> AsyncIterator[Running]:
    """Another process of contracts on the same database, which cannot reach identity."""
    async with running(
        "kontor_contracts",
        database_url=database.url,
        nats_url=nats.url,
        identity_address=f"127.0.0.1:{free_port()}",
    ) as service:
        yield service


@pytest.fixture
async def firm(contracts: Running, identity: Running) -> Firm:
    """One firm."""
    return Firm(contracts, identity, (await new_firm(identity)).tenant_id)


@pytest.fixture
async def other_firm(contracts: Running, identity: Running) -> Firm:
    """Another firm on the same platform."""
    return Firm(contracts, identity, (await new_firm(identity)).tenant_id)


@pytest.fixture
async def owner(database: ServiceDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A look at the database behind the service's back; for the outbox, which is under no row-level security."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
def sample() -> bytes:
    """The sample portfolio: two packages, four policy holders, six contracts."""
    return (Path(__file__).parents[1] / "samples" / "bestand.gdv").read_bytes()


@dataclass
class Outbox:
    """What contracts has published, oldest first."""

    connection: asyncpg.Connection

    async def types(self) -> list[str]:
        """Return the short names of the events."""
        rows = await self.connection.fetch("SELECT type FROM outbox ORDER BY position")
        return [row["type"].rsplit(".", 1)[1] for row in rows]


@pytest.fixture
def outbox(owner: asyncpg.Connection) -> Outbox:
    """The outbox of contracts."""
    return Outbox(owner)
