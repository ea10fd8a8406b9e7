"""Contracts and identity served in the test's process on real PostgreSQL and NATS, with people who may call them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.identity.v1 import internal_pb2 as identity_pb
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import domain_error_of
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_contracts.lines import line_id
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.process import free_port


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
        token = token_for(roles=[Role.ROLE_STAFF], tenant_id=self.tenant_id)
        julia = people_pb2.Customer(given_name=given_name, family_name="Brandt")
        stub = self.identity.stub(IdentityServiceStub, token)
        return UUID((await stub.CreateCustomer(people_pb2.CreateCustomerRequest(customer=julia))).customer_id)

    async def customers(self) -> list[identity_pb.CustomerProfile]:
        """Return the firm's customers as identity knows them, in no particular order."""
        staff = self.identity.stub(IdentityServiceStub, token_for(roles=[Role.ROLE_STAFF], tenant_id=self.tenant_id))
        listed = await staff.ListCustomers(people_pb2.ListCustomersRequest(page_size=100))
        internal = self.identity.stub(IdentityInternalServiceStub, service_token_for("contracts", self.tenant_id))
        return [
            await internal.GetCustomer(
                identity_pb.GetCustomerProfileRequest(tenant_id=str(self.tenant_id), customer_id=one.customer_id)
            )
            for one in listed.customers
        ]

    def customer(self, customer_id: UUID) -> ContractsServiceStub:
        """Return the RPCs as a customer calls them."""
        return self._as([Role.ROLE_CUSTOMER], customer_id=customer_id)

    def staff(self, *rights: Right.ValueType, account_id: UUID | None = None) -> ContractsServiceStub:
        """Return the RPCs as an employee with these rights calls them."""
        return self._as([Role.ROLE_STAFF], rights=rights, account_id=account_id)

    def line(self, key: str) -> str:
        """Return the id of one of the firm's default lines."""
        return str(line_id(self.tenant_id, key))

    def values(self, **changes: object) -> pb.Contract:
        """Return a household contract as somebody enters it."""
        stated: dict[str, object] = {
            "line_of_business_id": self.line("household"),
            "number": "HR-1",
            "insurer_name": "Nordlicht",
        }
        return pb.Contract(**(stated | changes))  # type: ignore[arg-type]

    async def contract(self, customer_id: UUID, *, released: bool = False, **changes: object) -> pb.Contract:
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
    ) -> ContractsServiceStub:
        token = token_for(
            roles=roles, tenant_id=self.tenant_id, customer_id=customer_id, rights=rights, account_id=account_id
        )
        return self.service.stub(ContractsServiceStub, token)


async def a_firm(contracts: Running, identity: Running) -> Firm:
    """Register a firm with identity and let the operator activate it."""
    slug = f"firm-{new_id().hex[-8:]}"
    wanted = tenants_pb2.NewTenant(
        name="Hansen & Partner", slug=slug, contact_name="Petra Hansen", contact_email=f"petra@{slug}.example"
    )
    registered = await identity.stub(IdentityServiceStub).RegisterTenant(
        tenants_pb2.RegisterTenantRequest(tenant=wanted)
    )
    operator = identity.stub(IdentityServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=new_id()))
    await operator.ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id))
    return Firm(contracts, identity, UUID(registered.tenant_id))


@pytest.fixture
def database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A migrated database of contracts."""
    return service_database("contracts")


@pytest.fixture(scope="session")
async def identity(
    service_database: ServiceDatabases, nats: EmbeddedNats, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """Identity that answers calls, for all tests: every test has a firm of its own."""
    key = tmp_path_factory.mktemp("identity") / "key-encryption-key"
    key.write_bytes(b"k" * 32)
    service_token_for("contracts")  # makes the key that identity is to accept
    async with running(
        "kontor_identity",
        database_url=service_database("identity").url,
        nats_url=nats.url,
        public_url="http://localhost:8080",
        key_encryption_key_file=key,
    ) as service:
        yield service


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
    return await a_firm(contracts, identity)


@pytest.fixture
async def other_firm(contracts: Running, identity: Running) -> Firm:
    """Another firm on the same platform."""
    return await a_firm(contracts, identity)


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


Refused = Callable[[Awaitable[object]], Awaitable[DomainError]]


@pytest.fixture
def refused() -> Refused:
    """`await refused(stub.Rpc(...))` is the refusal that the call ends with."""

    async def refusal(call: Awaitable[object]) -> DomainError:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
        error = domain_error_of(raised.value)
        assert error is not None, raised.value
        return error

    return refusal
