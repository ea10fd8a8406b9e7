"""The draft as everybody would see it, before it is published: customer (Sie and Du), visitor, business card."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1 import access_pb2
from kontor.common.v1.money_pb2 import Money
from kontor.contracts.v1 import contracts_pb2
from kontor.identity.v1 import brand_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import brand_draft, gateway
from kontor_portal.advisers import Adviser, dialled
from kontor_portal.choices import Choice
from kontor_portal.firms import LAYOUTS, FirmLook
from kontor_portal.forms import Form
from kontor_portal.i18n import t
from kontor_portal.requests import CONTENT_SECURITY_POLICY, current_firm, signed_in
from kontor_portal.session import Session
from kontor_portal.start_page import notices_on, scene_of
from kontor_portal.views.broker_brand import editor
from kontor_portal.views.customer_home import Papers, arranged, today
from kontor_portal.views.firm_pages import page_url

broker_brand_preview = Blueprint("broker_brand_preview", __name__)

_FRAMING: Final = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
_FRAMED: Final = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
_SAMPLES: Final = (
    ("Wohngebäude", "Nordlicht Assekuranz", "WG-88-1027", 11_890),
    ("Hausrat", "Elbe Versicherung", "HR-204512", 14_250),
    ("Privathaftpflicht", "Elbe Versicherung", "HP-204511", 6_840),
)


@broker_brand_preview.before_request
def only_administrators() -> None:
    """Refuse everybody else; the platform would refuse them, too."""
    if not signed_in().is_administrator:
        abort(403)


@broker_brand_preview.get("/makler/marke/vorschau")
def preview() -> ResponseReturnValue:
    """Show the draft in a frame, as the person and on the device that were chosen."""
    edited = editor()
    chosen = {
        "als": _among(request.args.get("als"), personas()),
        "layout": _among(request.args.get("layout"), layouts()) or str(int(edited.design.layout)),
        "geraet": _among(request.args.get("geraet"), devices()),
    }
    page = render_template(
        "broker/brand/preview.html",
        editor=edited,
        form=Form(),
        chosen=chosen,
        personas=personas(),
        layouts=layouts(),
        devices=devices(),
    )
    return _sent(page, _FRAMED)


@broker_brand_preview.get("/makler/marke/vorschau/seite")
def page() -> ResponseReturnValue:
    """Show the draft itself."""
    firm = _draft_look()
    g.firm, g.preview_session = firm, _sample_customer()
    persona = request.args.get("als", "kunde")
    if persona == "besucher":
        shown = render_template(
            "public/landing.html", scene=scene_of(firm), notices=notices_on(firm.design, today()), shell=None
        )
    elif persona == "karte":
        directory = [(entry, dialled(entry.number)) for entry in firm.design.phone_directory]
        shown = render_template("public/card.html", directory=directory, route="", page_url=page_url(firm), shell=None)
    else:
        g.informal = persona == "du"
        home = arranged(firm, g.preview_session.name, _samples(firm))
        shown = render_template("customer/home.html", home=home, areas=access_pb2.Area)
    return _sent(shown, _FRAMING)


@broker_brand_preview.get("/makler/marke/vorschau/farben.css")
def colors() -> ResponseReturnValue:
    """Send the colours of the draft."""
    return Response(_draft_look().brand.stylesheet(), content_type="text/css; charset=utf-8")


def personas() -> tuple[Choice, ...]:
    """Return as whom the draft can be seen."""
    return (
        Choice("kunde", t("Kunde (Sie)")),
        Choice("du", t("Kunde (Du)")),
        Choice("besucher", t("Besucher")),
        Choice("karte", t("Visitenkarte")),
    )


def layouts() -> tuple[Choice, ...]:
    """Return the layouts to try."""
    return tuple(Choice(choice.value, choice.label) for choice in brand_draft.layouts())


def devices() -> tuple[Choice, ...]:
    """Return the devices to try."""
    return (Choice("rechner", t("Rechner")), Choice("telefon", t("Telefon")))


def _among(given: str | None, choices: tuple[Choice, ...]) -> str:
    known = {choice.value for choice in choices}
    if given in known:
        return str(given)
    return "" if choices[0].value.isdecimal() else choices[0].value


def _draft_look() -> FirmLook:
    presence = gateway.brands().GetPresence(brand_pb2.GetPresenceRequest(slug=current_firm().slug))
    draft = brand_draft.read()
    wanted = request.args.get("layout", "")
    if wanted.isdecimal() and int(wanted) in LAYOUTS:
        draft.design.layout = brand_draft.layout_of(wanted)
    return brand_draft.look_of_draft(presence, draft)


def _sample_customer() -> Session:
    """Return a customer who does not exist; it opens nothing, only the frame of the page is his."""
    own = signed_in()
    return replace(own, customer_id=own.account_id, name=t("Familie Brandt"), roles=frozenset({"CUSTOMER"}))


def _samples(firm: FirmLook) -> Papers:
    """Return the papers of a customer who does not exist: a preview shows nobody's data."""
    contracts = tuple(
        contracts_pb2.Contract(
            line_of_business_name=line,
            insurer_name=insurer,
            number=number,
            status=contracts_pb2.CONTRACT_STATUS_ACTIVE,
            premium=Money(minor_units=cents, currency="EUR"),
            payment_interval=contracts_pb2.PAYMENT_INTERVAL_YEARLY,
        )
        for line, insurer, number, cents in _SAMPLES
    )
    documents = tuple(
        vault_pb2.Document(title=title, kind=kind, media_type="application/pdf")
        for title, kind in (
            (t("Versicherungsschein Hausrat"), vault_pb2.DOCUMENT_KIND_POLICY),
            (t("Beitragsrechnung"), vault_pb2.DOCUMENT_KIND_INVOICE),
        )
    )
    adviser = Adviser(signed_in().name, firm.name, firm.email, firm.phone)
    return Papers(adviser=adviser, contracts=contracts, documents=documents, unread_messages=1)


def _sent(page: str, policy: str) -> Response:
    response = make_response(page)
    response.headers["Content-Security-Policy"] = policy
    return response
