"""Contracts of customers: entered, changed, confirmed, released and withdrawn.

Rules: a customer sees exactly what was released to him (F176); what he enters himself has the status START until his
broker confirms it, unless his firm lets it count at once or wants none (decision 1), and he always sees it (F177);
what he may change of it afterwards
`own_entries` says; otherwise only staff change contracts (F66). The states are drawn in
the README. Boundary: `imports` brings contracts from portfolio files, `queries` lists them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.contracts.v1.events_pb2 import ContractConfirmed, ContractEntered, ContractReleased, ContractWithdrawn
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.sentences import said
from sqlalchemy import select

from kontor_contracts.firms import EntryMode
from kontor_contracts.lines import ensure_default_lines, require_line
from kontor_contracts.tables import Contract, Interval, Origin, Status

WHAT = "Der Vertrag"


@dataclass(frozen=True)
class ContractValues:
    """What a person states about a contract. Amounts are minor units of `currency`."""

    line_of_business_id: UUID
    number: str
    insurer_name: str
    insurer_number: str = ""
    status: Status | None = None
    premium: int | None = None
    currency: str = "EUR"
    interval: Interval = Interval.UNSPECIFIED
    begin: date | None = None
    expiry: date | None = None
    description: str = ""


async def create_contract(
    tx: Transaction, *, customer_id: UUID, values: ContractValues, mode: EntryMode = EntryMode.REQUEST
) -> Contract:
    """Create a contract for a customer; what becomes of his own entry the firm's `mode` says (decision 1).

    Raises NOT_FOUND for a customer who asks for another one's folder, FORBIDDEN "EDIT_OFF" where customers enter none.
    """
    require_own(tx.principal, customer_id)
    by_customer = tx.principal.is_customer
    if by_customer and mode is EntryMode.OFF:
        raise edit_off()
    if not by_customer and values.status is Status.START:
        raise invalid("contract.status", "„Start“ haben nur Verträge, die der Kunde selbst angelegt hat.")
    await ensure_default_lines(tx)
    contract = Contract(
        contract_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        import_key=None,
        status=_status_of_new(mode) if by_customer else values.status or Status.ACTIVE,
        released=by_customer,
        origin=Origin.CUSTOMER if by_customer else Origin.BROKER,
        create_time=tx.now,
        update_time=tx.now,
    )
    await _set_values(tx, contract, values, _ALL_FIELDS - {"status"})
    tx.session.add(contract)
    await tx.session.flush()
    if by_customer:
        tx.publish(ContractEntered(**_ids(contract)), aggregate=contract.contract_id)
    return contract


async def update_contract(
    tx: Transaction,
    *,
    customer_id: UUID,
    contract_id: UUID,
    values: ContractValues,
    fields: Collection[str],
    etag: str,
) -> Contract:
    """Change the named fields; raises INVALID for unknown ones, CONFLICT when `etag` is not the present one's."""
    unknown = sorted(set(fields) - _ALL_FIELDS)
    if unknown or not fields:
        raise invalid(
            "update_mask",
            said("Diese Felder können nicht geändert werden: %(fields)s.", fields=", ".join(unknown) or "keine"),
        )
    contract = await find_for_update(tx, customer_id, contract_id)
    check_etag(etag, contract.version)
    if "status" in fields:
        _check_change(Status(contract.status), values.status)
    await _set_values(tx, contract, values, fields)
    contract.update_time = tx.now
    await tx.session.flush()
    return contract


async def delete_contract(tx: Transaction, *, customer_id: UUID, contract_id: UUID, etag: str) -> None:
    """Delete a contract for good; one that was visible is withdrawn by it."""
    contract = await find_for_update(tx, customer_id, contract_id)
    check_etag(etag, contract.version)
    if contract.released:
        tx.publish(ContractWithdrawn(**_ids(contract)), aggregate=contract.contract_id)
    await tx.session.delete(contract)
    await tx.session.flush()


async def confirm_contract(tx: Transaction, *, customer_id: UUID, contract_id: UUID) -> Contract:
    """Confirm what the customer entered (F177); raises PRECONDITION for anything else."""
    contract = await find_for_update(tx, customer_id, contract_id)
    if contract.status != Status.START:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_TO_CONFIRM", "Bestätigen lassen sich nur Verträge mit dem Status „Start“."
        )
    contract.status = Status.ACTIVE
    contract.update_time = tx.now
    await tx.session.flush()
    tx.publish(ContractConfirmed(**_ids(contract)), aggregate=contract.contract_id)
    return contract


async def release_contract(tx: Transaction, *, customer_id: UUID, contract_id: UUID) -> Contract:
    """Make a contract visible to its customer (F176); twice changes nothing."""
    contract = await find_for_update(tx, customer_id, contract_id)
    await _release(tx, [contract])
    return contract


async def release_contracts(tx: Transaction, *, contract_ids: Sequence[UUID]) -> int:
    """Release many at once, all or none; return how many became visible. Raises NOT_FOUND if one is missing."""
    statement = select(Contract).where(Contract.contract_id.in_(contract_ids)).order_by(Contract.contract_id)
    found = (await tx.session.scalars(statement.with_for_update())).all()
    if len(found) != len(set(contract_ids)):
        raise not_found(WHAT)
    return await _release(tx, found)


