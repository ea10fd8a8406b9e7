"""BindingService: messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.identity.v1 import bindings_pb2 as pb
from kontor.identity.v1.bindings_pb2_grpc import BindingServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import bindings
from kontor_identity.directory import DIRECTORY, within_firm
from kontor_identity.invitation_tables import Binding
from kontor_identity.names import display_name
from kontor_identity.queries import (
    AFTER_ALL_IDS,
    AFTER_ALL_TIMES,
    BEFORE_ALL_IDS,
    BEFORE_ALL_TIMES,
    time_and_id,
)
from kontor_identity.rpc.messages import text, timestamp
from kontor_identity.sealing import Sealer
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer
from kontor_identity.throttles import count_attempt, forgive


class BindingRpc(BindingServiceServicer):
    """BindingService."""

    def __init__(self, work: UnitOfWork, sealer: Sealer) -> None:
        self._work, self._sealer = work, sealer

    async def GetBrokerId(self, request: pb.GetBrokerIdRequest, context: Context) -> pb.BrokerId:
        """See bindings.proto."""
        async with self._work.query() as tx:
            return pb.BrokerId(broker_id=(await own_tenant(tx)).broker_id)

    async def RequestBinding(self, request: pb.RequestBindingRequest, context: Context) -> pb.Binding:
        """See bindings.proto."""
        attempt = bindings.tries_of(self._sealer, current_principal().required_account())
        async with self._work.work(DIRECTORY) as tx:
            await count_attempt(tx, attempt)
            await tx.commit()
        async with self._work.work(DIRECTORY) as tx:
            firm = await bindings.firm_of(tx, request.broker_number)
            asker = await bindings.asker_of(tx, current_principal())
            await forgive(tx, attempt)
            await tx.commit()
        async with self._work.work(within_firm(firm.tenant_id, DIRECTORY)) as tx:
            deciders = await bindings.deciders_of(tx, firm.tenant_id, asker)
        async with self._work.command(request) as tx:
            return await tx.commit(_binding(await bindings.request_binding(tx, firm, asker, deciders)))

    async def ListOwnBindings(self, request: pb.ListOwnBindingsRequest, context: Context) -> pb.ListOwnBindingsResponse:
        """See bindings.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.query() as tx:
            rows = await bindings.own_bindings(tx, before, size + 1)
        token = _token(rows[size - 1]) if len(rows) > size else ""
        return pb.ListOwnBindingsResponse(bindings=[_binding(row) for row in rows[:size]], next_page_token=token)

    async def ListBindings(self, request: pb.ListBindingsRequest, context: Context) -> pb.ListBindingsResponse:
        """See bindings.proto."""
        size = page_size(request.page_size)
        after = time_and_id(request.page_token, BEFORE_ALL_TIMES, BEFORE_ALL_IDS)
        async with self._work.query() as tx:
            rows = await bindings.waiting_bindings(tx, after, size + 1)
            shown = [_binding(row, await bindings.suggestions_for(tx, row)) for row in rows[:size]]
        token = _token(rows[size - 1]) if len(rows) > size else ""
        return pb.ListBindingsResponse(bindings=shown, next_page_token=token)

    async def ConfirmBinding(self, request: pb.ConfirmBindingRequest, context: Context) -> pb.Binding:
        """See bindings.proto."""
        binding_id, customer_id = (
            parse_id(request.binding_id, "binding_id"),
            parse_id(request.customer_id, "customer_id"),
        )
        async with self._work.command(request) as tx:
            return await tx.commit(_binding(await bindings.confirm_binding(tx, binding_id, customer_id)))

    async def DeclineBinding(self, request: pb.DeclineBindingRequest, context: Context) -> pb.Binding:
        """See bindings.proto."""
        async with self._work.command(request) as tx:
            declined = await bindings.decline_binding(tx, parse_id(request.binding_id, "binding_id"))
            return await tx.commit(_binding(declined))


def _binding(row: Binding, suggestions: Sequence[Customer] = ()) -> pb.Binding:
    return pb.Binding(
        binding_id=str(row.binding_id),
        tenant_name=row.tenant_name,
        display_name=row.display_name,
        email=row.email,
        state=pb.BindingState.ValueType(row.state),
        customer_id=text(row.customer_id),
        create_time=timestamp(row.created_at),
        decide_time=timestamp(row.decided_at),
        suggestions=[_suggestion(customer) for customer in suggestions],
    )


def _suggestion(customer: Customer) -> pb.BindingSuggestion:
    name = display_name(customer.salutation, customer.title, customer.given_name, customer.family_name)
    return pb.BindingSuggestion(customer_id=str(customer.customer_id), display_name=name, number=f"K-{customer.number}")


def _token(row: Binding) -> str:
    return encode_cursor(row.created_at, row.binding_id)
