"""BinderService and BinderCentreService: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import binders_pb2 as pb
from kontor.vault.v1 import scan_centre_pb2
from kontor.vault.v1.binders_pb2_grpc import BinderCentreServiceServicer, BinderServiceServicer
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import cursor_int, decode_cursor, encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import binder_work, binders
from kontor_vault.binder_tables import BinderOrder, BinderPlace, BinderRegister, BinderState
from kontor_vault.binder_work import Work
from kontor_vault.binders import AWAITED, Binder, Pickup
from kontor_vault.people import People
from kontor_vault.rpc import convert
from kontor_vault.rpc.scan_centre import scan_batch

_STATE = "BINDER_STATE_"


class BinderRpc(BinderServiceServicer):
    """Serves the calls of customers and staff."""

    def __init__(self, work: UnitOfWork, people: People, default_quota_bytes: int) -> None:
        self._work = work
        self._people = people
        self._default_quota_bytes = default_quota_bytes

    async def CreateBinderOrder(self, request: pb.CreateBinderOrderRequest, context: Context) -> pb.BinderOrder:
        customer_id = parse_id(request.customer_id, "customer_id")
        caller = current_principal()
        if caller.is_staff:
            await self._people.require_customer(caller.required_tenant(), customer_id)
        async with self._work.command(request) as tx:
            binder = await binders.create_order(
                tx,
                customer_id=customer_id,
                pickup=Pickup(request.name, request.pickup_address, request.wish_on, request.note),
                default_limit=self._default_quota_bytes,
            )
            return await tx.commit(_binder(tx, binder))

    async def ListBinderOrders(
        self, request: pb.ListBinderOrdersRequest, context: Context
    ) -> pb.ListBinderOrdersResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await binders.list_orders(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                before=cursor[0] if cursor else None,
                size=size + 1,
            )
            token = encode_cursor(found[size - 1].order.binder_order_id) if len(found) > size else ""
            answer = [_binder(tx, each) for each in found[:size]]
        return pb.ListBinderOrdersResponse(binder_orders=answer, next_page_token=token)

    async def GetBinderOrder(self, request: pb.GetBinderOrderRequest, context: Context) -> pb.BinderOrder:
        async with self._work.query() as tx:
            return _binder(tx, await binders.get_order(tx, customer_id=_customer(request), order_id=_order(request)))

    async def CancelBinderOrder(self, request: pb.CancelBinderOrderRequest, context: Context) -> pb.BinderOrder:
        async with self._work.command(request) as tx:
            binder = await binders.cancel_order(tx, customer_id=_customer(request), order_id=_order(request))
            return await tx.commit(_binder(tx, binder))

    async def DecideBinderOrder(self, request: pb.DecideBinderOrderRequest, context: Context) -> pb.BinderOrder:
        async with self._work.command(request) as tx:
            binder = await binders.decide(
                tx,
                customer_id=_customer(request),
                order_id=_order(request),
                state=BinderState(pb.BinderState.Name(request.state).removeprefix(_STATE)),
                address=request.return_address,
                etag=request.etag,
            )
            return await tx.commit(_binder(tx, binder))

    async def ListBinderPlaces(
        self, request: pb.ListBinderPlacesRequest, context: Context
    ) -> pb.ListBinderPlacesResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID, cursor_int, cursor_int)
        async with self._work.query() as tx:
            found = await binders.list_places(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                order_id=convert.optional_id(request.binder_order_id, "binder_order_id"),
                document_id=convert.optional_id(request.document_id, "document_id"),
                after=(cursor[0], cursor[1], cursor[2]) if cursor else None,
                size=size + 1,
            )
            token = ""
            if len(found) > size:
                last = found[size - 1][0]
                token = encode_cursor(last.binder_order_id, last.register, last.page_sheets[0])
            answer = [_place(*each) for each in found[:size]]
        return pb.ListBinderPlacesResponse(places=answer, next_page_token=token)


class BinderCentreRpc(BinderCentreServiceServicer):
    """Serves the calls of the scan centre."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def ListBinderWork(self, request: pb.ListBinderWorkRequest, context: Context) -> pb.ListBinderWorkResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await binder_work.list_work(tx, after=cursor[0] if cursor else UUID(int=0), size=size + 1)
        token = encode_cursor(found[size - 1].binder.order.binder_order_id) if len(found) > size else ""
        return pb.ListBinderWorkResponse(binders=[_work(each) for each in found[:size]], next_page_token=token)

    async def GetBinderWork(self, request: pb.GetBinderWorkRequest, context: Context) -> pb.BinderWork:
        async with self._work.query() as tx:
            return _work(await binder_work.get_work(tx, order_id=_order(request)))

    async def PlanBinderPickup(self, request: pb.PlanBinderPickupRequest, context: Context) -> pb.BinderWork:
        async with self._work.command(request) as tx:
            done = await binder_work.plan_pickup(tx, order_id=_order(request), pickup_on=request.pickup_on)
            return await tx.commit(_work(done))

    async def ReceiveBinder(self, request: pb.ReceiveBinderRequest, context: Context) -> pb.BinderWork:
        async with self._work.command(request) as tx:
            return await tx.commit(_work(await binder_work.receive(tx, order_id=_order(request), box=request.box)))

    async def SetBinderIndex(self, request: pb.SetBinderIndexRequest, context: Context) -> pb.BinderWork:
        async with self._work.command(request) as tx:
            done = await binder_work.set_index(tx, order_id=_order(request), titles=list(request.titles))
            return await tx.commit(_work(done))

    async def CreateBinderBatch(
        self, request: pb.CreateBinderBatchRequest, context: Context
    ) -> scan_centre_pb2.ScanBatch:
        async with self._work.command(request) as tx:
            batch = await binder_work.begin_register(
                tx,
                order_id=_order(request),
                register=request.register,
                first_sheet=request.first_sheet,
                duplex=request.duplex,
            )
            return await tx.commit(scan_batch(batch))

    async def CompleteBinder(self, request: pb.CompleteBinderRequest, context: Context) -> pb.BinderWork:
        async with self._work.command(request) as tx:
            return await tx.commit(_work(await binder_work.complete(tx, order_id=_order(request))))

    async def SettleBinder(self, request: pb.SettleBinderRequest, context: Context) -> pb.BinderWork:
        async with self._work.command(request) as tx:
            return await tx.commit(_work(await binder_work.settle(tx, order_id=_order(request))))


