"""Payments that were booked wrongly, taken back by an entry of their own; the payment stays on record (F34)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_billing import ledger
from kontor_billing.dunning_levels import pause
from kontor_billing.periods import german_day
from kontor_billing.receivable_tables import Payment, PaymentReversal, ReceivableState
from kontor_billing.receivables import PAYMENT_DAYS, OpenItem, get_item, locked_demand
from kontor_billing.received import already_reversed


async def reverse_payment(
    tx: Transaction, *, customer_id: UUID, invoice_id: UUID, payment_id: UUID, note: str
) -> OpenItem:
    """Take back a payment: counter-entry, invoice open again, and two weeks in which nobody is reminded of it.

    Raises NOT_FOUND, and PRECONDITION "PAYMENT_REVERSED" when it was taken back before.
    """
    receivable = await locked_demand(tx, invoice_id, customer_id)
    payment = await tx.session.get(Payment, payment_id)
    if payment is None or payment.invoice_id != invoice_id:
        raise not_found("Diese Zahlung")
    if await reversals_of(tx, [payment_id]):
        raise already_reversed()
    reversal = PaymentReversal(
        reversal_id=new_id(),
        payment_id=payment_id,
        tenant_id=receivable.tenant_id,
        customer_id=customer_id,
        invoice_id=invoice_id,
        note=note.strip(),
        reversed_at=tx.now,
        reverser_account_id=tx.principal.required_account(),
    )
    tx.session.add(reversal)
    receivable.paid_minor -= payment.amount_minor
    if receivable.state != ReceivableState.CANCELLED:
        receivable.state = ReceivableState.OPEN
        await pause(tx, receivable, german_day(tx.now) + timedelta(days=PAYMENT_DAYS), "Zahlung zurückgenommen")
    await tx.session.flush()
    await ledger.post(
        tx,
        ledger.reversal_of(ledger.payment_postings(payment.amount_minor)),
        tenant_id=receivable.tenant_id,
        customer_id=customer_id,
        invoice_id=invoice_id,
        event_id=reversal.reversal_id,
    )
    return await get_item(tx, customer_id, invoice_id)


async def reversals_of(tx: Transaction, payment_ids: Sequence[UUID]) -> dict[UUID, PaymentReversal]:
    """Return what was taken back of some payments."""
    found = await tx.session.scalars(select(PaymentReversal).where(PaymentReversal.payment_id.in_(payment_ids)))
    return {row.payment_id: row for row in found}
