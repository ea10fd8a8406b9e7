"""Binders as their owner and his broker see them: order, cancel, look, and say what becomes of the paper (F16, F61).

Nothing is destroyed without the customer's consent, which he can give only when everything is scanned. Addresses are
kept while somebody has to drive there. The states are drawn in the README; the scan centre's part is `binder_work`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from sqlalchemy import func, select, tuple_

from kontor_vault.binder_tables import BinderOrder, BinderPlace, BinderRegister, BinderState, BinderStep
from kontor_vault.scan_codes import new_number
from kontor_vault.scan_sheets import require_scans
from kontor_vault.visibility import require_customer_scope

_WISHES = {
    BinderState.STORED: (BinderState.RETURN_WANTED, BinderState.DESTRUCTION_ALLOWED),
    BinderState.RETURN_WANTED: (BinderState.STORED,),
    BinderState.DESTRUCTION_ALLOWED: (BinderState.STORED,),
}
"""What a customer may turn a binder's state into."""
AWAITED = (BinderState.ORDERED, BinderState.PICKUP_PLANNED)
"""The binder has not come yet."""


@dataclass(frozen=True)
class Pickup:
    """What is said when a binder is ordered."""

    name: str
    address: str
    wish_on: str
    note: str


@dataclass(frozen=True)
class Binder:
    """An order with its registers and steps."""

    order: BinderOrder
    registers: Sequence[BinderRegister]
    steps: Sequence[BinderStep]


async def create_order(tx: Transaction, *, customer_id: UUID, pickup: Pickup, default_limit: int) -> Binder:
    """Order the scanning of a binder; raises INVALID, and PRECONDITION "NO_SCANS" where the tier has none (F7)."""
    require_customer_scope(tx.principal, customer_id)
    await require_scans(tx, customer_id, default_limit)
    order = BinderOrder(
        binder_order_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        number=new_number(),
        name=_required("name", pickup.name, "Bitte geben Sie dem Ordner einen Namen."),
        state=BinderState.ORDERED,
        address=_required("pickup_address", pickup.address, "Bitte nennen Sie die Anschrift, an der wir ihn abholen."),
        wish_on=coming_day("wish_on", pickup.wish_on, today(tx)) if pickup.wish_on else None,
        pickup_on=None,
        note=" ".join(pickup.note.split()),
        folder_id=None,
        keep_until=None,
        creator_account_id=tx.principal.required_account(),
        create_time=tx.now,
    )
    tx.session.add(order)
    await moved(tx, order, BinderState.ORDERED)
    return (await whole(tx, [order]))[0]


async def list_orders(tx: Transaction, *, customer_id: UUID, before: UUID | None, size: int) -> list[Binder]:
    """Return a customer's binders, the newest first, from below `before` on."""
    require_customer_scope(tx.principal, customer_id)
    mine = select(BinderOrder).where(BinderOrder.customer_id == customer_id)
    if before is not None:
        mine = mine.where(BinderOrder.binder_order_id < before)
    found = await tx.session.scalars(mine.order_by(BinderOrder.binder_order_id.desc()).limit(size))
    return await whole(tx, found.all())


