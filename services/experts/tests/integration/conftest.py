"""The expert network and identity served in the test's process on real PostgreSQL and NATS, with people who call."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from kontor.common.v1.access_pb2 import Right, Role
from kontor.common.v1.money_pb2 import Money
from kontor.experts.v1 import catalogue_pb2 as catalogue
from kontor.experts.v1 import events_pb2
from kontor.experts.v1 import orders_pb2 as pb
from kontor.experts.v1.experts_pb2_grpc import ExpertsServiceStub
from kontor.identity.v1.tenants_pb2 import Address, TenantKind
from kontor_chassis.clock import FixedClock
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import domain_error_of
from kontor_chassis.testing.plugin import ServiceDatabase, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import token_for
from kontor_tools.embedded.nats import EmbeddedNats

from tests.with_identity import new_customer, new_firm, serving_identity

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.experts.v1.experts_pb2_grpc import ExpertsServiceAsyncStub

FORM = {
    "type": "object",
    "required": ["trade"],
    "properties": {
        "trade": {"type": "string", "title": "Gewerk"},
        "employees": {"type": "integer", "title": "Mitarbeiter"},
    },
}
CONSENT = "Ich, {kunde}, willige ein, dass {makler} meine Daten ({daten}) für „{dienstleistung}“ an {experte} gibt."


@dataclass
class World:
    """A client's firm, an expert's firm, the network, and one customer."""

    service: Running
    clock: FixedClock
    database: ServiceDatabase
    client_tenant: UUID
    expert_tenant: UUID
    customer_id: UUID
    identity: Running
    accounts: dict[str, UUID] = field(default_factory=dict)

    def staff(
        self,
        tenant_id: UUID | None = None,
        rights: Sequence[Right.ValueType] = (Right.RIGHT_ORDER,),
        *,
        also: Sequence[Role.ValueType] = (),
    ) -> ExpertsServiceAsyncStub:
        """Return the RPCs as an employee of the client calls them, who may have further roles."""
        return self._as([Role.ROLE_STAFF, *also], tenant_id or self.client_tenant, rights=rights, name="Petra Hansen")

    def expert(self, tenant_id: UUID | None = None) -> ExpertsServiceAsyncStub:
        """Return the RPCs as the expert calls them."""
        return self._as([Role.ROLE_EXPERT], tenant_id or self.expert_tenant, name="Clara Wolff")

    def network(self) -> ExpertsServiceAsyncStub:
        """Return the RPCs as the network organisation calls them."""
        return self._as([Role.ROLE_NETWORK], new_id(), name="Netzwerk")

    def customer(self, customer_id: UUID | None = None, tenant_id: UUID | None = None) -> ExpertsServiceAsyncStub:
        """Return the RPCs as the customer calls them."""
        return self._as(
            [Role.ROLE_CUSTOMER],
            tenant_id or self.client_tenant,
            customer_id=customer_id or self.customer_id,
            name="Julia Brandt",
        )

    async def a_listing(self, **changes: Any) -> catalogue.ExpertService:
        """Create a draft listing."""
        values: dict[str, Any] = {
            "title": "Gewerbe-Risikoanalyse",
            "description": "Wir prüfen den Betrieb vor Ort.",
            "category": catalogue.CATEGORY_COMMERCIAL,
            "compensation_kind": catalogue.COMPENSATION_KIND_COST,
            "compensation": Money(minor_units=250_00, currency="EUR"),
            "transaction_fee": Money(minor_units=25_00, currency="EUR"),
            "form_schema": json.dumps(FORM),
            "consent_template": CONSENT,
            "customer_fields": [catalogue.CUSTOMER_FIELD_NAME, catalogue.CUSTOMER_FIELD_ADDRESS],
        }
        listing = catalogue.ExpertService(**{**values, **changes})
        return await self.expert().CreateService(catalogue.CreateServiceRequest(service=listing))

    async def a_published_listing(self, **changes: Any) -> catalogue.ExpertService:
        """Create a listing and have it published."""
        listing = await self.a_listing(**changes)
        await self.expert().SubmitService(catalogue.SubmitServiceRequest(service_id=listing.service_id))
        return await self.network().PublishService(catalogue.PublishServiceRequest(service_id=listing.service_id))

    async def an_order(self, service_id: str, **answers: Any) -> pb.Order:
        """Save a draft."""
        order = pb.Order(service_id=service_id, customer_id=str(self.customer_id), answers=struct(answers))
        return await self.staff().CreateOrder(pb.CreateOrderRequest(order=order))

    async def a_consented_order(self) -> pb.Order:
        """Save an order, ask the customer and let him agree."""
        listing = await self.a_published_listing()
        order = await self.an_order(listing.service_id, trade="Dachdecker", employees=12)
        await self.staff().RequestConsent(pb.RequestConsentRequest(order_id=order.order_id))
        await self.agree(order.order_id)
        return await self.staff().GetOrder(pb.GetOrderRequest(order_id=order.order_id))

    async def agree(self, order_id: str) -> pb.ConsentRequest:
        """Let the customer agree to what he is shown."""
        asked = await self.customer().GetConsentRequest(
            pb.GetConsentRequestRequest(customer_id=str(self.customer_id), order_id=order_id)
        )
        return await self.customer().GiveConsent(
            pb.GiveConsentRequest(customer_id=str(self.customer_id), order_id=order_id, etag=asked.etag)
        )

    async def a_placed_order(self) -> pb.Order:
        """Bring an order to the expert."""
        order = await self.a_consented_order()
        return await self.staff().PlaceOrder(pb.PlaceOrderRequest(order_id=order.order_id))

    async def edit(self, order_id: str, **answers: Any) -> pb.Order:
        """Save other answers."""
        edited = pb.Order(order_id=order_id, answers=struct(answers))
        request = pb.UpdateOrderRequest(order=edited, update_mask=FieldMask(paths=["answers"]))
        return await self.staff().UpdateOrder(request)

    async def set_status(self, order_id: str, state: pb.OrderState.ValueType, reason: str = "") -> pb.Order:
        """Set the state as the expert."""
        request = pb.SetOrderStatusRequest(order_id=order_id, state=state, reason=reason)
        return await self.expert().SetOrderStatus(request)

    async def an_adviser(self) -> tuple[UUID, str]:
        """Open the firm of a Versicherungsberater with a customer; returns both ids."""
        firm = await new_firm(self.identity, "Honorarberatung Nord", kind=TenantKind.TENANT_KIND_ADVISER)
        return firm.tenant_id, str(await new_customer(self.identity, firm.tenant_id))

    async def published_events(self) -> list[Message]:
        """Return all events of orders in the outbox, in order of position."""
        owner = await asyncpg.connect(self.database.owner_url)
        try:
            rows = await owner.fetch("SELECT type, payload FROM outbox ORDER BY position")
        finally:
            await owner.close()
        return [getattr(events_pb2, row["type"].split(".")[-1]).FromString(row["payload"]) for row in rows]

    def _as(self, roles: list[Role.ValueType], tenant_id: UUID, **token: Any) -> ExpertsServiceAsyncStub:
        account_id = self.accounts.setdefault(f"{roles}{tenant_id}{token.get('customer_id')}", new_id())
        signed = token_for(roles=roles, tenant_id=tenant_id, account_id=account_id, **token)
        return self.service.stub(ExpertsServiceStub, signed)


def struct(values: dict[str, Any]) -> Struct:
    """Return answers as they are sent."""
    made = Struct()
    made.update(values)
    return made


async def julia_brandt(identity: Running, tenant_id: UUID) -> UUID:
    """Create the customer whose data tests look for."""
    return await new_customer(
        identity,
        tenant_id,
        email="julia.brandt@mail.example",
        phone="040 987654",
        birth_date="1984-05-17",
        address=Address(street="Elbchaussee 1", postal_code="22765", city="Hamburg"),
    )


@pytest.fixture
async def world(service_database: ServiceDatabases, nats: EmbeddedNats, tmp_path: Path) -> AsyncIterator[World]:
    """The expert network and identity answering calls."""
    database, clock = service_database("experts"), FixedClock(datetime(2026, 7, 22, 10, tzinfo=UTC))
    shared: dict[str, Any] = {"nats_url": nats.url, "clock": clock}
    async with (
        serving_identity(service_database, nats.url, tmp_path, clock=clock) as identity,
        running("kontor_experts", database_url=database.url, identity_address=identity.address, **shared) as service,
    ):
        client = await new_firm(identity)
        expert = await new_firm(identity, "Dr. Wolff Gewerbeschutz", kind=TenantKind.TENANT_KIND_EXPERT)
        yield World(
            service,
            clock,
            database,
            client.tenant_id,
            expert.tenant_id,
            await julia_brandt(identity, client.tenant_id),
            identity,
        )


class Refused:
    """What a refused call said."""

    reason = ""
    code = grpc.StatusCode.OK


class refusal:  # noqa: N801 - reads like pytest.raises
    """`async with refusal() as refused:` expects the call inside to be refused and tells how."""

    def __init__(self) -> None:
        self._refused = Refused()

    async def __aenter__(self) -> Refused:
        return self._refused

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        assert isinstance(error, grpc.aio.AioRpcError), f"was not refused: {error}"
        domain = domain_error_of(error)
        self._refused.code = error.code()
        self._refused.reason = domain.reason if domain else ""
        return True


@pytest.fixture
def refused() -> type[refusal]:
    """`async with refused() as error:` expects a refusal; afterwards `error.reason` and `error.code` tell which."""
    return refusal
