"""What a firm shows to everybody: its entrance, its digital business card (F127), the button for its homepage (F80)."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response, abort, g, make_response, render_template
from flask.typing import ResponseReturnValue

from kontor_portal import business_card, cookies, firms
from kontor_portal.advisers import dialled
from kontor_portal.extension import portal
from kontor_portal.firms import FirmLook
from kontor_portal.i18n import t
from kontor_portal.start_page import notices_on, scene_of
from kontor_portal.views.customer_contact import route
from kontor_portal.views.customer_home import today

firm_pages = Blueprint("firm_pages", __name__)

_HOUR = "public, max-age=3600"


@firm_pages.get("/f/<slug>")
def landing(slug: str) -> ResponseReturnValue:
    """Show a firm's entrance, and remember the firm for the sign-in."""
    firm = known(slug)
    response = make_response(entrance_of(firm))
    cookies.set_firm(response, firm.slug)
    return response


@firm_pages.get("/f/<slug>/karte")
def card(slug: str) -> ResponseReturnValue:
    """Show the firm's digital business card."""
    firm = known(slug)
    return render_template(
        "public/card.html",
        directory=[(entry, dialled(entry.number)) for entry in firm.design.phone_directory],
        route=route(firm.address, firm.address) if firm.address.city else "",
        page_url=page_url(firm),
    )


@firm_pages.get("/f/<slug>/karte.vcf")
def vcard(slug: str) -> ResponseReturnValue:
    """Send the card for an address book."""
    firm = known(slug)
    response = Response(business_card.vcard(firm, page_url(firm)), content_type=business_card.MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{firm.slug}.vcf"'
    return response


@firm_pages.get("/f/<slug>/karte.svg")
def qr_code(slug: str) -> ResponseReturnValue:
    """Send the QR code that leads to the card."""
    firm = known(slug)
    content = business_card.qr_code(f"{page_url(firm)}/karte")
    return Response(content, content_type="image/svg+xml", headers={"Cache-Control": _HOUR})


@firm_pages.get("/f/<slug>/login.svg")
def login_button(slug: str) -> ResponseReturnValue:
    """Draw the button that the firm puts on its own homepage (F80)."""
    firm = known(slug)
    label = escape(t("Zum Kundenbereich"))
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 56" width="260" height="56" role="img">'
        f"<title>{label}</title>"
        f'<rect width="260" height="56" rx="10" fill="{firm.brand.primary}"/>'
        f'<path d="M34 26v-4a6 6 0 0 1 12 0v4M30 26h20v14H30z" fill="none" stroke="{firm.brand.ink}" stroke-width="2.5"'
        ' stroke-linejoin="round"/>'
        f'<text x="62" y="34" fill="{firm.brand.ink}" font-family="system-ui, Arial, sans-serif" font-size="17"'
        f' font-weight="600" textLength="176" lengthAdjust="spacingAndGlyphs">{label}</text></svg>\n'
    )
    response = Response(drawing, content_type="image/svg+xml", headers={"Cache-Control": _HOUR})
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def entrance_of(firm: FirmLook) -> str:
    """Return a firm's entrance page."""
    g.firm = firm
    return render_template(
        "public/landing.html", scene=scene_of(firm), notices=notices_on(firm.design, today()), page_url=page_url(firm)
    )


def known(slug: str) -> FirmLook:
    """Return the firm of an address, and let the page be its; 404 for a short name that no firm has."""
    firm = firms.look(slug)
    if firm.is_platform:
        abort(404)
    g.firm = firm
    return firm


def page_url(firm: FirmLook) -> str:
    """Return the full address of a firm's entrance: on its own domain where it has one (F79)."""
    public_url = portal().settings.public_url
    origin = f"{public_url.split('://')[0]}://{firm.host}" if firm.host else public_url
    return f"{origin}/f/{firm.slug}"
