"""The public directory of advisers: everybody finds an office near him (F92)."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import firms_pb2

from kontor_portal import firms, gateway
from kontor_portal.reading import next_page, page_token

directory = Blueprint("directory", __name__)

_MOST_LETTERS = 80


@directory.get("/ansprechpartner")
def advisers() -> ResponseReturnValue:
    """Search by name and place; without either all are listed."""
    query = request.args.get("name", "").strip()[:_MOST_LETTERS]
    place = request.args.get("ort", "").strip()[:_MOST_LETTERS]
    asked = firms_pb2.ListAdvisersRequest(query=query, place=place, page_size=20, page_token=page_token())
    answer = gateway.firms("").ListAdvisers(asked)
    return render_template(
        "public/advisers.html",
        firm=firms.PLATFORM,
        advisers=tuple(answer.advisers),
        query=query,
        place=place,
        next_url=next_page(answer.next_page_token),
    )