async def release_with_invitation(tx: Transaction, customer_id: UUID) -> int:
    """Release all of a customer's contracts when his firm invites him so (F171); return how many became visible."""
    statement = select(Contract).where(Contract.customer_id == customer_id, Contract.released.is_(False))
    found = await tx.session.scalars(statement.order_by(Contract.contract_id).with_for_update())
    return await _release(tx, found.all())


async def withdraw_contract(tx: Transaction, *, customer_id: UUID, contract_id: UUID) -> Contract:
    """Hide a contract from its customer; raises PRECONDITION for one that he entered himself."""
    contract = await find_for_update(tx, customer_id, contract_id)
    if contract.origin == Origin.CUSTOMER:
        raise DomainError(
            ErrorKind.PRECONDITION, "CUSTOMERS_OWN", "Was der Kunde selbst angelegt hat, bleibt für ihn sichtbar."
        )
    if contract.released:
        contract.released = False
        contract.update_time = tx.now
        await tx.session.flush()
        tx.publish(ContractWithdrawn(**_ids(contract)), aggregate=contract.contract_id)
    return contract


def edit_off() -> DomainError:
    """Return the refusal where customers enter and change nothing (decision 1)."""
    return DomainError(
        ErrorKind.FORBIDDEN, "EDIT_OFF", "Verträge trägt Ihr Makler für Sie ein. Bitte schreiben Sie ihm."
    )


def require_own(principal: Principal, customer_id: UUID) -> None:
    """Raise NOT_FOUND when a customer names somebody else; staff are held to their firm by row-level security."""
    if principal.is_customer and principal.customer_id != customer_id:
        raise not_found("Der Kunde")


async def find_for_update(tx: Transaction, customer_id: UUID, contract_id: UUID) -> Contract:
    """Return a contract in sight, locked; raises NOT_FOUND."""
    statement = select(Contract).where(Contract.contract_id == contract_id, Contract.customer_id == customer_id)
    contract = (await tx.session.scalars(statement.with_for_update())).one_or_none()
    if contract is None:
        raise not_found(WHAT)
    return contract


async def _release(tx: Transaction, contracts: Sequence[Contract]) -> int:
    hidden = [contract for contract in contracts if not contract.released]
    for contract in hidden:
        contract.released = True
        contract.update_time = tx.now
    await tx.session.flush()
    for contract in hidden:
        tx.publish(ContractReleased(**_ids(contract)), aggregate=contract.contract_id)
    return len(hidden)


def _status_of_new(mode: EntryMode) -> Status:
    return Status.ACTIVE if mode is EntryMode.DIRECT else Status.START


def _check_change(present: Status, wanted: Status | None) -> None:
    if wanted is None:
        raise invalid("contract.status", "Bitte geben Sie einen Status an.")
    if present is not wanted and Status.START in (present, wanted):
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_CONFIRMED", "Ein vom Kunden angelegter Vertrag wird zuerst bestätigt."
        )


_ALL_FIELDS = frozenset(
    {
        "line_of_business_id",
        "number",
        "insurer_name",
        "insurer_number",
        "status",
        "premium",
        "payment_interval",
        "begin_day",
        "expiry_day",
        "description",
    }
)


async def _set_values(tx: Transaction, contract: Contract, values: ContractValues, fields: Collection[str]) -> None:
    """Write the named values after checking them; the rest of the contract stays."""
    if "line_of_business_id" in fields:
        await require_line(tx, values.line_of_business_id)
    for field, wanted in _NEEDED.items():
        if field in fields and not getattr(values, field).strip():
            raise invalid(f"contract.{field}", wanted)
    for field in fields & _PLAIN_FIELDS.keys():
        setattr(contract, field, getattr(values, _PLAIN_FIELDS[field]))
    if "premium" in fields:
        if values.premium is not None and values.premium < 0:
            raise invalid("contract.premium", "Der Beitrag darf nicht negativ sein.")
        contract.premium_minor_units, contract.premium_currency = values.premium, values.currency
    if contract.begin_day and contract.expiry_day and contract.expiry_day < contract.begin_day:
        raise invalid("contract.expiry_day", "Der Ablauf liegt vor dem Beginn.")


_NEEDED: Mapping[str, str] = {
    "number": "Bitte geben Sie die Vertragsnummer an.",
    "insurer_name": "Bitte geben Sie den Versicherer an.",
}
_PLAIN_FIELDS = {
    "line_of_business_id": "line_of_business_id",
    "number": "number",
    "insurer_name": "insurer_name",
    "insurer_number": "insurer_number",
    "status": "status",
    "payment_interval": "interval",
    "begin_day": "begin",
    "expiry_day": "expiry",
    "description": "description",
}
"""Fields of the contract that are written as they are, with their names in `ContractValues`."""


def _ids(contract: Contract) -> dict[str, str]:
    return {
        "tenant_id": str(contract.tenant_id),
        "contract_id": str(contract.contract_id),
        "customer_id": str(contract.customer_id),
    }
