"""The firm's surcharges on what customers use beside their tier: scans and storage (F6, F14–F17)."""

from __future__ import annotations

import grpc
from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import prices_pb2, usage_pb2

from kontor_portal import gateway
from kontor_portal.customers import staff_names
from kontor_portal.formatting import money
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.usage_views import usage_item

broker_usage_prices = Blueprint("broker_usage_prices", __name__)

_TIERS = {2: prices_pb2.TIER_2, 3: prices_pb2.TIER_3}
_ITEMS = {
    usage_pb2.USAGE_ITEM_SCANNED_SHEET: "blatt",
    usage_pb2.USAGE_ITEM_SCANNED_BINDER: "ordner",
    usage_pb2.USAGE_ITEM_STORAGE_BLOCK: "speicher",
}
"""What stands for each thing in an address."""


@broker_usage_prices.get("/makler/preise/verbrauch")
def prices() -> ResponseReturnValue:
    """Show what further use costs today, and how that comes about."""
    return _show(Form(), "")


@broker_usage_prices.post("/makler/preise/verbrauch/<word>/<int:tier>")
def set_surcharge(word: str, tier: int) -> ResponseReturnValue:
    """Set the firm's surcharge on a unit from a day on."""
    item = next((each for each, known in _ITEMS.items() if known == word), None)
    if item is None or tier not in _TIERS:
        abort(404)
    values, part = sent(), f"{word}-{tier}"
    net = euros(values.get("net", ""))
    if net is None:
        return _show(Form(values, {"net": t("Bitte geben Sie einen Betrag ein, zum Beispiel 5,00.")}), part)
    wanted = usage_pb2.SetUsageSurchargeRequest(
        tier=_TIERS[tier],
        item=item,
        net=net,
        valid_from=values.get("valid_from", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.usage().SetUsageSurcharge(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), part)
    flash(t("Ihr Aufschlag auf „%(item)s“ in Stufe %(tier)s beträgt %(net)s.",
            item=usage_item(item), tier=tier, net=money(net)), "ok")  # fmt: skip
    return redirect("/makler/preise/verbrauch", 303)


def _show(form: Form, part: str) -> ResponseReturnValue:
    plan = gateway.usage().GetUsagePricePlan(usage_pb2.GetUsagePricePlanRequest())
    return render_template(
        "broker/usage_prices.html", plan=plan, words=_ITEMS, form=form, form_part=part, staff=staff_names()
    ), form.status
