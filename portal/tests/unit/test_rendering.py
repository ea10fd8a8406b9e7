"""Amounts, days, colours, forms, static files: small things that stand on every page."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask import Flask, g, render_template
from flask.testing import FlaskClient
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from kontor.billing.v1 import billing_pb2
from kontor.common.v1.money_pb2 import Money
from kontor.vault.v1 import vault_pb2
from kontor_portal import formatting
from kontor_portal.brand import AA_TEXT, brand_of, contrast, parse_color, readable_ink
from kontor_portal.breaking import breakable, hyphenated
from kontor_portal.folders import tree_of
from kontor_portal.forms import Form, euros
from kontor_portal.i18n import t, tn
from kontor_portal.session import read_session
from kontor_portal.uploads import UploadTarget
from kontor_portal.views.operator_pages import UnbilledFirm

from .conftest import access_token


def test_money_is_written_as_in_germany() -> None:
    """7.60 EUR in minor units is 7,60 € with a space that does not break (F10)."""
    assert formatting.money(Money(minor_units=760, currency="EUR")) == "7,60\u00a0€"
    assert formatting.money(Money(minor_units=123456, currency="EUR")) == "1.234,56\u00a0€"
    assert formatting.money_negated(Money(minor_units=-500, currency="EUR")) == "5,00\u00a0€"


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("5", 500), ("5,00", 500), ("5.00", 500), ("1.234,50 €", 123450), ("0,1", 10), ("-3", -300)],
)
def test_amounts_are_read_as_people_type_them(typed: str, cents: int) -> None:
    """Comma and point, with and without the sign."""
    amount = euros(typed)
    assert amount is not None
    assert amount.minor_units == cents


@pytest.mark.parametrize("typed", ["", "fünf", "5,005", "1e99", "nan", "inf", "5,0,0"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    """Half a cent and words are no amounts; the page says so at the field."""
    assert euros(typed) is None


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_an_amount_shown_in_a_field_reads_back(cents: int) -> None:
    """No cent is lost between a page and its form."""
    shown = formatting.euros_input(Money(minor_units=cents, currency="EUR"))
    amount = euros(shown)
    assert amount is not None
    assert amount.minor_units == cents


def test_moments_are_german_time_in_summer_and_winter() -> None:
    """Noon UTC is 14 o'clock in July and 13 o'clock in December."""
    for month, expected in ((7, "14:00"), (12, "13:00")):
        moment = Timestamp()
        moment.FromDatetime(datetime(2026, month, 1, 12, 0, tzinfo=UTC))
        assert formatting.time_text(moment) == expected


def test_days_and_sizes_are_readable() -> None:
    """A day is a day, a month a month, a size has its unit; what is no day is shown as it came."""
    assert formatting.day_text("2026-07-31") == "31.\u00a0Juli\u00a02026"
    assert formatting.short_day("2026-07-31") == "31.07.2026"
    assert formatting.short_day("unbekannt") == "unbekannt"
    assert formatting.month_text("2026-07") == "Juli 2026"
    assert formatting.size_text(999) == "999 Byte"
    assert formatting.size_text(2_516_582) == "2,4 MB"
    assert formatting.size_text(5 * 1024**3) == "5 GB"


def test_names_become_letters() -> None:
    """An avatar takes first and last name, a firm its first two words; nothing becomes an empty circle."""
    assert formatting.initials("Julia Maria Brandt") == "JB"
    assert formatting.monogram("Hansen & Partner Versicherungsmakler") == "HP"
    assert formatting.initials("") == "?"


def test_sentences_follow_language_and_form(app: Flask) -> None:
    """Sie or Du per customer (F172), English whole, numbers filled in."""
    with app.test_request_context():
        g.language, g.informal = "de", True
        assert t("Ihre Verträge", du="Deine Verträge") == "Deine Verträge"
        g.informal = False
        assert t("Ihre Verträge", du="Deine Verträge") == "Ihre Verträge"
        assert tn("%(count)s Kunde", "%(count)s Kunden", 1) == "1 Kunde"
        g.language = "en"
        assert t("Ihre Verträge", du="Deine Verträge") == "Your contracts"
        assert tn("%(count)s Kunde", "%(count)s Kunden", 3) == "3 customers"


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_ink_can_be_read_on_any_brand(color: str) -> None:
    """Whatever colour a firm chooses, the text on it reaches WCAG 2.2 AA."""
    assert contrast(readable_ink(color), color) >= AA_TEXT


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_out_of_the_brand_stylesheet(primary: str, accent: str) -> None:
    """Only #rrggbb reaches the stylesheet; anything else is the platform's colour."""
    brand = brand_of(primary, accent)
    assert parse_color(brand.primary) == brand.primary
    assert parse_color(brand.accent) == brand.accent
    assert brand.stylesheet().count("{") == brand.stylesheet().count("}") == 1


