"""The search page, for everybody who is signed in."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from kontor_portal.found_documents import Narrowing, find_documents
from kontor_portal.reading import page_token
from kontor_portal.requests import signed_in
from kontor_portal.searching import search as find
from kontor_portal.searching import search_hint

search = Blueprint("search", __name__)

_LONGEST = 100


@search.get("/suche")
def results() -> ResponseReturnValue:
    """Show what was found."""
    session = signed_in()
    persona = session.persona(in_expert_firm=bool(g.get("in_expert_firm", False)))
    query = request.args.get("q", "").strip()[:_LONGEST]
    narrowed = Narrowing.asked(query)
    alone = narrowed.is_any or bool(page_token())
    return render_template(
        "account/search.html",
        query=query,
        found=() if alone else find(session, persona, query),
        documents=find_documents(persona, narrowed, are_own=session.is_customer),
        hint=search_hint(persona),
    )
