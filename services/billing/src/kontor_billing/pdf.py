"""The invoice as PDF: PDF/A-3a and PDF/UA-1, German, in the firm's name and colour.

A pure function of the stored document: the same invoice gives the same bytes on any day and any machine, because
fonts are typst's own and the time stamp is that of issue. Shows totals and taxes only, never components (F11).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typst

from kontor_billing import tables
from kontor_billing.firm_tables import FirmInvoice
from kontor_billing.invoices import Kind, lines_on, totals_on
from kontor_billing.periods import Period
from kontor_billing.prices import TaxAmount, TaxKind, Totals

TEMPLATE = Path(__file__).parent / "templates" / "invoice.typ"
STANDARDS: list[Any] = ["a-3a", "ua-1"]
DEFAULT_COLOR = "#12355b"
_TAX_NAMES = {TaxKind.VAT: "Umsatzsteuer", TaxKind.INSURANCE_TAX: "Versicherungsteuer", TaxKind.NONE: "ohne Steuer"}
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

_compiler: typst.Compiler | None = None
_compiling = threading.Lock()  # a compiler is reused (5 ms instead of 16 ms), one page at a time


def invoice_pdf(invoice: tables.Invoice) -> bytes:
    """Return the PDF of a stored document. Takes some 5 ms of CPU: call it in a thread."""
    return _printed(_content(invoice), invoice.issued_at)


def firm_invoice_pdf(invoice: FirmInvoice) -> bytes:
    """Return the PDF of a stored invoice of the platform to a firm."""
    return _printed(_firm_content(invoice), invoice.issued_at)


def _printed(content: dict[str, Any], issued_at: datetime) -> bytes:
    global _compiler
    document = json.dumps(content, ensure_ascii=False)
    with _compiling:
        if _compiler is None:
            _compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
        pdf = _compiler.compile(
            format="pdf",
            sys_inputs={"document": document},
            pdf_standards=STANDARDS,
            timestamp=int(issued_at.timestamp()),
        )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave pages instead of one document")
    return pdf


def euros(minor_units: int) -> str:
    """Return an amount as Germans write it: 7,60 €, 1.234,50 €, −7,60 €; the space does not break."""
    whole, cents = divmod(abs(minor_units), 100)
    sign = "−" if minor_units < 0 else ""
    return f"{sign}{whole:,}".replace(",", ".") + f",{cents:02d}\N{NO-BREAK SPACE}€"


def percent(basis_points: int) -> str:
    """Return a rate as Germans write it: 19 %, 16,34 %."""
    whole, part = divmod(basis_points, 100)
    fraction = f",{part:02d}".rstrip("0").rstrip(",")
    return f"{whole}{fraction}\N{NO-BREAK SPACE}%"


def _content(invoice: tables.Invoice) -> dict[str, Any]:
    cancels = invoice.kind == Kind.CANCELLATION
    heading = "Stornorechnung" if cancels else "Rechnung"
    month = Period.parse(invoice.period).title
    seller = invoice.seller
    return {
        "title": f"{heading} {invoice.number}",
        "heading": heading,
        "color": seller["color"] if _COLOR.fullmatch(seller["color"]) else DEFAULT_COLOR,
        "seller": _sender(seller, (seller["email"], seller["phone"])),
        "buyer": _address_lines(invoice.buyer),
        "facts": _facts(invoice),
        "issued": _date(invoice.issue_date),
        "introduction": _introduction(invoice, month),
        "lines": [{"title": line.title, "detail": line.detail, "net": euros(line.net)} for line in lines_on(invoice)],
        "net": euros(invoice.net_minor),
        "taxes": _taxes(totals_on(invoice)),
        "gross_label": "Gutschriftbetrag" if cancels else "Rechnungsbetrag",
        "gross": euros(invoice.gross_minor),
        "notes": _notes(invoice),
    }


def _firm_content(invoice: FirmInvoice) -> dict[str, Any]:
    seller, month = invoice.seller, Period.parse(invoice.period).title
    return {
        "title": f"Rechnung {invoice.number}",
        "heading": "Rechnung",
        "color": DEFAULT_COLOR,
        "seller": _sender(seller, (seller["email"], seller["tax_number"])),
        "buyer": _address_lines(invoice.buyer),
        "facts": [
            ("Rechnungsnummer", invoice.number),
            ("Rechnungsdatum", _day(invoice.issue_date)),
            ("Zahlbar bis", _day(invoice.due_on)),
            ("Steuernummer", seller["tax_number"]),
        ],
        "issued": _date(invoice.issue_date),
        "introduction": f"Für die Nutzung der Plattform im {month} wird berechnet:",
        "lines": [{**line, "net": euros(line["net"])} for line in invoice.lines],
        "net": euros(invoice.net_minor),
        "taxes": _taxes(totals_on(invoice)),
        "gross_label": "Rechnungsbetrag",
        "gross": euros(invoice.gross_minor),
        "notes": [f"Bitte überweisen Sie den Betrag unter Angabe der Rechnungsnummer auf das Konto {seller['iban']}."],
    }


def _sender(seller: Mapping[str, str], contact: Iterable[str]) -> dict[str, str]:
    return {
        "name": seller["name"],
        "address": f"{seller['street']}, {seller['postal_code']} {seller['city']}",
        "contact": " · ".join(text for text in contact if text),
    }


def _taxes(totals: Totals) -> list[dict[str, str]]:
    return [{"label": _tax_label(tax), "amount": euros(tax.tax_minor)} for tax in totals.taxes]


def _date(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _facts(invoice: tables.Invoice) -> list[tuple[str, str]]:
    facts = [("Rechnungsnummer", invoice.number), ("Rechnungsdatum", _day(invoice.issue_date))]
    if invoice.cancels_number:
        facts.append(("Storno zu", invoice.cancels_number))
    if invoice.due_on:
        facts.append(("Zahlbar bis", _day(invoice.due_on)))
    return facts


def _introduction(invoice: tables.Invoice, month: str) -> str:
    if invoice.kind == Kind.CANCELLATION:
        return f"Hiermit wird die Rechnung {invoice.cancels_number} in voller Höhe storniert."
    return f"Für die Leistungen aus der Servicevereinbarung im {month} wird berechnet:"


def _tax_label(tax: TaxAmount) -> str:
    if tax.kind is TaxKind.NONE:
        return f"ohne Steuer auf {euros(tax.base_minor)}"
    return f"{_TAX_NAMES[tax.kind]} {percent(tax.rate_basis_points)} auf {euros(tax.base_minor)}"


def _notes(invoice: tables.Invoice) -> list[str]:
    notes = []
    if any(tax.kind is TaxKind.INSURANCE_TAX for tax in totals_on(invoice).taxes):
        notes.append(
            "Die Leistungen mit Versicherungsteuer sind nach § 4 Nr. 10 UStG von der Umsatzsteuer befreit;"
            " die Versicherungsteuer berechtigt nicht zum Vorsteuerabzug."
        )
    if invoice.kind == Kind.INVOICE:
        notes.append("Der Monat des Abschlusses wird wie jeder andere Monat in voller Höhe berechnet.")
    return notes


def _address_lines(party: Mapping[str, str]) -> list[str]:
    place = f"{party['postal_code']} {party['city']}".strip()
    country = "" if party["country"] in ("", "DE") else party["country"]
    return [line for line in (party["name"], party["street"], place, country) if line]


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
