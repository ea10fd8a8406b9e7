"""Consent to electronic delivery: asked once beside the messages, given and revoked on a page of its own (F140)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import epost_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.identity_labels import epost_decision
from kontor_portal.links import safe_path
from kontor_portal.reading import asked, optional
from kontor_portal.requests import signed_in

customer_epost = Blueprint("customer_epost", __name__)

_PAGE: Final = "/kunde/daten/e-post"
_DECISIONS: Final[Mapping[str, pb.EPostDecision.ValueType]] = {
    "ja": pb.E_POST_DECISION_GIVEN,
    "nein": pb.E_POST_DECISION_DECLINED,
    "widerruf": pb.E_POST_DECISION_REVOKED,
}


@customer_epost.get(_PAGE)
def consent() -> ResponseReturnValue:
    """Show where the customer stands, the text and every word he said."""
    customer_id, epost = signed_in().customer_id, gateway.epost()
    entries = asked(
        epost.ListEPostDecisions,
        pb.ListEPostDecisionsRequest(customer_id=customer_id, page_size=50),
        pb.ListEPostDecisionsResponse(),
    )
    return render_template(
        "customer/epost.html",
        consent=epost.GetEPostConsent(pb.GetEPostConsentRequest(customer_id=customer_id)),
        entries=tuple(entries().entries),
        label=epost_decision,
    )


@customer_epost.get(f"{_PAGE}/frage")
def question() -> ResponseReturnValue:
    """Return the question for the top of the messages; nothing once it is answered, or for who may not answer."""
    wanted = pb.GetEPostConsentRequest(customer_id=signed_in().customer_id)
    found = optional(lambda: gateway.epost().GetEPostConsent(wanted), pb.EPostConsent())
    is_open = bool(found.sha256) and not found.decision and not signed_in().viewer_id
    return render_template("partials/epost_question.html", consent=found) if is_open else ""


@customer_epost.post(_PAGE)
def decide() -> ResponseReturnValue:
    """Keep the customer's word."""
    values = sent()
    decision = _DECISIONS.get(values.get("decision", ""), pb.E_POST_DECISION_DECLINED)
    wanted = pb.DecideEPostConsentRequest(
        customer_id=signed_in().customer_id,
        decision=decision,
        sha256=values.get("sha256", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.epost().DecideEPostConsent(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(_PAGE, 303)
    if decision == pb.E_POST_DECISION_GIVEN:
        flash(t("Danke. Unterlagen können Ihnen jetzt elektronisch zugestellt werden.",
                du="Danke. Unterlagen können dir jetzt elektronisch zugestellt werden."), "ok")  # fmt: skip
    elif decision == pb.E_POST_DECISION_REVOKED:
        flash(t("Widerrufen. Das gilt ab sofort."), "ok")
    else:
        flash(t("In Ordnung. Es bleibt bei Papier."), "ok")
    return redirect(safe_path(values.get("next"), _PAGE), 303)
