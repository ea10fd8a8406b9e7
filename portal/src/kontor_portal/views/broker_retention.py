"""How long the firm keeps what it filed: its rules, by kind."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import retention_pb2 as pb

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

broker_retention = Blueprint("broker_retention", __name__)
_PAGE = "/makler/betrieb/aufbewahrung"


@broker_retention.get(_PAGE)
def rules() -> ResponseReturnValue:
    """Show the rules."""
    return _show(Form())


@broker_retention.post(_PAGE)
def change_rules() -> ResponseReturnValue:
    """Change those that are not what they were."""
    values, known = sent(), _known()
    wanted = [_typed(rule, values) for rule in known.rules]
    changed = [new for new, old in zip(wanted, known.rules, strict=True) if _said(new) != _said(old)]
    if changed:
        request = pb.UpdateRetentionRulesRequest(rules=pb.RetentionRules(rules=changed), request_id=new_request_id())
        try:
            gateway.retention().UpdateRetentionRules(request)
        except grpc.RpcError as error:
            return _show(refused(error))
    flash(t("Gespeichert. Die Regeln gelten auch für das, was schon abgelegt ist."), "ok")
    return redirect(_PAGE, 303)


def _show(form: Form) -> ResponseReturnValue:
    return render_template("broker/retention.html", rules=tuple(_known().rules), form=form), form.status


def _known() -> pb.RetentionRules:
    return gateway.retention().GetRetentionRules(pb.GetRetentionRulesRequest())


def _typed(rule: pb.RetentionRule, values: Mapping[str, str]) -> pb.RetentionRule:
    return pb.RetentionRule(
        kind=rule.kind,
        protect_years=_years(values.get(f"protect-{rule.kind}", "")),
        end_years=_years(values.get(f"end-{rule.kind}", "")),
        basis=values.get(f"basis-{rule.kind}", ""),
    )


def _years(text: str) -> int:
    """Return a number of years; nothing typed means none."""
    return int(text) if text.isdecimal() else 0


def _said(rule: pb.RetentionRule) -> tuple[int, int, str]:
    return rule.protect_years, rule.end_years, rule.basis
