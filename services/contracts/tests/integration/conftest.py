"""Contracts served in the test's process on real PostgreSQL and NATS, with people who may call it.

Identity is played by a peer that answers the internal RPCs asked of it as their proto says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import grpc
import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.identity.v1 import internal_pb2 as identity_pb
from kontor.identity.v1.internal_pb2_grpc import (
    IdentityInternalServiceServicer,
    add_IdentityInternalServiceServicer_to_server,
)
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import domain_error_of
from kontor_chassis.server import servicer
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running, serving
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_contracts.lines import line_id
from kontor_tools.embedded.nats import EmbeddedNats


class IdentityPeer(IdentityInternalServiceServicer):
    """Knows every customer but those in `unknown`; takes portfolios in, idempotently by external number."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self.imported: dict[tuple[str, str], str] = {}
        self.people: dict[str, identity_pb.ImportedCustomer] = {}
        self.away = False

    async def GetCustomer(  # noqa: N802  # named by the proto
        self, request: identity_pb.GetCustomerProfileRequest, _context: object
    ) -> identity_pb.CustomerProfile:
        """Return a customer."""
        if request.customer_id in self.unknown:
            raise not_found("Dieser Kunde")
        return identity_pb.CustomerProfile(customer_id=request.customer_id, tenant_id=request.tenant_id)

    async def ImportCustomers(  # noqa: N802  # named by the proto
        self, request: identity_pb.ImportCustomersRequest, _context: object
    ) -> identity_pb.ImportCustomersResponse:
        """Take customers in."""
        if self.away:
            raise DomainError(ErrorKind.UNAVAILABLE, "AWAY", "Gerade nicht erreichbar.")
        before = len(self.imported)
        ids = [
            self.imported.setdefault((request.tenant_id, given.external_number), str(new_id()))
            for given in request.customers
        ]
        self.people |= zip(ids, request.customers, strict=True)
        return identity_pb.ImportCustomersResponse(customer_ids=ids, created=len(self.imported) - before)


async def _never_asked(*_call: object) -> None:
    """Stand for the RPCs that contracts never calls; a call of one fails the test."""
    raise NotImplementedError


for _rpc in identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"].methods:
    if _rpc.name not in vars(IdentityPeer):
        setattr(IdentityPeer, _rpc.name, _never_asked)


@dataclass
class Firm:
    """One firm's people as they call contracts."""

    service: Running
    tenant_id: UUID = field(default_factory=new_id)

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


@pytest.fixture
def identity() -> IdentityPeer:
    """The peer that plays identity."""
    return IdentityPeer()


@pytest.fixture
def database(service_database: ServiceDatabases) -> ServiceDatabase:
    """A migrated database of contracts."""
    return service_database("contracts")


@asynccontextmanager
async def contracts_with(
    identity: IdentityPeer, database: ServiceDatabase, nats_url: str, *, work: bool
) -> AsyncIterator[Running]:
    """Serve contracts and the peer."""
    descriptor = identity_pb.DESCRIPTOR.services_by_name["IdentityInternalService"]
    service_token_for("contracts")  # makes the key that the peer is to accept
    async with AsyncExitStack() as stack:
        peer = await stack.enter_async_context(
            serving([servicer(add_IdentityInternalServiceServicer_to_server, identity, descriptor)])
        )
        yield await stack.enter_async_context(
            running(
                "kontor_contracts",
                database_url=database.url,
                nats_url=nats_url,
                work=work,
                identity_address=peer.address,
            )
        )


@pytest.fixture
async def contracts(database: ServiceDatabase, nats: EmbeddedNats, identity: IdentityPeer) -> AsyncIterator[Running]:
    """Contracts that answers calls; nothing happens by itself."""
    async with contracts_with(identity, database, nats.url, work=False) as service:
        yield service


@pytest.fixture
async def working(
    database: ServiceDatabase, fresh_nats: EmbeddedNats, identity: IdentityPeer
) -> AsyncIterator[Running]:
    """Contracts that also relays and consumes events."""
    async with contracts_with(identity, database, fresh_nats.url, work=True) as service:
        yield service


@pytest.fixture
def firm_of() -> type[Firm]:
    """`firm_of(service)` is a firm that calls that service."""
    return Firm


@pytest.fixture
def firm(contracts: Running) -> Firm:
    """One firm."""
    return Firm(contracts)


@pytest.fixture
def other_firm(contracts: Running) -> Firm:
    """Another firm on the same platform."""
    return Firm(contracts)


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
