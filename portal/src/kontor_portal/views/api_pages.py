"""The API for programs: its OpenAPI document and a page to read."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from kontor_portal import apidocs, firms

api_pages = Blueprint("api_pages", __name__)


@api_pages.get("/openapi.json")
def openapi() -> Response:
    """Send the OpenAPI document."""
    response = Response(apidocs.document(), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response


@api_pages.get("/docs")
def docs() -> ResponseReturnValue:
    """Show the API as a page."""
    return render_template("public/docs.html", api=apidocs.reference(), firm=firms.PLATFORM)
