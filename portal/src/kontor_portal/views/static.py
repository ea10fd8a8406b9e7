"""Static files and the firms' brand stylesheets."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, request
from kontor.identity.v1 import brand_pb2

from kontor_portal import firms, gateway
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


@static.get("/brand/<slug>/picture/<id:picture_id>")
def picture(slug: str, picture_id: str) -> Response:
    """Send a picture or film of a firm's design; parts of it where a player asks for them."""
    found = gateway.brands(signed_in=False).GetBrandPicture(
        brand_pb2.GetBrandPictureRequest(slug=slug, picture_id=picture_id)
    )
    response = Response(found.data, content_type=found.content_type)
    response.headers["Cache-Control"] = _YEAR
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response.make_conditional(request, accept_ranges=True, complete_length=len(found.data))
    return response


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
