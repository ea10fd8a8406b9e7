"""What the scan centre does with binders: fetch, index, scan register by register, complete, send back or destroy.

It never reads: no function here returns content, or whose a binder is beyond the address it needs (F16, F61).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.sentences import said
from sqlalchemy import exists, func, or_, select

from kontor_vault.binder_tables import BinderOrder, BinderRegister, BinderState
from kontor_vault.binders import AWAITED, Binder, coming_day, locked, moved, today, whole
from kontor_vault.scan_batches import Counted, create_batch
from kontor_vault.scan_tables import BatchState, PieceState, ScanBatch, ScanPiece

KEPT_FOR = timedelta(days=365)
"""How long a scanned binder is kept whose owner says nothing."""
_TO_DO = (*AWAITED, BinderState.RECEIVED, BinderState.INDEXED)
_DONE = {
    BinderState.RETURN_WANTED: BinderState.RETURNED,
    BinderState.DESTRUCTION_ALLOWED: BinderState.DESTROYED,
}
"""What the scan centre makes of a customer's wish."""


@dataclass(frozen=True)
class Work:
    """A binder, and how much of its batches is not settled."""

    binder: Binder
    unfinished: int


async def list_work(tx: Transaction, *, after: UUID, size: int) -> list[Work]:
    """Return binders of all firms with which something is to be done, the oldest first."""
    open_ones = BinderOrder.state.in_([*_TO_DO, *_DONE])
    wanted = select(BinderOrder).where(open_ones, BinderOrder.binder_order_id > after)
    found = (await tx.session.scalars(wanted.order_by(BinderOrder.binder_order_id).limit(size))).all()
    left = await _unfinished(tx, [order.binder_order_id for order in found])
    return [Work(each, left.get(each.order.binder_order_id, 0)) for each in await whole(tx, found)]


async def get_work(tx: Transaction, *, order_id: UUID) -> Work:
    """Return a binder with which something is or was to be done; raises NOT_FOUND."""
    return await _work_of(tx, await locked(tx, order_id, for_update=False))


async def plan_pickup(tx: Transaction, *, order_id: UUID, pickup_on: str) -> Work:
    """Set the day on which a binder is fetched; raises NOT_FOUND, INVALID, PRECONDITION "BINDER_STATE"."""
    order = await _in_state(tx, order_id, *AWAITED)
    day = coming_day("pickup_on", pickup_on, today(tx))
    if order.pickup_on != day:
        order.pickup_on = day
        await moved(tx, order, BinderState.PICKUP_PLANNED)
    return await _work_of(tx, order)


async def receive(tx: Transaction, *, order_id: UUID, box: str) -> Work:
    """Write down that a binder came, and where it stands; twice changes its place.

    Raises NOT_FOUND, INVALID, PRECONDITION "BINDER_STATE".
    """
    order = await _in_state(tx, order_id, *AWAITED, BinderState.RECEIVED)
    order.box = " ".join(box.split())
    if not order.box:
        raise invalid("box", "Bitte nennen Sie den Platz, an dem der Ordner steht.")
    if order.state != BinderState.RECEIVED:
        order.address = order.note = ""
        await moved(tx, order, BinderState.RECEIVED)
    return await _work_of(tx, order)


async def set_index(tx: Transaction, *, order_id: UUID, titles: Sequence[str]) -> Work:
    """Write down the registers of a binder in their order; raises NOT_FOUND, INVALID, PRECONDITION "BINDER_STATE"."""
    order = await _in_state(tx, order_id, BinderState.RECEIVED, BinderState.INDEXED)
    cleaned = [" ".join(title.split()) for title in titles]
    if not all(cleaned):
        raise invalid("titles", "Bitte geben Sie jedem Register einen Namen.")
    known = {each.number: each for each in (await whole(tx, [order]))[0].registers}
    scanned = await tx.session.scalar(select(func.max(ScanBatch.register)).where(ScanBatch.binder_order_id == order_id))
    if (scanned or 0) > len(cleaned):
        text = said("Aus Register %(number)s wurde schon gescannt; es kann nicht wegfallen.", number=scanned or 0)
        raise invalid("titles", text)
    for number, title in enumerate(cleaned, 1):
        if number in known:
            known.pop(number).title = title
        else:
            tx.session.add(_register(order, number, title))
    for left_out in known.values():
        await tx.session.delete(left_out)
    await tx.session.flush()
    if order.state != BinderState.INDEXED:
        await moved(tx, order, BinderState.INDEXED)
    return await _work_of(tx, order)


