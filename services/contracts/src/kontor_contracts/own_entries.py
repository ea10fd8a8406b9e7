"""Contracts that customers entered themselves, and what they may do with them afterwards (F50, decision 1).

START ──changed──▶ START      ACTIVE ──changed, the firm looks first──▶ START      ACTIVE ──changed, DIRECT──▶ ACTIVE
START, or any where entries count at once ──deleted──▶ gone
What the broker holds only the broker changes (F66); the status is never the customer's to set.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kontor.contracts.v1.events_pb2 import ContractCorrected
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_contracts import contracts
from kontor_contracts.contracts import ContractValues
from kontor_contracts.firms import EntryMode
from kontor_contracts.tables import Contract, Origin, Status


async def update_contract(
    tx: Transaction,
    *,
    customer_id: UUID,
    contract_id: UUID,
    values: ContractValues,
    fields: Collection[str],
    etag: str,
    mode: EntryMode | None,
) -> Contract:
    """Change a contract: staff (`mode` None) any, the customer his entry.

    Raises NOT_FOUND, and for customers FORBIDDEN "EDIT_OFF", "BROKERS_CONTRACT" or "STATUS_NOT_YOURS".
    """
    if mode is not None:
        await _own_entry(tx, customer_id, contract_id, mode)
    if mode is not None and "status" in fields:
        raise DomainError(ErrorKind.FORBIDDEN, "STATUS_NOT_YOURS", "Den Status setzt Ihr Makler.")
    contract = await contracts.update_contract(
        tx, customer_id=customer_id, contract_id=contract_id, values=values, fields=fields, etag=etag
    )
    if mode is None:
        return contract
    if mode is EntryMode.REQUEST:
        contract.status = Status.START
        await tx.session.flush()
    event = ContractCorrected(
        tenant_id=str(contract.tenant_id), contract_id=str(contract_id), customer_id=str(customer_id)
    )
    tx.publish(event, aggregate=contract_id)
    return contract


async def delete_contract(
    tx: Transaction, *, customer_id: UUID, contract_id: UUID, etag: str, mode: EntryMode | None
) -> None:
    """Delete a contract; raises likewise, and FORBIDDEN "CONFIRMED" for an entry that the broker has confirmed."""
    entry = await _own_entry(tx, customer_id, contract_id, mode) if mode is not None else None
    if entry is not None and mode is EntryMode.REQUEST and entry.status != Status.START:
        raise DomainError(
            ErrorKind.FORBIDDEN, "CONFIRMED", "Ihr Makler hat diesen Vertrag bestätigt. Bitte schreiben Sie ihm."
        )
    await contracts.delete_contract(tx, customer_id=customer_id, contract_id=contract_id, etag=etag)


async def _own_entry(tx: Transaction, customer_id: UUID, contract_id: UUID, mode: EntryMode) -> Contract:
    contracts.require_own(tx.principal, customer_id)
    contract = await contracts.find_for_update(tx, customer_id, contract_id)
    if contract.origin != Origin.CUSTOMER:
        raise DomainError(
            ErrorKind.FORBIDDEN, "BROKERS_CONTRACT", "Diesen Vertrag führt Ihr Makler. Bitte schreiben Sie ihm."
        )
    if mode is EntryMode.OFF:
        raise contracts.edit_off()
    return contract
