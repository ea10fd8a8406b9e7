"""What a tier costs, and what an invoice means in the ledger."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from kontor_billing.ledger import Account, fee_postings, payment_postings, postings_for, reversal_of
from kontor_billing.prices import Payee, PriceComponent, TaxKind, price_version, totals_of
from kontor_billing.tax_rates import RateTable

RATES = {TaxKind.VAT: 1900, TaxKind.INSURANCE_TAX: 1900, TaxKind.NONE: 0}
TIER_2 = (
    PriceComponent("portal", "Portal", Payee.POOL, 210, TaxKind.VAT),
    PriceComponent("luggage-cover", "Reisegepäck", Payee.POOL, 50, TaxKind.INSURANCE_TAX),
    PriceComponent("broker-service", "Makler", Payee.BROKER, 500, TaxKind.VAT),
)
TIER_3 = (
    PriceComponent("portal", "Portal", Payee.POOL, 510, TaxKind.VAT),
    PriceComponent("protection-covers", "Schutz", Payee.POOL, 240, TaxKind.INSURANCE_TAX),
    PriceComponent("broker-service", "Makler", Payee.BROKER, 1000, TaxKind.VAT),
)

components = st.lists(
    st.builds(
        PriceComponent,
        code=st.uuids().map(str),
        name=st.just("x"),
        payee=st.sampled_from(Payee),
        net_minor=st.integers(min_value=0, max_value=5000),
        tax_kind=st.sampled_from(TaxKind),
    ),
    max_size=8,
)


def test_tier_2_and_tier_3_cost_what_the_price_list_says() -> None:
    """F10, F13: 7.60 € and 17.50 € net, tax per kind on the summed basis."""
    two, three = totals_of(TIER_2, RATES), totals_of(TIER_3, RATES)
    assert (two.net_minor, two.gross_minor) == (760, 905)
    assert [(t.kind, t.base_minor, t.tax_minor) for t in two.taxes] == [
        (TaxKind.VAT, 710, 135),
        (TaxKind.INSURANCE_TAX, 50, 10),
    ]
    assert (three.net_minor, three.gross_minor) == (1750, 2083)
    assert [(t.kind, t.base_minor, t.tax_minor) for t in three.taxes] == [
        (TaxKind.VAT, 1510, 287),
        (TaxKind.INSURANCE_TAX, 240, 46),
    ]


def test_the_ledger_of_a_tier_2_invoice_to_the_cent() -> None:
    """F34: receivable against pool revenue, broker payable and the taxes of each component."""
    postings = postings_for(TIER_2, totals_of(TIER_2, RATES))
    assert [(p.account, p.payee, p.component_code, p.amount_minor) for p in postings] == [
        (Account.CUSTOMER_RECEIVABLE, None, "", 905),
        (Account.POOL_REVENUE, Payee.POOL, "portal", -210),
        (Account.POOL_REVENUE, Payee.POOL, "luggage-cover", -50),
        (Account.BROKER_PAYABLE, Payee.BROKER, "broker-service", -500),
        (Account.VAT_PAYABLE, Payee.POOL, "portal", -40),
        (Account.VAT_PAYABLE, Payee.BROKER, "broker-service", -95),
        (Account.INSURANCE_TAX_PAYABLE, Payee.POOL, "luggage-cover", -10),
    ]


@given(parts=components, rate=st.integers(min_value=0, max_value=3000))
def test_every_price_is_balanced_whatever_it_is_made_of(parts: list[PriceComponent], rate: int) -> None:
    """F34: parts add up to totals, postings to zero, taxes of components to the tax of their kind."""
    rates = {TaxKind.VAT: rate, TaxKind.INSURANCE_TAX: 1900, TaxKind.NONE: 0}
    totals = totals_of(parts, rates)
    postings = postings_for(parts, totals)
    assert sum(p.amount_minor for p in postings) == 0
    assert totals.net_minor == sum(part.net_minor for part in parts) == sum(t.base_minor for t in totals.taxes)
    vat = sum(t.tax_minor for t in totals.taxes if t.kind is TaxKind.VAT)
    assert vat == -sum(p.amount_minor for p in postings if p.account is Account.VAT_PAYABLE)
    assert all(p.amount_minor < 0 for p in postings if p.account is not Account.CUSTOMER_RECEIVABLE)


@given(parts=components)
def test_a_cancellation_undoes_an_invoice_exactly(parts: list[PriceComponent]) -> None:
    """Decision 14: after a withdrawal nothing is left on any account."""
    totals = totals_of(parts, RATES)
    postings = postings_for(parts, totals)
    undone = reversal_of(postings)
    assert [a.amount_minor + b.amount_minor for a, b in zip(postings, undone, strict=True)] == [0] * len(postings)
    assert totals.negated().gross_minor == -totals.gross_minor


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["pay", "reverse", "fee", "waive"]), st.integers(min_value=1, max_value=3000)),
        max_size=12,
    )
)
def test_what_is_open_is_the_balance_of_the_receivable(steps: list[tuple[str, int]]) -> None:
    """F34: whatever is paid, taken back, charged or waived, entries add up to nothing and to what is open."""
    totals = totals_of(TIER_2, RATES)
    entered, fee, payments = postings_for(TIER_2, totals), 0, list[int]()
    for kind, amount in steps:
        if kind == "pay" and amount <= totals.gross_minor + fee - sum(payments):
            payments.append(amount)
            entered += payment_postings(amount)
        elif kind == "reverse" and payments:
            entered += reversal_of(payment_postings(payments.pop()))
        elif kind == "fee":
            fee += amount
            entered += fee_postings(amount)
        elif kind == "waive" and amount <= min(fee, totals.gross_minor + fee - sum(payments)):
            fee -= amount
            entered += fee_postings(-amount)
    assert sum(posting.amount_minor for posting in entered) == 0
    owed = sum(posting.amount_minor for posting in entered if posting.account is Account.CUSTOMER_RECEIVABLE)
    assert owed == totals.gross_minor + fee - sum(payments) >= 0


def test_a_price_is_named_by_its_content() -> None:
    """F6: any change gives another name, the same content the same one."""
    dearer = (*TIER_2[:2], replace(TIER_2[2], net_minor=501))
    assert price_version(2, TIER_2) == price_version(2, list(TIER_2))
    assert price_version(2, TIER_2) != price_version(2, dearer)
    assert price_version(2, TIER_2) != price_version(3, TIER_2)


def test_rates_are_data_by_date() -> None:
    """F13: the lowered rate of the second half of 2020 applies on its days and no other."""
    table = RateTable(
        (
            (date(2007, 1, 1), TaxKind.VAT, 1900),
            (date(2020, 7, 1), TaxKind.VAT, 1600),
            (date(2021, 1, 1), TaxKind.VAT, 1900),
        )
    )
    days = (date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31), date(2021, 1, 1))
    assert [table.on(day)[TaxKind.VAT] for day in days] == [1900, 1600, 1600, 1900]
    assert table.on(date(2026, 1, 1))[TaxKind.NONE] == 0
