"""Raffles as the operator runs them: DRAFT → OPEN → CLOSED → DRAWN, or ENDED. One is open at a time.

    DRAFT ──open──▶ OPEN ──last day over──▶ CLOSED ──draw──▶ DRAWN
      └──────end──────┴──────────end───────────┴──▶ ENDED

Works across firms (see `directory`): a raffle belongs to the installation, its entries to the customers' firms.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from kontor.identity.v1.events_pb2 import RafflePrizeDrawn
from kontor.identity.v1.raffles_pb2 import RaffleKind, RaffleState
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from kontor_identity.proofs.tables import IdentityProofRow
from kontor_identity.raffles.drawing import canonical_value, commitment_to, draw, list_hash
from kontor_identity.raffles.tables import RaffleEntryRow, RaffleRow, VoucherRow
from kontor_identity.sealing import Sealer

_SEED_BYTES = 32
_MAY_END = (RaffleState.RAFFLE_STATE_DRAFT, RaffleState.RAFFLE_STATE_OPEN, RaffleState.RAFFLE_STATE_CLOSED)


@dataclass(frozen=True)
class NewRaffle:
    """A raffle as the operator describes it."""

    kind: int
    prize: str
    prizes: int
    organiser: str
    conditions: str
    last_date: str
    public_source: str


@dataclass(frozen=True)
class Numbers:
    """How many take part in a raffle, and what its stock holds."""

    entries: int
    vouchers_left: int
    vouchers_given: int


async def create_raffle(tx: Transaction, sealer: Sealer, creator: UUID, wanted: NewRaffle) -> RaffleRow:
    """Prepare a raffle with a seed of its own; raises INVALID for a last day gone by or a draw without a source."""
    is_draw = wanted.kind == RaffleKind.RAFFLE_KIND_DRAW
    if is_draw and not wanted.public_source.strip():
        raise invalid("public_source", "Bitte nennen Sie die öffentliche Zahl, die bei der Ziehung mitentscheidet.")
    raffle_id, seed, conditions = new_id(), secrets.token_bytes(_SEED_BYTES), wanted.conditions.strip()
    raffle = RaffleRow(
        raffle_id=raffle_id,
        kind=wanted.kind,
        state=int(RaffleState.RAFFLE_STATE_DRAFT),
        prize=wanted.prize.strip(),
        prizes=max(1, wanted.prizes) if is_draw else 0,
        organiser=wanted.organiser.strip(),
        conditions=conditions,
        conditions_sha256=hashlib.sha256(conditions.encode()).hexdigest(),
        last_on=_last_day(tx, wanted.last_date),
        public_source=wanted.public_source.strip() if is_draw else "",
        seed_sealed=sealer.seal(seed, _seed_label(raffle_id)),
        seed_commitment=commitment_to(seed),
        created_at=tx.now,
        created_by=creator,
    )
    tx.session.add(raffle)
    await tx.session.flush()
    return raffle


async def raffle_of(tx: Transaction, raffle_id: UUID, *, lock: bool = False) -> RaffleRow:
    """Return a raffle; NOT_FOUND without."""
    raffle = await tx.session.get(RaffleRow, raffle_id, with_for_update=lock, populate_existing=lock)
    if raffle is None:
        raise not_found("Dieses Gewinnspiel")
    return raffle


async def raffles_before(tx: Transaction, before: tuple[datetime, UUID], limit: int) -> Sequence[RaffleRow]:
    """Return a page of raffles, newest first."""
    key = tuple_(RaffleRow.created_at, RaffleRow.raffle_id)
    newest = select(RaffleRow).where(key < tuple_(*before))
    ordered = newest.order_by(RaffleRow.created_at.desc(), RaffleRow.raffle_id.desc()).limit(limit)
    return (await tx.session.scalars(ordered)).all()


async def numbers_of(tx: Transaction, raffle_id: UUID) -> Numbers:
    """Return how many take part, and how many vouchers are left and given."""
    entries = select(func.count()).where(RaffleEntryRow.raffle_id == raffle_id, RaffleEntryRow.withdrawn_at.is_(None))
    stock = select(func.count(), func.count(VoucherRow.raffle_entry_id)).where(VoucherRow.raffle_id == raffle_id)
    all_vouchers, given = (await tx.session.execute(stock)).one()
    return Numbers(int(await tx.session.scalar(entries) or 0), all_vouchers - given, given)


async def add_vouchers(tx: Transaction, sealer: Sealer, raffle_id: UUID, codes: Sequence[str]) -> int:
    """Put codes into the stock; returns how many were new. Raises PRECONDITION "NOT_FOR_VOUCHERS"."""
    raffle = await raffle_of(tx, raffle_id, lock=True)
    if raffle.kind != RaffleKind.RAFFLE_KIND_VOUCHER or raffle.state not in _MAY_END:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_FOR_VOUCHERS", "Zu diesem Gewinnspiel gehören keine Gutscheine mehr."
        )
    rows = []
    for code in dict.fromkeys(filter(None, (code.strip() for code in codes))):
        voucher_id = new_id()
        rows.append(
            {
                "voucher_id": voucher_id,
                "raffle_id": raffle_id,
                "code_blinded": sealer.blind("voucher", code),
                "code_sealed": sealer.seal(code.encode(), voucher_label(voucher_id)),
                "added_at": tx.now,
            }
        )
    if not rows:
        return 0
    new = insert(VoucherRow).values(rows).on_conflict_do_nothing().returning(VoucherRow.voucher_id)
    return len((await tx.session.execute(new)).all())


async def open_raffle(tx: Transaction, raffle_id: UUID) -> RaffleRow:
    """Offer a raffle to customers. Raises PRECONDITION "RAFFLE_NOT_DRAFT", "ANOTHER_IS_OPEN" and "NO_VOUCHERS"."""
    raffle = await raffle_of(tx, raffle_id, lock=True)
    if raffle.state != RaffleState.RAFFLE_STATE_DRAFT:
        raise DomainError(ErrorKind.PRECONDITION, "RAFFLE_NOT_DRAFT", "Dieses Gewinnspiel ist schon eröffnet worden.")
    if await open_one(tx) is not None:
        raise DomainError(
            ErrorKind.PRECONDITION, "ANOTHER_IS_OPEN", "Es läuft schon ein Gewinnspiel. Beenden Sie es zuerst."
        )
    if raffle.last_on < _today(tx):
        raise DomainError(ErrorKind.PRECONDITION, "RAFFLE_OVER", "Der letzte Tag ist vorbei. Legen Sie ein neues an.")
    if raffle.kind == RaffleKind.RAFFLE_KIND_VOUCHER and not (await numbers_of(tx, raffle_id)).vouchers_left:
        raise DomainError(ErrorKind.PRECONDITION, "NO_VOUCHERS", "Bitte hinterlegen Sie zuerst Gutscheine.")
    raffle.state, raffle.opened_at = int(RaffleState.RAFFLE_STATE_OPEN), tx.now
    await tx.session.flush()
    return raffle


async def open_one(tx: Transaction) -> RaffleRow | None:
    """Return the raffle that is offered today."""
    statement = select(RaffleRow).where(RaffleRow.state == int(RaffleState.RAFFLE_STATE_OPEN))
    return (await tx.session.scalars(statement)).one_or_none()


async def end_raffle(tx: Transaction, raffle_id: UUID) -> RaffleRow:
    """End a raffle without a draw; raises PRECONDITION "RAFFLE_OVER"."""
    raffle = await raffle_of(tx, raffle_id, lock=True)
    if raffle.state not in _MAY_END:
        raise DomainError(ErrorKind.PRECONDITION, "RAFFLE_OVER", "Dieses Gewinnspiel ist schon zu Ende.")
    raffle.state = int(RaffleState.RAFFLE_STATE_ENDED)
    await tx.session.flush()
    return raffle


async def close_due(tx: Transaction) -> None:
    """Close the open raffle when its last day is over, and freeze the list of a draw.

    Who has withdrawn, or is no longer at identity level 2, is not on it.
    """
    due = select(RaffleRow.raffle_id).where(
        RaffleRow.state == int(RaffleState.RAFFLE_STATE_OPEN), RaffleRow.last_on < _today(tx)
    )
    for raffle_id in (await tx.session.scalars(due)).all():
        raffle = await raffle_of(tx, raffle_id, lock=True)
        raffle.state, raffle.closed_at = int(RaffleState.RAFFLE_STATE_CLOSED), tx.now
        if raffle.kind == RaffleKind.RAFFLE_KIND_DRAW:
            await _freeze(tx, raffle)
        await tx.session.flush()


async def draw_raffle(tx: Transaction, sealer: Sealer, drawer: UUID, raffle_id: UUID, public_value: str) -> RaffleRow:
    """Draw the prizes of a closed raffle. Raises PRECONDITION "NOT_TO_BE_DRAWN" and "NO_TICKETS"."""
    raffle = await raffle_of(tx, raffle_id, lock=True)
    if raffle.kind != RaffleKind.RAFFLE_KIND_DRAW or raffle.state != RaffleState.RAFFLE_STATE_CLOSED:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_TO_BE_DRAWN", "Gezogen wird einmal, nach dem letzten Tag der Teilnahme."
        )
    if not canonical_value(public_value):
        raise invalid("public_value", "Bitte tragen Sie die öffentliche Zahl ein.")
    listed = await _listed(tx, raffle_id)
    if not listed:
        raise DomainError(ErrorKind.PRECONDITION, "NO_TICKETS", "Niemand nimmt teil; es gibt nichts zu ziehen.")
    withdrawn = frozenset(ticket for ticket, entry in listed.items() if entry.withdrawn_at is not None)
    seed, value = seed_of(sealer, raffle), canonical_value(public_value)
    for place, pick in enumerate(draw(seed, value, list(listed), withdrawn, raffle.prizes), start=1):
        entry = listed[pick.ticket]
        entry.pick, entry.passed_over = place, pick.passed_over
        if not pick.passed_over:
            _tell_winner(tx, raffle, entry)
    raffle.public_value, raffle.drawn_at, raffle.drawn_by = value, tx.now, drawer
    raffle.state = int(RaffleState.RAFFLE_STATE_DRAWN)
    await tx.session.flush()
    return raffle


def seed_of(sealer: Sealer, raffle: RaffleRow) -> bytes:
    """Return the seed of a raffle; it is published with the draw and never before."""
    return sealer.unseal(raffle.seed_sealed, _seed_label(raffle.raffle_id))


def voucher_label(voucher_id: UUID) -> str:
    """Return what a voucher's code is sealed for."""
    return f"voucher {voucher_id}"


