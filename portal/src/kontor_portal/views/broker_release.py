"""What the firm's customers see of what it files: all at once for one of them, or by a rule for all (F176)."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t, tn
from kontor_portal.labels import document_kind

broker_release = Blueprint("broker_release", __name__)


@broker_release.post("/makler/kunden/<id:customer_id>/dokumente/freigabe")
def release_all(customer_id: str) -> ResponseReturnValue:
    """Let the customer see everything that was filed for him."""
    wanted = pb.ReleaseDocumentsRequest(customer_id=customer_id, request_id=new_request_id())
    released = gateway.vault().ReleaseDocuments(wanted).released
    flash(tn("%(count)s Dokument ist jetzt sichtbar.", "%(count)s Dokumente sind jetzt sichtbar.", released), "ok")
    return redirect(f"/makler/kunden/{customer_id}/dokumente", 303)


@broker_release.get("/makler/betrieb/freigaberegeln")
def rules() -> ResponseReturnValue:
    """Show which kinds are visible at once."""
    known = gateway.vault().GetReleaseRules(pb.GetReleaseRulesRequest())
    kinds = tuple(Choice(str(value), document_kind(value)) for value in pb.DocumentKind.values() if value)
    return render_template("broker/release_rules.html", kinds=kinds, chosen=frozenset(known.kinds))


@broker_release.post("/makler/betrieb/freigaberegeln")
def change_rules() -> ResponseReturnValue:
    """Change them."""
    chosen = {int(value) for value in request.form.getlist("kinds") if value.isdecimal()}
    kinds = [value for value in pb.DocumentKind.values() if value in chosen and value]
    wanted = pb.UpdateReleaseRulesRequest(rules=pb.ReleaseRules(kinds=kinds), request_id=new_request_id())
    gateway.vault().UpdateReleaseRules(wanted)
    flash(t("Gespeichert. Die Regeln gelten ab dem nächsten Dokument."), "ok")
    return redirect("/makler/betrieb/freigaberegeln", 303)