def test_contrast_is_that_of_the_norm() -> None:
    """Black on white is 21:1, a colour on itself 1:1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#12355b", "#12355b") == pytest.approx(1)


def test_folders_become_a_tree() -> None:
    """The flat list has its order and depth back; a folder that names itself does not hang the page (F4)."""
    tree = tree_of(
        [
            vault_pb2.Folder(folder_id="b", name="2026", parent_id="a"),
            vault_pb2.Folder(folder_id="a", name="Steuer"),
            vault_pb2.Folder(folder_id="x", name="Kreis", parent_id="x"),
        ]
    )
    assert [folder.name for folder in tree.children("")] == ["Steuer"]
    assert [folder.name for folder in tree.path("b")] == ["Steuer", "2026"]
    assert [choice.label for choice in tree.choices()][-1] == "Steuer / 2026"


def test_uploads_come_back_to_their_page() -> None:
    """The plain form says in its query what the script says in its request."""
    target = UploadTarget("c1", "/kunde/dokumente/ordner/f1", folder_id="f1")
    assert target.action == "/files/customers/c1/documents?return_to=%2Fkunde%2Fdokumente%2Fordner%2Ff1&folder_id=f1"
    assert target.takes_folders
    newer = UploadTarget("c1", "/kunde/dokumente/d1", document_id="d1")
    assert newer.action.endswith("&document_id=d1")
    assert not newer.takes_folders
    assert not UploadTarget("c1", "/makler/kunden/c1/dokumente").document_page


def test_static_files_are_kept_for_a_year_under_their_release(browser: FlaskClient) -> None:
    """The release is in the address; without it the file is revalidated, and 304 says that it is still the same."""
    page = browser.get("/").text
    address = next(part for part in page.split('"') if part.endswith("/office.css"))
    kept = browser.get(address)
    assert "immutable" in kept.headers["Cache-Control"]
    assert kept.mimetype == "text/css"
    plain = browser.get("/static/office.css")
    assert plain.headers["Cache-Control"] == "public, no-cache"
    again = browser.get("/static/office.css", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    assert browser.get("/static/none.css").status_code == 404


def test_a_brand_that_cannot_be_asked_for_is_the_platforms(browser: FlaskClient) -> None:
    """A page is never without colours because another service is away."""
    answer = browser.get("/brand/hansen.css")
    assert answer.status_code == 200
    assert "--brand:#17324d" in answer.text


def test_the_api_is_readable_without_signing_in(browser: FlaskClient) -> None:
    """/openapi.json is the generated document, /docs shows every operation of it."""
    document = browser.get("/openapi.json").get_json()
    page = browser.get("/docs").text
    assert document["openapi"].startswith("3.1")
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page


def test_a_missing_page_says_where_to_go(browser: FlaskClient) -> None:
    """An error page is a page: title, sentence, way on."""
    answer = browser.get("/gibt-es-nicht")
    assert answer.status_code == 404
    assert "Diese Seite gibt es nicht" in answer.text
    assert 'href="/"' in answer.text


def test_unbilled_agreements_are_told_by_firm(app: Flask) -> None:
    """F34: the operator reads names and leads to the firms; no raw ids (a firm that is gone has none any more)."""
    firm = UnbilledFirm(str(uuid4()), "Hansen & Partner", 2)
    run = billing_pb2.RunBillingResponse(period="2026-07", invoices_issued=12, unbilled=2)
    with app.test_request_context("/betrieb/abrechnung"):
        g.preview_session = read_session(access_token(roles=["OPERATOR"], name="Betrieb"))
        page = render_template("operator/billing.html", period="2026-07", run=run, unbilled=(firm,), form=Form())
    assert "Hansen &amp; Partner" in page
    assert "2 Vereinbarungen ohne Kunden" in page
    assert page.count(firm.tenant_id) == page.count(f'href="/betrieb/betriebe/{firm.tenant_id}"') == 1


def test_long_words_and_addresses_break_where_readers_expect_it() -> None:
    """Soft hyphens in long words only, never near their ends; addresses before “@” and after dots, escaped."""
    assert hyphenated("Ihre Servicevereinbarungen").replace("\N{SOFT HYPHEN}", "|") == "Ihre Service|ver|ein|ba|rungen"
    assert hyphenated("Kunden") == "Kunden"
    assert breakable("petra@hansen.example") == "petra<wbr>@hansen.<wbr>example"
    assert breakable("<b>@x") == "&lt;b&gt;<wbr>@x"
