"""The account to which a customer who is a broker himself gets his commission (F154, F156).

At most one of his open accounts; a new number in its place takes it over (`master_data.apply_bank_account`).
"""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1.master_data_pb2 import EditMode, FieldGroup
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from sqlalchemy import select

from kontor_identity.change_requests import is_critical
from kontor_identity.customer_history import record_change
from kontor_identity.customers import customer_for_update
from kontor_identity.edit_policies import policy_of
from kontor_identity.master_data import announce_changed
from kontor_identity.master_data_tables import BankAccountRow
from kontor_identity.tables import Customer


async def choose_commission_account(tx: Transaction, customer_id: UUID, bank_account_id: UUID) -> None:
    """Let commission go to one of the customer's accounts.

    Raises PRECONDITION "NOT_INTERMEDIARY" and "CRITICAL_PROCESS", FORBIDDEN "EDIT_OFF" where customers may not do so
    themselves, NOT_FOUND for an account that is not his or is closed.
    """
    customer = await customer_for_update(tx, customer_id)
    await _require_allowed(tx, customer)
    wanted = select(BankAccountRow).where(BankAccountRow.customer_id == customer_id, BankAccountRow.closed_at.is_(None))
    accounts = (await tx.session.scalars(wanted.with_for_update())).all()
    chosen = next((row for row in accounts if row.bank_account_id == bank_account_id), None)
    if chosen is None:
        raise not_found("Diese Bankverbindung")
    before = next((row for row in accounts if row.for_commission), None)
    if before is chosen:
        return
    if before is not None:
        before.for_commission = False
        await tx.session.flush()
    chosen.for_commission = True
    record_change(tx, customer, "commission_account", before.iban_masked if before else "", chosen.iban_masked)
    announce_changed(tx, customer, ["bank_account"])
    await tx.session.flush()


async def _require_allowed(tx: Transaction, customer: Customer) -> None:
    if not customer.is_intermediary:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NOT_INTERMEDIARY",
            "Provisionskonten gibt es nur bei Kunden, die selbst vermitteln.",
        )
    mode = (await policy_of(tx, customer.tenant_id)).mode_of(FieldGroup.FIELD_GROUP_BANK_ACCOUNT)
    if tx.principal.is_customer and mode != EditMode.EDIT_MODE_DIRECT:
        raise DomainError(ErrorKind.FORBIDDEN, "EDIT_OFF", "Diese Angaben ändern Sie bitte über Ihren Ansprechpartner.")
    if await is_critical(tx, customer.customer_id):
        raise DomainError(
            ErrorKind.PRECONDITION,
            "CRITICAL_PROCESS",
            "Solange ein Mahnverfahren läuft, ändern sich Bankverbindungen nur über einen Sachbearbeiter.",
        )