def _customer(request: pb.GetBinderOrderRequest | pb.CancelBinderOrderRequest | pb.DecideBinderOrderRequest) -> UUID:
    return parse_id(request.customer_id, "customer_id")


def _order(
    request: pb.GetBinderOrderRequest
    | pb.CancelBinderOrderRequest
    | pb.DecideBinderOrderRequest
    | pb.GetBinderWorkRequest
    | pb.PlanBinderPickupRequest
    | pb.ReceiveBinderRequest
    | pb.SetBinderIndexRequest
    | pb.CreateBinderBatchRequest
    | pb.CompleteBinderRequest
    | pb.SettleBinderRequest,
) -> UUID:
    return parse_id(request.binder_order_id, "binder_order_id")


def _state(state: str) -> pb.BinderState.ValueType:
    return pb.BinderState.Value(_STATE + state)


def _binder(tx: Transaction, binder: Binder) -> pb.BinderOrder:
    order = binder.order
    awaited = order.state in AWAITED
    return pb.BinderOrder(
        binder_order_id=str(order.binder_order_id),
        customer_id=str(order.customer_id),
        number=order.number,
        name=order.name,
        state=_state(order.state),
        pickup_address=order.address if awaited else "",
        wish_on=str(order.wish_on or ""),
        pickup_on=str(order.pickup_on or ""),
        note=order.note,
        box=order.box,
        registers=[_register(each, with_folder=not tx.principal.is_staff) for each in binder.registers],
        steps=[
            pb.BinderStep(state=_state(step.state), name=step.account_name, time=convert.timestamp(step.time))
            for step in binder.steps
        ],
        keep_until=str(order.keep_until or ""),
        create_time=convert.timestamp(order.create_time),
        etag=etag_of(order.version),
    )


def _register(register: BinderRegister, *, with_folder: bool) -> pb.BinderRegister:
    return pb.BinderRegister(
        number=register.number,
        title=register.title,
        documents=register.documents,
        sheets=register.sheets,
        folder_id=str(register.folder_id or "") if with_folder else "",
    )


def _place(place: BinderPlace, order: BinderOrder, register: BinderRegister) -> pb.BinderPlace:
    return pb.BinderPlace(
        document_id=str(place.document_id),
        binder_order_id=str(place.binder_order_id),
        binder_name=order.name,
        register=place.register,
        register_title=register.title,
        page_sheets=place.page_sheets,
        state=_state(order.state),
        box=order.box,
    )


def _work(work: Work) -> pb.BinderWork:
    order = work.binder.order
    scanning = order.state in (BinderState.RECEIVED, BinderState.INDEXED)
    return pb.BinderWork(
        binder_order_id=str(order.binder_order_id),
        number=order.number,
        name=order.name,
        state=_state(order.state),
        address=order.address,
        wish_on=str(order.wish_on or ""),
        pickup_on=str(order.pickup_on or ""),
        note=order.note,
        box=order.box,
        registers=[_register(each, with_folder=False) for each in work.binder.registers] if scanning else [],
        unfinished=work.unfinished,
        create_time=convert.timestamp(order.create_time),
    )
