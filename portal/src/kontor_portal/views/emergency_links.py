"""Pages behind links in mails about emergency access; nobody signs in for them.

Opening a page changes nothing, because programs that check mails open links. Only its button does.
"""

from __future__ import annotations

import grpc
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import emergency_pb2 as pb

from kontor_portal import emergency as words
from kontor_portal import firms, gateway
from kontor_portal.forms import refused
from kontor_portal.gateway import new_request_id

emergency_links = Blueprint("emergency_links", __name__)


@emergency_links.get("/notfall/<token>")
def look(token: str) -> ResponseReturnValue:
    """Say what is going on, with a button that stops it."""
    try:
        link = gateway.emergency("").CheckEmergencyLink(pb.CheckEmergencyLinkRequest(token=token[:200]))
    except grpc.RpcError as error:
        return _unknown(error)
    return _page(link)


@emergency_links.post("/notfall/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Stop it."""
    wanted = pb.StopByEmergencyLinkRequest(token=token[:200], request_id=new_request_id())
    try:
        return _page(gateway.emergency("").StopByEmergencyLink(wanted))
    except grpc.RpcError as error:
        return _unknown(error)


@emergency_links.get("/notfall/absage/<token>")
def ask_to_decline(token: str) -> ResponseReturnValue:
    """Ask once more before an invitation to be a trusted person is declined."""
    return render_template("public/trust_decline.html", done=False, problem=""), 200


@emergency_links.post("/notfall/absage/<token>")
def decline(token: str) -> ResponseReturnValue:
    """Decline it."""
    wanted = pb.DeclineTrustedPersonInvitationRequest(token=token[:200], request_id=new_request_id())
    try:
        gateway.emergency("").DeclineTrustedPersonInvitation(wanted)
    except grpc.RpcError as error:
        form = refused(error)
        return render_template("public/trust_decline.html", done=False, problem=form.problem_text), form.status
    return render_template("public/trust_decline.html", done=True, problem="")


def _page(link: pb.EmergencyLink) -> ResponseReturnValue:
    firm = firms.look(link.tenant_slug)
    return render_template("public/emergency_link.html", link=link, firm=firm, state=words.request_state(link.state))


def _unknown(error: grpc.RpcError) -> ResponseReturnValue:
    form = refused(error)
    return render_template("public/emergency_link.html", link=None), form.status