async def _freeze(tx: Transaction, raffle: RaffleRow) -> None:
    is_proven = exists().where(
        IdentityProofRow.customer_id == RaffleEntryRow.customer_id,
        IdentityProofRow.account_id == RaffleEntryRow.account_id,
        IdentityProofRow.ended_at.is_(None),
    )
    on_the_list = update(RaffleEntryRow).where(
        RaffleEntryRow.raffle_id == raffle.raffle_id, RaffleEntryRow.withdrawn_at.is_(None), is_proven
    )
    listed = on_the_list.values(is_listed=True).returning(RaffleEntryRow.ticket_sha256)
    tickets = [str(ticket) for (ticket,) in (await tx.session.execute(listed)).all()]
    raffle.tickets, raffle.list_sha256 = len(tickets), list_hash(tickets)


async def _listed(tx: Transaction, raffle_id: UUID) -> dict[str, RaffleEntryRow]:
    statement = select(RaffleEntryRow).where(RaffleEntryRow.raffle_id == raffle_id, RaffleEntryRow.is_listed)
    return {row.ticket_sha256: row for row in await tx.session.scalars(statement.with_for_update())}


def _tell_winner(tx: Transaction, raffle: RaffleRow, entry: RaffleEntryRow) -> None:
    event = RafflePrizeDrawn(
        tenant_id=str(entry.tenant_id),
        customer_id=str(entry.customer_id),
        raffle_id=str(raffle.raffle_id),
        raffle_entry_id=str(entry.raffle_entry_id),
        prize=raffle.prize,
    )
    tx.publish(event, aggregate=entry.customer_id, tenant_id=entry.tenant_id)


def _seed_label(raffle_id: UUID) -> str:
    return f"raffle seed {raffle_id}"


def _today(tx: Transaction) -> date:
    return date.fromisoformat(billing_day(tx.now))


def _last_day(tx: Transaction, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid("last_date", "Dieses Datum gibt es nicht.") from None
    if day < _today(tx):
        raise invalid("last_date", "Dieser Tag ist schon vorbei.")
    return day
