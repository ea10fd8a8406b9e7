"""The firm's prices: its own share per tier, and what the customer sees of it: the total (F6, F10–F13)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2, prices_pb2
from kontor.common.v1.money_pb2 import Money

from kontor_portal import gateway
from kontor_portal.customers import staff_names
from kontor_portal.formatting import money
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t

broker_prices = Blueprint("broker_prices", __name__)

_PRICED = {2: prices_pb2.TIER_2, 3: prices_pb2.TIER_3}


@dataclass(frozen=True)
class TierPricing:
    """One tier with its parts and the firm's share."""

    price: billing_pb2.TierPrice
    share: Money
    others: Money
    """Net sum of everything that is not the firm's."""


@broker_prices.get("/makler/preise")
def prices() -> ResponseReturnValue:
    """Show the price plan of today."""
    return _show(Form(), 0)


@broker_prices.post("/makler/preise/<int:tier>")
def set_share(tier: int) -> ResponseReturnValue:
    """Set the firm's share of a tier from a day on."""
    if tier not in _PRICED:
        abort(404)
    values = sent()
    net = euros(values.get("net", ""))
    if net is None:
        return _show(Form(values, {"net": t("Bitte geben Sie einen Betrag ein, zum Beispiel 5,00.")}), tier)
    wanted = billing_pb2.SetBrokerShareRequest(
        tier=_PRICED[tier],
        net=net,
        valid_from=values.get("valid_from", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.billing().SetBrokerShare(wanted)
    except grpc.RpcError as error:
        return _show(refused(error), tier)
    flash(t("Ihr Anteil an Stufe %(tier)s beträgt jetzt %(net)s.", tier=tier, net=money(net)), "ok")
    return redirect("/makler/preise", 303)


def _show(form: Form, tier: int) -> ResponseReturnValue:
    plan = gateway.billing().GetPricePlan(billing_pb2.GetPricePlanRequest())
    pricings = tuple(_pricing(each) for each in plan.tiers if each.tier in _PRICED.values())
    return render_template(
        "broker/prices.html",
        plan=plan,
        pricings=pricings,
        form=form,
        form_tier=tier,
        staff=staff_names(),
    ), form.status


def _pricing(price: billing_pb2.TierPrice) -> TierPricing:
    own = sum(each.net.minor_units for each in price.components if each.payee == billing_pb2.PAYEE_BROKER)
    others = sum(each.net.minor_units for each in price.components if each.payee != billing_pb2.PAYEE_BROKER)
    return TierPricing(price, Money(minor_units=own, currency="EUR"), Money(minor_units=others, currency="EUR"))
