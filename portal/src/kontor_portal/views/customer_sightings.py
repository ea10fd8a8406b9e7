"""The sight ledger for its owner: all that happened to his papers, and that nobody has changed the record (F2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.extension import portal
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.sightings import KINDS, line_of

customer_sightings = Blueprint("customer_sightings", __name__)

_PERIODS: Final = {"30": timedelta(days=30), "365": timedelta(days=365)}


@customer_sightings.get("/kunde/dokumente/einsicht")
def sightings() -> ResponseReturnValue:
    """Show the ledger, narrowed as asked, and whether it is unchanged."""
    session, firm = signed_in(), current_firm()
    asked = pb.ListSightingsRequest(
        customer_id=session.customer_id,
        page_size=50,
        page_token=page_token(),
        actions=KINDS.get(request.args.get("was", ""), ()),
        by_others=request.args.get("wer", "") == "andere",
        from_time=_beginning(request.args.get("zeit", "")),
    )
    answer = gateway.vault().ListSightings(asked)
    verdict = optional(
        lambda: gateway.vault().VerifySightings(pb.VerifySightingsRequest(customer_id=session.customer_id)), None
    )
    return render_template(
        "customer/sightings.html",
        lines=tuple(line_of(entry, session.account_id, firm.name) for entry in answer.sightings),
        verdict=verdict,
        who=request.args.get("wer", ""),
        what=request.args.get("was", ""),
        period=request.args.get("zeit", ""),
        next_url=next_page(answer.next_page_token),
    )


def _beginning(period: str) -> Timestamp | None:
    if period not in _PERIODS:
        return None
    beginning = Timestamp()
    beginning.FromDatetime(portal().clock.now() - _PERIODS[period])
    return beginning