async def get_order(tx: Transaction, *, customer_id: UUID, order_id: UUID) -> Binder:
    """Return a binder of a customer; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    return (await whole(tx, [await locked(tx, order_id, customer_id, for_update=False)]))[0]


async def cancel_order(tx: Transaction, *, customer_id: UUID, order_id: UUID) -> Binder:
    """Cancel an order; twice changes nothing. Raises NOT_FOUND, PRECONDITION "BINDER_UNDER_WAY"."""
    require_customer_scope(tx.principal, customer_id)
    order = await locked(tx, order_id, customer_id)
    if order.state != BinderState.CANCELLED:
        if order.state not in AWAITED:
            raise DomainError(
                ErrorKind.PRECONDITION,
                "BINDER_UNDER_WAY",
                "Der Ordner ist schon im Scan-Zentrum; die Bestellung lässt sich nicht mehr stornieren.",
            )
        order.address = order.note = ""
        await moved(tx, order, BinderState.CANCELLED)
    return (await whole(tx, [order]))[0]


async def decide(
    tx: Transaction, *, customer_id: UUID, order_id: UUID, state: BinderState, address: str, etag: str
) -> Binder:
    """Let the customer want his binder back (at `address`), allow its destruction, or take either back.

    Raises NOT_FOUND, CONFLICT (etag), INVALID (address), PRECONDITION "BINDER_GONE".
    """
    require_customer_scope(tx.principal, customer_id)
    order = await locked(tx, order_id, customer_id)
    check_etag(etag, order.version)
    if order.state != state:
        if state not in _WISHES.get(BinderState(order.state), ()):
            raise DomainError(
                ErrorKind.PRECONDITION,
                "BINDER_GONE",
                "Der Ordner ist noch nicht gescannt oder nicht mehr da, oder anderes ist schon gewünscht.",
            )
        order.address = ""
        if state == BinderState.RETURN_WANTED:
            said = "Bitte nennen Sie die Anschrift, an die der Ordner gehen soll."
            order.address = _required("return_address", address, said)
        await moved(tx, order, state)
    return (await whole(tx, [order]))[0]


async def list_places(
    tx: Transaction,
    *,
    customer_id: UUID,
    order_id: UUID | None,
    document_id: UUID | None,
    after: tuple[UUID, int, int] | None,
    size: int,
) -> list[tuple[BinderPlace, BinderOrder, BinderRegister]]:
    """Return from which sheets documents came, in the order of the binders; `after` is a binder, register and sheet."""
    require_customer_scope(tx.principal, customer_id)
    first = BinderPlace.page_sheets[1]
    found = (
        select(BinderPlace, BinderOrder, BinderRegister)
        .join(BinderOrder, BinderOrder.binder_order_id == BinderPlace.binder_order_id)
        .join(
            BinderRegister,
            (BinderRegister.binder_order_id == BinderPlace.binder_order_id)
            & (BinderRegister.number == BinderPlace.register),
        )
        .where(BinderPlace.customer_id == customer_id)
    )
    if order_id is not None:
        found = found.where(BinderPlace.binder_order_id == order_id)
    if document_id is not None:
        found = found.where(BinderPlace.document_id == document_id)
    position = tuple_(BinderPlace.binder_order_id, BinderPlace.register, first)
    if after is not None:
        found = found.where(position > tuple_(*after))
    ordered = found.order_by(BinderPlace.binder_order_id, BinderPlace.register, first, BinderPlace.document_id)
    return [(place, order, register) for place, order, register in await tx.session.execute(ordered.limit(size))]


async def whole(tx: Transaction, orders: Sequence[BinderOrder]) -> list[Binder]:
    """Return orders with their registers and steps."""
    ids = [order.binder_order_id for order in orders]
    registers = await tx.session.scalars(
        select(BinderRegister).where(BinderRegister.binder_order_id.in_(ids)).order_by(BinderRegister.number)
    )
    steps = await tx.session.scalars(
        select(BinderStep).where(BinderStep.binder_order_id.in_(ids)).order_by(BinderStep.number)
    )
    behind, taken = registers.all(), steps.all()
    return [
        Binder(
            order,
            [each for each in behind if each.binder_order_id == order.binder_order_id],
            [each for each in taken if each.binder_order_id == order.binder_order_id],
        )
        for order in orders
    ]


async def moved(tx: Transaction, order: BinderOrder, state: BinderState) -> None:
    """Bring a binder into a state, write down who did, and tell of it."""
    order.state = state
    await tx.session.flush()
    last = select(func.coalesce(func.max(BinderStep.number), 0)).where(
        BinderStep.binder_order_id == order.binder_order_id
    )
    tx.session.add(
        BinderStep(
            binder_order_id=order.binder_order_id,
            number=int(await tx.session.scalar(last) or 0) + 1,
            tenant_id=order.tenant_id,
            customer_id=order.customer_id,
            state=state,
            account_id=tx.principal.account_id,
            account_name=tx.principal.display_name,
            time=tx.now,
        )
    )
    await tx.session.flush()
    changed = events_pb2.BinderChanged(
        tenant_id=str(order.tenant_id),
        customer_id=str(order.customer_id),
        binder_order_id=str(order.binder_order_id),
        state=state.value,
        pickup_on=str(order.pickup_on) if state == BinderState.PICKUP_PLANNED else "",
    )
    tx.publish(changed, aggregate=order.binder_order_id, tenant_id=order.tenant_id)


async def locked(
    tx: Transaction, order_id: UUID, customer_id: UUID | None = None, *, for_update: bool = True
) -> BinderOrder:
    """Return an order, of this customer where one is named; raises NOT_FOUND."""
    wanted = select(BinderOrder).where(BinderOrder.binder_order_id == order_id)
    if customer_id is not None:
        wanted = wanted.where(BinderOrder.customer_id == customer_id)
    found = await tx.session.scalar(wanted.with_for_update() if for_update else wanted)
    if found is None:
        raise not_found("Der Ordner")
    return found


def today(tx: Transaction) -> date:
    """Return the German day."""
    return date.fromisoformat(billing_day(tx.now))


def coming_day(field: str, text: str, first: date) -> date:
    """Return a day that is not over; raises INVALID."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid(field, "Diesen Tag gibt es nicht.") from None
    if day < first:
        raise invalid(field, "Dieser Tag ist schon vorbei.")
    return day


def _required(field: str, text: str, otherwise: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not lines:
        raise invalid(field, otherwise)
    return "\n".join(lines)
