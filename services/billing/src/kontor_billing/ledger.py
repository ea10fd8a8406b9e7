"""The double-entry ledger: what an invoice means for whom, to the cent (F34).

Owns accounts and postings. A transaction is balanced (a deferred constraint trigger in the database refuses any
other) and nothing is ever changed or deleted; corrections are transactions of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.ids import new_id
from sqlalchemy import insert, select

from kontor_billing import tables
from kontor_billing.money import split
from kontor_billing.prices import Payee, PriceComponent, TaxKind, Totals


class Account(StrEnum):
    """Accounts of the ledger; payables and revenue grow on the credit side."""

    CUSTOMER_RECEIVABLE = "CUSTOMER_RECEIVABLE"
    BROKER_PAYABLE = "BROKER_PAYABLE"
    POOL_REVENUE = "POOL_REVENUE"
    VAT_PAYABLE = "VAT_PAYABLE"
    INSURANCE_TAX_PAYABLE = "INSURANCE_TAX_PAYABLE"
    FIRM_RECEIVABLE = "FIRM_RECEIVABLE"
    """What firms owe the platform."""
    PLATFORM_REVENUE = "PLATFORM_REVENUE"
    """What the platform has earned from firms."""
    BANK = "BANK"
    """What has arrived from customers and firms; an asset."""
    DUNNING_FEES = "DUNNING_FEES"
    """What dunning has cost those who paid late; damages, without value added tax."""


_BY_PAYEE = {Payee.POOL: Account.POOL_REVENUE, Payee.BROKER: Account.BROKER_PAYABLE}
_BY_TAX = {TaxKind.VAT: Account.VAT_PAYABLE, TaxKind.INSURANCE_TAX: Account.INSURANCE_TAX_PAYABLE}


@dataclass(frozen=True)
class Posting:
    """One side of a transaction; debit positive, credit negative, in cents."""

    account: Account
    amount_minor: int
    payee: Payee | None = None
    component_code: str = ""


def postings_for(components: Sequence[PriceComponent], totals: Totals) -> list[Posting]:
    """Return the postings of an invoice: the gross receivable against net and tax of each component.

    The tax of a kind, rounded once on its sum, is shared among its components by largest remainder, so that each
    payee's part is exact and all parts add up to what the customer pays.
    """
    postings = [Posting(Account.CUSTOMER_RECEIVABLE, totals.gross_minor)]
    postings += [
        Posting(_BY_PAYEE[component.payee], -component.net_minor, component.payee, component.code)
        for component in components
    ]
    for tax in totals.taxes:
        taxed = [component for component in components if component.tax_kind is tax.kind]
        shares = split(tax.tax_minor, [component.net_minor for component in taxed])
        postings += [
            Posting(_BY_TAX[tax.kind], -share, component.payee, component.code)
            for component, share in zip(taxed, shares, strict=True)
            if share
        ]
    return [posting for posting in postings if posting.amount_minor]


def firm_postings(lines: Sequence[int], totals: Totals) -> list[Posting]:
    """Return the postings of the platform's invoice to a firm: what it owes against net lines and value added tax."""
    postings = [Posting(Account.FIRM_RECEIVABLE, totals.gross_minor)]
    postings += [Posting(Account.PLATFORM_REVENUE, -net_minor, Payee.POOL) for net_minor in lines]
    postings += [Posting(_BY_TAX[tax.kind], -tax.tax_minor, Payee.POOL) for tax in totals.taxes]
    return [posting for posting in postings if posting.amount_minor]


def payment_postings(amount_minor: int) -> list[Posting]:
    """Return the postings of a payment: what arrived against what is owed less."""
    return [Posting(Account.BANK, amount_minor), Posting(Account.CUSTOMER_RECEIVABLE, -amount_minor)]


def firm_payment_postings(amount_minor: int) -> list[Posting]:
    """Return the postings of a firm's payment."""
    return [Posting(Account.BANK, amount_minor), Posting(Account.FIRM_RECEIVABLE, -amount_minor)]


def fee_postings(amount_minor: int) -> list[Posting]:
    """Return the postings of a dunning fee; a negative amount waives it."""
    return [
        Posting(Account.CUSTOMER_RECEIVABLE, amount_minor),
        Posting(Account.DUNNING_FEES, -amount_minor, Payee.POOL),
    ]


def reversal_of(postings: Sequence[Posting]) -> list[Posting]:
    """Return the postings that undo others, entry by entry."""
    return [Posting(p.account, -p.amount_minor, p.payee, p.component_code) for p in postings]


async def postings_of(tx: Transaction, invoice_id: UUID) -> list[Posting]:
    """Return the postings that an invoice was entered with, in their order, without those of payments and fees."""
    entry, transaction = tables.LedgerEntry, tables.LedgerTransaction
    rows = await tx.session.scalars(
        select(entry)
        .join(transaction, transaction.transaction_id == entry.transaction_id)
        .where(transaction.invoice_id == invoice_id, transaction.payment_id.is_(None), transaction.event_id.is_(None))
        .order_by(entry.position)
    )
    return [
        Posting(Account(row.account), row.amount_minor, Payee(row.payee) if row.payee else None, row.component_code)
        for row in rows
    ]


async def post(
    tx: Transaction,
    postings: Sequence[Posting],
    *,
    tenant_id: UUID,
    customer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    payment_id: UUID | None = None,
    firm_invoice_id: UUID | None = None,
    event_id: UUID | None = None,
) -> None:
    """Enter one transaction about an invoice to a customer or a firm.

    `payment_id` names the payment that it is of, `event_id` the fee, the reversal or the firm's payment; without either
    it is that of the document. The database checks at commit that it is balanced.
    """
    transaction_id = new_id()
    await tx.session.execute(
        insert(tables.LedgerTransaction).values(
            transaction_id=transaction_id,
            tenant_id=tenant_id,
            customer_id=customer_id,
            invoice_id=invoice_id,
            payment_id=payment_id,
            firm_invoice_id=firm_invoice_id,
            event_id=event_id,
            posted_at=tx.now,
        )
    )
    entries = [
        {
            "entry_id": new_id(),
            "transaction_id": transaction_id,
            "tenant_id": tenant_id,
            "position": position,
            "account": posting.account,
            "payee": posting.payee,
            "component_code": posting.component_code,
            "amount_minor": posting.amount_minor,
        }
        for position, posting in enumerate(postings)
    ]
    await tx.session.execute(insert(tables.LedgerEntry), entries)
