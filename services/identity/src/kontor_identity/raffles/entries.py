"""Entries of customers (F165): ENTERED ⇄ WITHDRAWN, once per customer and raffle; with an instant voucher, its code.

Entering needs identity level 2 of this very account, age 18, and the conditions in force. Works across firms (see
`directory`), because stock and raffle belong to the installation; every function checks whose customer it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kontor.identity.v1.events_pb2 import RaffleEntered, RaffleEntryWithdrawn, VoucherGiven
from kontor.identity.v1.raffles_pb2 import RaffleKind, RaffleState
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.login_strength import IDENTITY_LEVEL_REQUIRED
from kontor_chassis.principal import Principal
from sqlalchemy import exists, select

from kontor_identity.proofs.proofs import proof_in_force
from kontor_identity.raffles.drawing import ticket_of
from kontor_identity.raffles.raffles import open_one, voucher_label
from kontor_identity.raffles.tables import RaffleEntryRow, RaffleRow, VoucherRow
from kontor_identity.sealing import Sealer
from kontor_identity.tables import Customer

ADULT: Final = 18


@dataclass(frozen=True)
class Offer:
    """A raffle as one customer sees it."""

    raffle: RaffleRow | None
    entry: RaffleEntryRow | None
    in_stock: bool


async def offer_to(tx: Transaction, customer_id: UUID) -> Offer:
    """Return the raffle that is open, else the last one the customer entered, with his entry."""
    raffle = await open_one(tx)
    if raffle is None:
        latest = select(RaffleEntryRow).where(RaffleEntryRow.customer_id == customer_id)
        statement = latest.order_by(RaffleEntryRow.entered_at.desc()).limit(1)
        entry = (await tx.session.scalars(statement)).one_or_none()
        raffle = await tx.session.get(RaffleRow, entry.raffle_id) if entry else None
        return Offer(raffle, entry, in_stock=False)
    entry = await _entry_of(tx, raffle.raffle_id, customer_id)
    left = exists().where(VoucherRow.raffle_id == raffle.raffle_id, VoucherRow.raffle_entry_id.is_(None))
    return Offer(raffle, entry, in_stock=bool(await tx.session.scalar(select(left))))


async def enter(
    tx: Transaction, caller: Principal, customer_id: UUID, raffle_id: UUID, conditions_sha256: str
) -> RaffleEntryRow:
    """Enter the caller; entering twice changes nothing.

    Raises PRECONDITION "RAFFLE_NOT_OPEN", "BIRTH_DATE_MISSING", "TOO_YOUNG", FORBIDDEN "IDENTITY_LEVEL_REQUIRED",
    CONFLICT "CONDITIONS_CHANGED", EXHAUSTED "OUT_OF_VOUCHERS".
    """
    customer = await _own_customer(tx, caller, customer_id)
    raffle = await tx.session.get(RaffleRow, raffle_id, with_for_update={"read": True}, populate_existing=True)
    _require_open(tx, raffle)
    assert raffle is not None
    if raffle.conditions_sha256 != conditions_sha256:
        raise DomainError(
            ErrorKind.CONFLICT, "CONDITIONS_CHANGED", "Bitte lesen Sie die Bedingungen, die jetzt gelten."
        )
    _require_adult(tx, customer)
    if customer.account_id != caller.required_account() or await proof_in_force(tx, customer) is None:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            IDENTITY_LEVEL_REQUIRED,
            "Teilnehmen kann nur der Kontoinhaber, dessen Identität bestätigt ist.",
            metadata={"identity_level": "2"},
        )
    entry = await _entry_of(tx, raffle_id, customer_id, lock=True)
    if entry is not None and entry.withdrawn_at is None:
        return entry
    entry = entry or _new_entry(tx, customer, raffle)
    entry.entered_at, entry.withdrawn_at = tx.now, None
    tx.session.add(entry)
    await tx.session.flush()
    _announce(tx, entry)
    if raffle.kind == RaffleKind.RAFFLE_KIND_VOUCHER and not entry.has_voucher:
        await _give_voucher(tx, raffle, entry)
    return entry


async def withdraw_entry(tx: Transaction, caller: Principal, customer_id: UUID, raffle_id: UUID) -> RaffleEntryRow:
    """Take the caller's entry back; raises PRECONDITION "ALREADY_DRAWN" when it comes too late for the draw."""
    await _own_customer(tx, caller, customer_id)
    # The same lock as entering and drawing take: after it, the raffle is drawn or will see the withdrawal.
    raffle = await tx.session.get(RaffleRow, raffle_id, with_for_update={"read": True}, populate_existing=True)
    entry = await _entry_of(tx, raffle_id, customer_id, lock=True)
    if raffle is None or entry is None:
        raise not_found("Diese Teilnahme")
    if raffle.state == RaffleState.RAFFLE_STATE_DRAWN:
        raise DomainError(ErrorKind.PRECONDITION, "ALREADY_DRAWN", "Die Ziehung hat schon stattgefunden.")
    if entry.withdrawn_at is None:
        entry.withdrawn_at = tx.now
        await tx.session.flush()
        event = RaffleEntryWithdrawn(
            tenant_id=str(entry.tenant_id),
            customer_id=str(customer_id),
            raffle_id=str(raffle_id),
            raffle_entry_id=str(entry.raffle_entry_id),
        )
        tx.publish(event, aggregate=customer_id, tenant_id=entry.tenant_id)
    return entry


