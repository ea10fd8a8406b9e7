"""Whether everything stored is still what was stored, for the platform's operator: numbers, never a name."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import keeping_pb2 as pb

from kontor_portal import gateway

operator_keeping = Blueprint("operator_keeping", __name__)


@operator_keeping.get("/betrieb/aufbewahrung")
def keeping() -> ResponseReturnValue:
    """Show the rounds and what they found."""
    state = gateway.keeping().GetKeepingState(pb.GetKeepingStateRequest())
    return render_template("operator/keeping.html", state=state, replica=pb.OrphanRound.STORE_REPLICA)
