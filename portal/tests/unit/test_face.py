"""A firm's face as pages have it: layouts, tiles, notices, names, card, icon, search words, host names."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid4
from xml.parsers import expat

import pytest
from flask import Flask, g, render_template
from flask.testing import FlaskClient
from kontor.common.v1 import access_pb2
from kontor.identity.v1 import brand_pb2, tenants_pb2
from kontor_portal import firms
from kontor_portal.advisers import Adviser, dialled
from kontor_portal.app_icon import icon
from kontor_portal.assets import load_assets
from kontor_portal.brand import brand_of
from kontor_portal.brand_draft import rows
from kontor_portal.business_card import qr_code, vcard
from kontor_portal.firms import FirmLook, as_closed, personal
from kontor_portal.searching import fits
from kontor_portal.session import read_session
from kontor_portal.start_page import is_closed, notices_on, scene_of, tiles_of
from kontor_portal.views.customer_contact import route

from .conftest import access_token


def _firm(**design: Any) -> FirmLook:
    look = brand_pb2.BrandDesign(**design)
    address = tenants_pb2.Address(street="Deichstraße 27", postal_code="20459", city="Hamburg")
    return FirmLook(
        "hansen", "Hansen & Partner", brand_of("#12355b", ""), look, "info@hansen.example", "040 12", address
    )


def _is_whole(drawing: bytes) -> bool:
    """Whether it is well-formed; expat says where it is not."""
    return expat.ParserCreate().Parse(drawing, True) == 1


def test_names_stand_where_the_firm_put_them() -> None:
    """F39: a greeting per customer; visitors without a name read a whole sentence."""
    assert personal("Moin, {name}!", "Julia") == "Moin, Julia!"
    assert personal("Moin, {name}!", "") == "Moin!"
    assert (
        _firm(greeting="Guten Tag", greeting_informal="Hallo {name}").greeting_for("Tom", informal=True) == "Hallo Tom"
    )
    assert _firm(greeting="Guten Tag").greeting_for("Tom", informal=True) == "Guten Tag"


def test_notices_have_their_days() -> None:
    """F41: winter tyres in November only, warnings first."""
    firm = _firm(
        notices=[
            brand_pb2.Notice(title="Winterreifen", first_day="2026-11-01", last_day="2026-11-30"),
            brand_pb2.Notice(title="Sturm", kind=brand_pb2.NOTICE_KIND_WARNING),
        ]
    )
    assert [each.title for each in notices_on(firm.design, date(2026, 10, 31))] == ["Sturm"]
    assert [each.title for each in notices_on(firm.design, date(2026, 11, 30))] == ["Sturm", "Winterreifen"]
    assert [each.title for each in notices_on(firm.design, date(2026, 12, 1))] == ["Sturm"]


def test_tiles_follow_the_firm(app: Flask) -> None:
    """F43, F53: own titles, pictures and links; closed areas have no tile and no page."""
    picture = "018f0000-0000-7000-8000-000000000009"
    with app.test_request_context():
        usual = tiles_of(_firm(), {access_pb2.AREA_MESSAGES: 3})
        assert [tile.count for tile in usual if tile.href == "/kunde/chat"] == [3]
        own = _firm(
            tiles=[
                brand_pb2.Tile(area=access_pb2.AREA_CONTRACTS, title="Alles Wichtige", picture_id=picture),
                brand_pb2.Tile(title="Unser Podcast", link="https://podcast.example"),
                brand_pb2.Tile(area=access_pb2.AREA_INVOICES),
            ],
            closed_areas=[access_pb2.AREA_INVOICES],
        )
        tiles = tiles_of(own, {})
        assert [(tile.title, tile.leads_away) for tile in tiles] == [("Alles Wichtige", False), ("Unser Podcast", True)]
        assert tiles[0].picture_url == f"/brand/hansen/picture/{picture}"
        assert is_closed(own, "/kunde/rechnungen/1")
        assert not is_closed(own, "/kunde/vertraege")
        told = as_closed(_firm(), ["SERVICE", "SOMETHING_NEW"])
        assert is_closed(told, "/kunde/service/abschluss/2")
        assert not is_closed(told, "/kunde/service"), "whoever has an agreement can end it"
        assert "/kunde/service" not in {tile.href for tile in tiles_of(told, {})}


def test_panorama_never_goes_without_a_picture() -> None:
    """F42: scene, own film, or the meadow."""
    panorama = tenants_pb2.LAYOUT_PANORAMA
    assert scene_of(_firm()) is None
    meadow = scene_of(_firm(layout=panorama))
    assert meadow is not None
    assert meadow.name == "wiese"
    moving = scene_of(_firm(intro=brand_pb2.Intro(scene=brand_pb2.SCENE_BERLIN, moving=True)))
    assert moving is not None
    assert (moving.name, moving.moving) == ("berlin", True)


def test_scenes_stand_still_until_a_script_moves_them() -> None:
    """WCAG 2.2.2: what pages contain does not move; both are whole drawings."""
    files = load_assets().by_name
    scenes = [name for name in files if name.startswith("scenes/")]
    assert len(scenes) == 12
    for name in scenes:
        assert _is_whole(files[name].content), name
        assert (b"<animate" in files[name].content) == ("-still" not in name)


def test_card_is_a_vcard() -> None:
    """F127, RFC 6350: escaped, folded to 75 octets, ends with CRLF."""
    card = vcard(_firm(homepage="https://hansen.example/" + "ü" * 60), "https://x.example/f/hansen")
    assert card.startswith("BEGIN:VCARD\r\nVERSION:4.0\r\n")
    assert "ADR:;;Deichstraße 27;Hamburg;;20459;Deutschland\r\n" in card
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    assert "FN:Hansen & Partner\r\n" in card
    assert _is_whole(qr_code("https://x.example/f/hansen/karte"))


def test_icon_is_the_logo_or_the_initials() -> None:
    """F55: an icon for the home screen; names cannot break out of the drawing."""
    assert _is_whole(icon(FirmLook("x", "<A> & B", brand_of("", "")), None))
    assert b"data:image/png;base64,AQI=" in icon(_firm(), (b"\x01\x02", "image/png"))


@pytest.mark.parametrize(
    ("written", "wanted"),
    [("040 123-45", "+494012345"), ("0049 40 1", "+49401"), ("+43 1 23", "+43123"), ("110", "110")],
)
def test_numbers_can_be_dialled(written: str, wanted: str) -> None:
    """F132: what the phone application gets."""
    assert dialled(written) == wanted


def test_directory_can_be_called(app: Flask) -> None:
    """F40, F132: every number of the firm's directory is a link for the phone, with when and what for."""
    entry = brand_pb2.PhoneEntry(label="Schadenhotline", number="040 123456-99", hint="Tag und Nacht")
    firm = _firm(phone_directory=[entry])
    with app.test_request_context("/kunde/kontakt"):
        g.firm, g.session = firm, read_session(access_token(roles=["CUSTOMER"], cid="c", name="Julia Brandt"))
        page = render_template(
            "customer/contact.html",
            adviser=Adviser("Petra Hansen", firm.name, "petra@hansen.example", "040 1"),
            look=firm,
            directory=[(entry, dialled(entry.number))],
            route="",
        )
    assert 'href="tel:+494012345699"' in page
    assert "Schadenhotline" in page
    assert "Tag und Nacht" in page