async def voucher_of(
    tx: Transaction, sealer: Sealer, caller: Principal, customer_id: UUID, raffle_id: UUID
) -> tuple[str, datetime]:
    """Return the code of the caller's own voucher, and when it was given; NOT_FOUND without."""
    customer = await _own_customer(tx, caller, customer_id)
    statement = (
        select(VoucherRow)
        .join(RaffleEntryRow, RaffleEntryRow.raffle_entry_id == VoucherRow.raffle_entry_id)
        .where(
            RaffleEntryRow.customer_id == customer.customer_id,
            RaffleEntryRow.account_id == caller.required_account(),
            VoucherRow.raffle_id == raffle_id,
        )
    )
    voucher = (await tx.session.scalars(statement)).one_or_none()
    if voucher is None or voucher.given_at is None:
        raise not_found("Dieser Gutschein")
    code = sealer.unseal(voucher.code_sealed, voucher_label(voucher.voucher_id)).decode()
    return code, voucher.given_at


def age_on(birth_date: date, day: date) -> int:
    """Return somebody's age in whole years on a day; born on 29 February, he is a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


async def _give_voucher(tx: Transaction, raffle: RaffleRow, entry: RaffleEntryRow) -> None:
    """Give the next voucher; two at once never take the same, since each skips what another has locked."""
    free = (
        select(VoucherRow)
        .where(VoucherRow.raffle_id == raffle.raffle_id, VoucherRow.raffle_entry_id.is_(None))
        .order_by(VoucherRow.voucher_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    voucher = (await tx.session.scalars(free)).one_or_none()
    if voucher is None:
        raise DomainError(
            ErrorKind.EXHAUSTED, "OUT_OF_VOUCHERS", "Die Gutscheine sind zurzeit vergriffen. Bitte versuchen Sie es"
            " später noch einmal.",
        )  # fmt: skip
    voucher.raffle_entry_id, voucher.given_at = entry.raffle_entry_id, tx.now
    entry.has_voucher = True
    await tx.session.flush()
    event = VoucherGiven(
        tenant_id=str(entry.tenant_id),
        customer_id=str(entry.customer_id),
        raffle_id=str(raffle.raffle_id),
        raffle_entry_id=str(entry.raffle_entry_id),
        prize=raffle.prize,
    )
    tx.publish(event, aggregate=entry.customer_id, tenant_id=entry.tenant_id)


async def _own_customer(tx: Transaction, caller: Principal, customer_id: UUID) -> Customer:
    """Return the caller as a customer, locked; NOT_FOUND for anybody else."""
    customer = await tx.session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
    if customer is None or (customer.tenant_id, customer_id) != (caller.tenant_id, caller.customer_id):
        raise not_found("Dieser Kunde")
    return customer


async def _entry_of(
    tx: Transaction, raffle_id: UUID, customer_id: UUID, *, lock: bool = False
) -> RaffleEntryRow | None:
    statement = select(RaffleEntryRow).where(
        RaffleEntryRow.raffle_id == raffle_id, RaffleEntryRow.customer_id == customer_id
    )
    return (await tx.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


def _new_entry(tx: Transaction, customer: Customer, raffle: RaffleRow) -> RaffleEntryRow:
    entry_id = new_id()
    return RaffleEntryRow(
        raffle_entry_id=entry_id,
        tenant_id=customer.tenant_id,
        customer_id=customer.customer_id,
        raffle_id=raffle.raffle_id,
        account_id=customer.account_id,
        ticket_sha256=ticket_of(raffle.raffle_id, entry_id),
        conditions_sha256=raffle.conditions_sha256,
        entered_at=tx.now,
        has_voucher=False,
    )


def _announce(tx: Transaction, entry: RaffleEntryRow) -> None:
    event = RaffleEntered(
        tenant_id=str(entry.tenant_id),
        customer_id=str(entry.customer_id),
        raffle_id=str(entry.raffle_id),
        raffle_entry_id=str(entry.raffle_entry_id),
    )
    tx.publish(event, aggregate=entry.customer_id, tenant_id=entry.tenant_id)


def _require_open(tx: Transaction, raffle: RaffleRow | None) -> None:
    if raffle is None or raffle.state == RaffleState.RAFFLE_STATE_DRAFT:
        raise not_found("Dieses Gewinnspiel")
    if raffle.state != RaffleState.RAFFLE_STATE_OPEN or raffle.last_on < date.fromisoformat(billing_day(tx.now)):
        raise DomainError(ErrorKind.PRECONDITION, "RAFFLE_NOT_OPEN", "Dieses Gewinnspiel ist zu Ende.")


def _require_adult(tx: Transaction, customer: Customer) -> None:
    if customer.birth_date is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "BIRTH_DATE_MISSING",
            "Wir kennen Ihr Geburtsdatum nicht. Bitte lassen Sie es von Ihrem Ansprechpartner eintragen.",
        )
    if age_on(customer.birth_date, date.fromisoformat(billing_day(tx.now))) < ADULT:
        raise DomainError(ErrorKind.PRECONDITION, "TOO_YOUNG", "Teilnehmen kann, wer mindestens 18 Jahre alt ist.")