async def begin_register(tx: Transaction, *, order_id: UUID, register: int, first_sheet: int, duplex: bool) -> Counted:
    """Begin a batch with sheets of a register; raises NOT_FOUND, PRECONDITION "BINDER_STATE"."""
    order = await _in_state(tx, order_id, BinderState.INDEXED)
    if await tx.session.get(BinderRegister, (order_id, register)) is None:
        raise not_found("Das Register")
    counted = await create_batch(tx, box=f"{order.number} / {register}", duplex=duplex)
    batch = counted.batch
    batch.binder_order_id, batch.register, batch.first_sheet = order_id, register, max(first_sheet, 1)
    await tx.session.flush()
    return counted


async def complete(tx: Transaction, *, order_id: UUID) -> Work:
    """Write down that everything is scanned, which billing counts; twice changes nothing.

    Raises NOT_FOUND, PRECONDITION "BINDER_STATE", "BINDER_UNFINISHED" and "BINDER_EMPTY".
    """
    order = await locked(tx, order_id)
    if order.state == BinderState.STORED:
        return await _work_of(tx, order)
    order = await _in_state(tx, order_id, BinderState.INDEXED)
    work = await _work_of(tx, order)
    if work.unfinished:
        text = "Zu diesem Ordner sind noch Stapel oder Poststücke offen. Bitte erledigen Sie sie zuerst."
        raise DomainError(ErrorKind.PRECONDITION, "BINDER_UNFINISHED", text)
    documents = sum(register.documents for register in work.binder.registers)
    if not documents:
        text = "Aus diesem Ordner wurde noch nichts gescannt."
        raise DomainError(ErrorKind.PRECONDITION, "BINDER_EMPTY", text)
    day = today(tx)
    order.keep_until = day + KEPT_FOR
    await moved(tx, order, BinderState.STORED)
    counted = events_pb2.BinderScanned(
        tenant_id=str(order.tenant_id),
        customer_id=str(order.customer_id),
        binder_order_id=str(order.binder_order_id),
        documents=documents,
        sheets=sum(register.sheets for register in work.binder.registers),
        period=f"{day:%Y-%m}",
    )
    tx.publish(counted, aggregate=order.binder_order_id, tenant_id=order.tenant_id)
    return await _work_of(tx, order)


async def settle(tx: Transaction, *, order_id: UUID) -> Work:
    """Write down that the scan centre did what the owner wants; raises NOT_FOUND, PRECONDITION "NOTHING_WANTED"."""
    order = await locked(tx, order_id)
    if order.state not in _DONE.values():
        done = _DONE.get(BinderState(order.state))
        if done is None:
            text = "Der Kunde wünscht zurzeit nichts. Bitte stellen Sie den Ordner wieder an seinen Platz."
            raise DomainError(ErrorKind.PRECONDITION, "NOTHING_WANTED", text)
        order.address = ""
        await moved(tx, order, done)
    return await _work_of(tx, order)


async def _work_of(tx: Transaction, order: BinderOrder) -> Work:
    left = await _unfinished(tx, [order.binder_order_id])
    return Work((await whole(tx, [order]))[0], left.get(order.binder_order_id, 0))


async def _unfinished(tx: Transaction, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Count what is open of each binder: batches that are not separated, and pieces that are not settled."""
    open_piece = exists().where(
        ScanPiece.batch_id == ScanBatch.batch_id, ScanPiece.state.in_([PieceState.ASSIGNED, PieceState.UNASSIGNED])
    )
    not_separated = ScanBatch.state.in_([BatchState.RECEIVING, BatchState.WAITING])
    found = await tx.session.execute(
        select(ScanBatch.binder_order_id, func.count())
        .where(ScanBatch.binder_order_id.in_(order_ids), or_(not_separated, open_piece))
        .group_by(ScanBatch.binder_order_id)
    )
    return {order_id: count for order_id, count in found if order_id is not None}


async def _in_state(tx: Transaction, order_id: UUID, *states: BinderState) -> BinderOrder:
    order = await locked(tx, order_id)
    if order.state not in states:
        text = "Der Stand dieses Ordners lässt das nicht zu. Bitte laden Sie die Seite neu."
        raise DomainError(ErrorKind.PRECONDITION, "BINDER_STATE", text)
    return order


def _register(order: BinderOrder, number: int, title: str) -> BinderRegister:
    return BinderRegister(
        binder_order_id=order.binder_order_id,
        number=number,
        tenant_id=order.tenant_id,
        customer_id=order.customer_id,
        title=title,
        folder_id=None,
        documents=0,
        sheets=0,
    )