def test_route_has_both_ends() -> None:
    """F135: customer and agency are filled in; without an agency there is no route."""
    home = tenants_pb2.Address(street="Am Deich 1", postal_code="21129", city="Hamburg")
    link = route(home, _firm().address)
    assert "from=Am+Deich+1%2C+21129+Hamburg" in link
    assert "to=Deichstra%C3%9Fe+27%2C+20459+Hamburg" in link
    assert route(home, tenants_pb2.Address()) == ""


def test_search_ignores_case_and_umlauts() -> None:
    """F191: „kruegr“ is nobody, „KRUEGER haus“ is Krüger's house."""
    assert fits("KRUEGER haus", "Hausrat", "Krüger")
    assert not fits("kruegr", "Krüger")


def test_rows_of_a_form_keep_their_order() -> None:
    """F40, F41: empty rows are left out unless all are wanted."""
    values = {"phone-0-label": "Büro", "phone-0-number": "1", "phone-1-label": "", "phone-2-label": "Schaden"}
    assert [row["label"] for row in rows(values, "phone", ("label", "number"))] == ["Büro", "Schaden"]
    assert len(rows(values, "phone", ("label", "number"), all_of=True)) == 3


def test_manifest_service_worker_and_offline_page(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """F55, F79, F126: installable under the firm's name and colours; the platform is not mentioned."""
    monkeypatch.setattr(firms, "look", lambda slug: _firm() if slug == "hansen" else firms.PLATFORM)
    answer = browser.get("/brand/hansen/manifest.webmanifest")
    manifest = json.loads(answer.text)
    assert answer.mimetype == "application/manifest+json"
    assert (manifest["name"], manifest["theme_color"]) == ("Hansen & Partner", "#12355b")
    assert {each["purpose"] for each in manifest["icons"]} == {"any", "maskable"}
    worker = browser.get("/sw.js")
    assert worker.mimetype == "text/javascript"
    assert "@release@" not in worker.text
    assert "Keine Verbindung" in browser.get("/offline").text
    assert browser.get("/brand/andere/manifest.webmanifest").status_code == 404


def test_firms_own_domain_shows_the_firm_only(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """F79: under its domain there is no platform, no other firm, and forms come from this origin."""
    monkeypatch.setattr(firms, "slug_at", lambda host: "hansen" if host == "portal.hansen.example" else "")
    monkeypatch.setattr(firms, "look", lambda slug: _firm() if slug == "hansen" else firms.PLATFORM)
    base = "http://portal.hansen.example:8080"
    home = browser.get("/", base_url=base)
    assert "Hansen &amp; Partner" in home.text
    assert "kontor" not in home.text.lower().replace("bereitgestellt mit kontor", "")
    for foreign in ("/registrieren", "/docs", "/openapi.json", "/f/andere", "/brand/andere.css", "/betrieb"):
        assert browser.get(foreign, base_url=base).status_code == 404, foreign
    sent = {"language": "en", "next": "/"}
    assert browser.post("/sprache", base_url=base, data=sent, headers={"Origin": base}).status_code == 303
    alien = {"Origin": "http://localhost:8080"}
    assert browser.post("/sprache", base_url=base, data=sent, headers=alien).status_code == 403
    start = browser.get("/auth/login", base_url=base).headers["Location"]
    assert start.startswith(f"{base}/oauth/authorize")
    assert "redirect_uri=http%3A%2F%2Fportal.hansen.example%3A8080%2Fauth%2Fcallback" in start


def test_light_and_dark_are_remembered(browser: FlaskClient) -> None:
    """The person's choice stands in the page; taking it back leaves the device to decide."""
    origin = {"Origin": "http://localhost:8080"}
    browser.post("/darstellung", data={"theme": "dark", "next": "/"}, headers=origin)
    assert 'data-theme="dark"' in browser.get("/").text
    browser.post("/darstellung", data={"theme": "", "next": "/"}, headers=origin)
    assert "data-theme" not in browser.get("/").text


def test_scripts_are_fetched_side_by_side(browser: FlaskClient) -> None:
    """Every module that the entry imports is named in the page, so that none waits for another."""
    page = browser.get("/").text
    modules = load_assets().modules
    assert {"js/once.js", "js/live.js", "js/install.js"} <= set(modules)
    assert "js/service-worker.js" not in modules
    assert page.count('rel="modulepreload"') == len(modules)


def test_help_names_whom_to_call(app: Flask) -> None:
    """F49, F64: a customer calls his firm, whoever works there the platform's hotline; both learn what is not lost."""
    staff = app.test_client()
    staff.set_cookie("office_access", access_token(roles=["STAFF"], tid=str(uuid4()), name="Petra Hansen"))
    page = staff.get("/hilfe").text
    assert 'href="tel:+498001234567"' in page
    assert "Mo–Fr 8–18 Uhr" in page
    assert "rufen Sie uns an, bevor Sie neu anlegen" in page
    customer = app.test_client()
    token = access_token(roles=["CUSTOMER"], cid=str(uuid4()), tid=str(uuid4()), name="Julia Brandt")
    customer.set_cookie("office_access", token)
    page = customer.get("/hilfe").text
    assert "0800" not in page
    assert 'href="/kunde/dokumente/papierkorb"' in page
    assert "Einen Browser und eine Internetverbindung, sonst nichts." in page


def test_registration_names_who_may_come(browser: FlaskClient) -> None:
    """F60: brokers and the other intermediaries with customers of their own, consultants by fee, experts."""
    page = browser.get("/registrieren").text
    for kind in (
        "Maklerbetrieb",
        "Mehrfachagenten, Ausschließlichkeit und Finanzdienstleister",
        "Versicherungsberatung",
    ):
        assert kind in page
