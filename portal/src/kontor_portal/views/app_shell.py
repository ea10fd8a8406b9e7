"""The office as an app on the home screen: manifest and icon per firm, service worker, offline page (F55, F81)."""

from __future__ import annotations

import hashlib
import json

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import brand_pb2

from kontor_portal import firms, gateway
from kontor_portal.app_icon import icon
from kontor_portal.assets import Asset
from kontor_portal.extension import portal
from kontor_portal.firms import FirmLook
from kontor_portal.reading import optional

app_shell = Blueprint("app_shell", __name__)

_MINUTES = "public, max-age=600"
_LANGUAGES = {"de": "de-DE", "en": "en-GB"}


@app_shell.get("/brand/<slug>/manifest.webmanifest")
def manifest(slug: str) -> ResponseReturnValue:
    """Describe the firm's office as an app that can be installed; the platform is not mentioned (F79)."""
    firm = _known(slug)
    described = {
        "id": f"/?firm={firm.slug}",
        "name": firm.name,
        "short_name": firm.name if len(firm.name) <= 12 else firm.name.split()[0],
        "lang": _LANGUAGES.get(request.args.get("lang", ""), "de-DE"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": firm.brand.primary,
        "icons": [
            {"src": f"/brand/{firm.slug}/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": purpose}
            for purpose in ("any", "maskable")
        ],
    }
    content = json.dumps(described, ensure_ascii=False)
    return Response(content, content_type="application/manifest+json", headers={"Cache-Control": _MINUTES})


@app_shell.get("/brand/<slug>/icon.svg")
def firm_icon(slug: str) -> ResponseReturnValue:
    """Draw the firm's icon."""
    firm = _known(slug)
    content = icon(firm, _logo(firm))
    asset = Asset(content, "image/svg+xml", hashlib.sha256(content).hexdigest()[:16])
    response = Response(asset.content, content_type=asset.media_type, headers={"Cache-Control": _MINUTES})
    response.set_etag(asset.etag)
    response.make_conditional(request)
    return response


@app_shell.get("/sw.js")
def service_worker() -> ResponseReturnValue:
    """Send the service worker; it lies at the root, because it may only serve what lies below it."""
    assets = portal().assets
    script = assets.by_name["js/service-worker.js"].content.replace(b"@release@", assets.release.encode())
    return Response(
        script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "public, no-cache"}
    )


@app_shell.get("/offline")
def offline() -> ResponseReturnValue:
    """Say that there is no connection; the service worker keeps this page for then."""
    return render_template("public/offline.html", shell=None)


def _known(slug: str) -> FirmLook:
    firm = firms.look(slug)
    if firm.is_platform:
        abort(404)
    return firm


def _logo(firm: FirmLook) -> tuple[bytes, str] | None:
    picture_id = firm.design.logo_picture_id
    if not picture_id:
        return None
    asked = brand_pb2.GetBrandPictureRequest(slug=firm.slug, picture_id=picture_id)
    found = optional(lambda: gateway.brands(signed_in=False).GetBrandPicture(asked, timeout=2), None)
    return (found.data, found.content_type) if found is not None else None
