"""Values of the domain as messages on the wire.

Two groups: totals for everybody, components with payees for staff. No function of the first takes a component.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.billing.v1 import billing_pb2 as pb
from kontor.billing.v1 import prices_pb2
from kontor.common.v1.money_pb2 import Money
from kontor_chassis.etags import etag_of

from kontor_billing import plans, tables
from kontor_billing.agreements import SignedAgreement
from kontor_billing.invoices import IssuedInvoice, lines_on
from kontor_billing.prices import CURRENCY, FREE_TIER, Totals
from kontor_billing.runs import RunResult

LISTED_UNBILLED = 100
"""Unbilled agreements that the answer of a run lists; it counts them all."""


def money(minor_units: int) -> Money:
    """Return cents of EUR."""
    return Money(minor_units=minor_units, currency=CURRENCY)


def totals(value: Totals) -> prices_pb2.Totals:
    """Return net, taxes and gross."""
    taxes = [
        prices_pb2.TaxAmount(
            kind=prices_pb2.TaxKind.Value(f"TAX_KIND_{tax.kind}"),
            rate_basis_points=tax.rate_basis_points,
            base=money(tax.base_minor),
            tax=money(tax.tax_minor),
        )
        for tax in value.taxes
    ]
    return prices_pb2.Totals(net=money(value.net_minor), taxes=taxes, gross=money(value.gross_minor))


def offers(day: date, prices: Sequence[plans.TierPrice], text: tables.AgreementText) -> pb.GetTierOffersResponse:
    """Return what customers are offered: totals only."""
    tiers = [
        pb.TierOffer(
            tier=prices_pb2.Tier.ValueType(price.tier),
            monthly=totals(price.totals),
            price_version=price.version,
            title=f"Stufe {price.tier}",
            agreement_needed=price.tier != FREE_TIER,
        )
        for price in prices
    ]
    return pb.GetTierOffersResponse(
        offers=tiers,
        day=day.isoformat(),
        agreement_text=pb.AgreementText(
            version=text.version,
            title=text.title,
            body=text.body,
            withdrawal_information=text.withdrawal_information,
        ),
    )


def price_plan(plan: plans.PricePlan) -> pb.PricePlan:
    """Return a firm's plan with components and payees; staff only."""
    return pb.PricePlan(
        day=plan.day.isoformat(),
        tiers=[_tier_price(price) for price in plan.tiers],
        broker_shares=[_broker_share(share) for share in plan.shares],
    )


def agreement(signed: SignedAgreement) -> pb.Agreement:
    """Return an agreement."""
    row = signed.row
    return pb.Agreement(
        agreement_id=str(row.agreement_id),
        customer_id=str(row.customer_id),
        tier=prices_pb2.Tier.ValueType(row.tier),
        state=pb.AgreementState.Value(f"AGREEMENT_STATE_{signed.state}"),
        text_version=row.text_version,
        price_version=row.price_version,
        monthly=totals(signed.monthly),
        sign_time=instant(row.signed_at),
        withdrawal_until=signed.withdrawal_until.isoformat(),
        ends_on=row.ends_on.isoformat() if row.ends_on else "",
        withdraw_time=instant(row.withdrawn_at) if row.withdrawn_at else None,
        etag=etag_of(row.version),
    )


def invoice(issued: IssuedInvoice) -> pb.Invoice:
    """Return an invoice."""
    row = issued.row
    return pb.Invoice(
        invoice_id=str(row.invoice_id),
        customer_id=str(row.customer_id),
        agreement_id=str(row.agreement_id),
        kind=pb.InvoiceKind.Value(f"INVOICE_KIND_{row.kind}"),
        number=row.number,
        issue_date=row.issue_date.isoformat(),
        period=row.period,
        service_from=row.service_from.isoformat(),
        service_to=row.service_to.isoformat(),
        tier=prices_pb2.Tier.ValueType(row.tier),
        totals=totals(issued.totals),
        seller=_party(row.seller),
        buyer=_party(row.buyer),
        issue_time=instant(row.issued_at),
        cancels_invoice_id=str(row.cancels_invoice_id) if row.cancels_invoice_id else "",
        cancelled_by_invoice_id=str(issued.cancelled_by) if issued.cancelled_by else "",
        due_on=row.due_on.isoformat() if row.due_on else "",
        lines=[pb.InvoiceLine(title=each.title, detail=each.detail, net=money(each.net)) for each in lines_on(row)],
    )


def ledger_entry(entry: tables.LedgerEntry, posted_at: datetime) -> pb.LedgerEntry:
    """Return one side of a ledger transaction; staff only."""
    return pb.LedgerEntry(
        entry_id=str(entry.entry_id),
        transaction_id=str(entry.transaction_id),
        account=pb.LedgerAccount.Value(f"LEDGER_ACCOUNT_{entry.account}"),
        payee=pb.Payee.Value(f"PAYEE_{entry.payee}") if entry.payee else pb.PAYEE_UNSPECIFIED,
        component_code=entry.component_code,
        amount=money(entry.amount_minor),
        post_time=instant(posted_at),
    )


def run_result(period: str, result: RunResult) -> pb.RunBillingResponse:
    """Return what a run did."""
    return pb.RunBillingResponse(
        period=period,
        tenants=result.tenants,
        invoices_issued=result.issued,
        already_invoiced=result.existing,
        postponed=result.postponed,
        gross=money(result.gross_minor),
        unbilled=len(result.unbilled),
        unbilled_agreements=[
            pb.UnbilledAgreement(
                tenant_id=str(month.tenant_id),
                agreement_id=str(month.agreement_id),
                customer_id=str(month.customer_id),
                reason=pb.UnbilledReason.Value(f"UNBILLED_REASON_{month.reason}"),
            )
            for month in result.unbilled[:LISTED_UNBILLED]
        ],
    )


def _tier_price(price: plans.TierPrice) -> pb.TierPrice:
    components = [
        pb.PriceComponent(
            code=component.code,
            name=component.name,
            payee=pb.Payee.Value(f"PAYEE_{component.payee}"),
            net=money(component.net_minor),
            tax_kind=prices_pb2.TaxKind.Value(f"TAX_KIND_{component.tax_kind}"),
            rate_basis_points=price.rates[component.tax_kind],
        )
        for component in price.components
    ]
    return pb.TierPrice(
        tier=prices_pb2.Tier.ValueType(price.tier),
        components=components,
        monthly=totals(price.totals),
        price_version=price.version,
    )


def _broker_share(share: tables.BrokerShare) -> pb.BrokerShare:
    return pb.BrokerShare(
        share_id=str(share.share_id),
        tier=prices_pb2.Tier.ValueType(share.tier),
        net=money(share.net_minor),
        valid_from=share.valid_from.isoformat(),
        set_time=instant(share.set_at),
        set_by_account_id=str(share.set_by_account_id),
        replace_time=instant(share.replaced_at) if share.replaced_at else None,
    )


def _party(stored: Mapping[str, str]) -> pb.InvoiceParty:
    printed = ("name", "street", "postal_code", "city", "country", "email", "phone")
    return pb.InvoiceParty(**{field: stored[field] for field in printed})


def instant(moment: datetime) -> Timestamp:
    """Return an instant of the database."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
