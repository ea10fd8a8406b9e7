"""The invoice as PDF."""

import io
from datetime import UTC, date, datetime

import pikepdf
import pypdf
import pytest
from kontor_billing import tables
from kontor_billing.firm_tables import FirmInvoice
from kontor_billing.pdf import euros, firm_invoice_pdf, invoice_pdf, percent
from kontor_billing.prices import TaxAmount, TaxKind


def an_invoice(**changes: object) -> tables.Invoice:
    """Return a tier 2 invoice as it is stored."""
    taxes = (TaxAmount(TaxKind.VAT, 1900, 710, 135), TaxAmount(TaxKind.INSURANCE_TAX, 1900, 50, 10))
    values: dict[str, object] = {
        "kind": "INVOICE",
        "number": "HANSEN-2026-000001",
        "period": "2026-07",
        "issue_date": date(2026, 8, 1),
        "service_from": date(2026, 7, 22),
        "service_to": date(2026, 7, 31),
        "tier": 2,
        "net_minor": 760,
        "gross_minor": 905,
        "taxes": [tax.to_json() for tax in taxes],
        "seller": {
            "name": "Hansen & Partner #Makler [*]",  # characters that mean something to typst
            "street": "Hafenstraße 1",
            "postal_code": "20095",
            "city": "Hamburg",
            "country": "DE",
            "email": "info@hansen.example",
            "phone": "040 123456",
            "slug": "hansen",
            "color": "#12355b",
        },
        "buyer": {
            "name": "Familie Groß",
            "street": "Elbchaussee 1",
            "postal_code": "22765",
            "city": "Hamburg",
            "country": "DE",
            "email": "",
            "phone": "",
        },
        "cancels_number": "",
        "issued_at": datetime(2026, 8, 1, 3, 0, tzinfo=UTC),
    }
    return tables.Invoice(**{**values, **changes})


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF with ordinary spaces."""
    return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().replace("\N{NO-BREAK SPACE}", " ")


def test_an_invoice_says_all_it_must_and_nothing_about_the_split() -> None:
    """F11, F13, decision 4: net, tax per kind, gross; no component, no payee."""
    text = text_of(invoice_pdf(an_invoice()))
    for expected in (
        "Hansen & Partner #Makler [*]",
        "Familie Groß",
        "HANSEN-2026-000001",
        "01.08.2026",
        "22.07.2026 bis 31.07.2026",
        "Umsatzsteuer 19 % auf 7,10 €",
        "1,35 €",
        "Versicherungsteuer 19 % auf 0,50 €",
        "0,10 €",
        "9,05 €",
    ):
        assert expected in text
    for hidden in ("2,10", "5,00", "2,60", "Pool", "Anteil", "Gruppenvertrag"):
        assert hidden not in text


def test_the_same_invoice_gives_the_same_bytes() -> None:
    """F34: the document is a function of what is stored."""
    assert invoice_pdf(an_invoice()) == invoice_pdf(an_invoice())


def test_it_is_built_to_pdf_a_3a_and_pdf_ua_1() -> None:
    """STANDARDS §8: tagged, German, fonts and colours described, marked as archive and accessible."""
    with pikepdf.open(io.BytesIO(invoice_pdf(an_invoice()))) as pdf:
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang).startswith("de")
        assert "/StructTreeRoot" in pdf.Root
        assert "/OutputIntents" in pdf.Root


def test_a_cancellation_names_what_it_cancels() -> None:
    """Decision 14: a document of its own with negative amounts."""
    cancellation = an_invoice(
        kind="CANCELLATION",
        number="HANSEN-2026-000002",
        cancels_number="HANSEN-2026-000001",
        net_minor=-760,
        gross_minor=-905,
        taxes=[TaxAmount(TaxKind.VAT, 1900, -710, -135).to_json()],
    )
    text = text_of(invoice_pdf(cancellation))
    assert "Stornorechnung" in text
    assert "HANSEN-2026-000001 in voller Höhe storniert" in text
    assert "−9,05 €" in text


@pytest.mark.parametrize(
    ("cents", "text"), [(760, "7,60 €"), (5, "0,05 €"), (-760, "−7,60 €"), (123456789, "1.234.567,89 €")]
)
def test_amounts_read_as_germans_write_them(cents: int, text: str) -> None:
    """F10: comma, dots in thousands, a space that does not break."""
    assert euros(cents).replace("\N{NO-BREAK SPACE}", " ") == text


def test_rates_read_as_germans_write_them() -> None:
    """F13: 19 %, 16,34 %, 3,8 %."""
    assert [percent(rate).replace("\N{NO-BREAK SPACE}", " ") for rate in (1900, 1634, 380)] == [
        "19 %",
        "16,34 %",
        "3,8 %",
    ]


def test_an_invoice_to_a_firm_says_all_it_must() -> None:
    """F82, F89: every line, tax and sum, the issuer's tax number, when and where to pay; the same bytes each time."""
    party = {
        "street": "Am Markt 1",
        "postal_code": "20095",
        "city": "Hamburg",
        "country": "DE",
        "email": "",
        "phone": "",
    }
    invoice = FirmInvoice(
        number="P-2026-000001",
        period="2026-07",
        issue_date=date(2026, 8, 1),
        due_on=date(2026, 8, 15),
        lines=[
            {"title": "Grundpreis Pay-per-Use", "detail": "10 von 31 Tagen", "net": 1000},
            {"title": "Weitere Testphase", "detail": "30 Tage", "net": 7490},
        ],
        net_minor=8490,
        gross_minor=10103,
        taxes=[TaxAmount(TaxKind.VAT, 1900, 8490, 1613).to_json()],
        seller={**party, "name": "Kontor Betriebs GmbH", "tax_number": "DE123456789", "iban": "DE02 1203 0000"},
        buyer={**party, "name": "Hansen & Partner"},
        issued_at=datetime(2026, 8, 1, 3, 0, tzinfo=UTC),
    )
    pdf = firm_invoice_pdf(invoice)
    text = text_of(pdf)
    for said in (
        "P-2026-000001", "15.08.2026", "DE123456789", "Grundpreis Pay-per-Use", "10 von 31 Tagen", "74,90 €",
        "Umsatzsteuer 19 % auf 84,90 €", "16,13 €", "101,03 €", "DE02 1203 0000", "Hansen & Partner", "Juli 2026",
    ):  # fmt: skip
        assert said in text, said
    assert pdf == firm_invoice_pdf(invoice)
