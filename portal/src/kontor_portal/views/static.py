"""Static files and the firms' brand stylesheets."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, request

from kontor_portal import firms
from kontor_portal.assets import Asset
from kontor_portal.extension import portal

static = Blueprint("static", __name__)

_YEAR = "public, max-age=31536000, immutable"
_REVALIDATE = "public, no-cache"
_MINUTE = "public, max-age=60"


@static.get("/static/<path:name>")
def file(name: str) -> Response:
    """Send a static file, with or without the release in its address."""
    assets = portal().assets
    release, _, rest = name.partition("/")
    if release == assets.release and rest in assets.by_name:
        return _send(assets.by_name[rest], _YEAR)
    found = assets.by_name.get(name) or assets.by_name.get(rest)  # an older release's page asks for its own files
    if found is None:
        abort(404)
    return _send(found, _REVALIDATE)


@static.get("/brand/<slug>.css")
def brand(slug: str) -> Response:
    """Send the custom properties of a firm; an unknown firm has the platform's brand."""
    content = firms.look(slug).brand.stylesheet().encode()
    return _send(Asset(content, "text/css; charset=utf-8", hashlib.sha256(content).hexdigest()[:16]), _MINUTE)


@static.get("/favicon.ico")
def favicon() -> Response:
    """Send the icon that browsers ask for unasked."""
    return _send(portal().assets.by_name["favicon.svg"], _MINUTE)


def _send(asset: Asset, cache_control: str) -> Response:
    response = Response(asset.content, content_type=asset.media_type)
    response.headers["Cache-Control"] = cache_control
    response.set_etag(asset.etag)
    response.make_conditional(request)
    return response
