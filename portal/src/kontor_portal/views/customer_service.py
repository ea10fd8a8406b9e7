"""The service agreement: tiers side by side with what they cost, signing, withdrawing, cancelling (F7–F13)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import billing_pb2, prices_pb2, usage_pb2
from kontor_chassis.clock import billing_day

from kontor_portal import gateway
from kontor_portal.extension import portal
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import optional
from kontor_portal.requests import signed_in
from kontor_portal.tiers import TierText, tier_text
from kontor_portal.usage_views import asked_usage, price_terms
from kontor_portal.views.customer_home import running_agreement

customer_service = Blueprint("customer_service", __name__)

_SIGNABLE = (prices_pb2.TIER_2, prices_pb2.TIER_3)


@dataclass(frozen=True)
class TierCard:
    """One tier with its price and its words."""

    offer: billing_pb2.TierOffer
    text: TierText
    is_current: bool


@dataclass(frozen=True)
class Signing:
    """Everything that is shown before a tier is signed."""

    offer: billing_pb2.TierOffer
    text: TierText
    agreement_text: billing_pb2.AgreementText
    terms: tuple[str, ...]
    """What further use costs."""
    request_id: str


@customer_service.get("/kunde/service")
def service() -> ResponseReturnValue:
    """Show the tiers and the agreement in force."""
    ask, nothing = billing_pb2.GetTierOffersRequest(), billing_pb2.GetTierOffersResponse()
    used = asked_usage(signed_in().customer_id)
    offers = optional(lambda: gateway.billing().GetTierOffers(ask), nothing)  # a firm may have closed it (F53)
    agreement = running_agreement(signed_in().customer_id)()
    today = billing_day(portal().clock.now())
    current = agreement.tier if agreement is not None else prices_pb2.TIER_1
    cards = tuple(TierCard(offer, tier_text(offer.tier), offer.tier == current) for offer in offers.offers)
    can_withdraw = agreement is not None and today <= agreement.withdrawal_until  # days compare as text
    return render_template(
        "customer/service.html", cards=cards, agreement=agreement, can_withdraw=can_withdraw, used=used()
    )


@customer_service.get("/kunde/service/abschluss/<int:tier>")
def sign_form(tier: int) -> ResponseReturnValue:
    """Show price and text of a tier to sign."""
    return _show_signing(tier, Form())


@customer_service.post("/kunde/service/abschluss/<int:tier>")
def sign(tier: int) -> ResponseReturnValue:
    """Sign the agreement that was shown."""
    values = sent()
    if values.get("accepted") != "1":
        unaccepted = t("Bitte stimmen Sie der Servicevereinbarung zu.", du="Bitte stimme der Servicevereinbarung zu.")
        return _show_signing(tier, Form(values, {"accepted": unaccepted}))
    wanted = billing_pb2.SignAgreementRequest(
        customer_id=signed_in().customer_id,
        tier=_tier(tier),
        text_version=values.get("text_version", ""),
        price_version=values.get("price_version", ""),
        accepted=True,
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        gateway.billing().SignAgreement(wanted)
    except grpc.RpcError as error:
        return _show_signing(tier, refused(error))
    flash(t("Willkommen in Stufe %(tier)s. Ihre Servicevereinbarung gilt ab sofort.", tier=tier,
            du="Willkommen in Stufe %(tier)s. Deine Servicevereinbarung gilt ab sofort."), "ok")  # fmt: skip
    return redirect("/kunde/service", 303)


@customer_service.post("/kunde/service/<id:agreement_id>/widerruf")
def withdraw(agreement_id: str) -> ResponseReturnValue:
    """Withdraw from the agreement within 14 days."""
    wanted = billing_pb2.WithdrawAgreementRequest(
        customer_id=signed_in().customer_id, agreement_id=agreement_id, request_id=new_request_id()
    )
    try:
        gateway.billing().WithdrawAgreement(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Ihr Widerruf ist eingegangen. Es entstehen keine Kosten.",
                du="Dein Widerruf ist eingegangen. Es entstehen keine Kosten."), "ok")  # fmt: skip
    return redirect("/kunde/service", 303)


@customer_service.post("/kunde/service/<id:agreement_id>/kuendigung")
def cancel(agreement_id: str) -> ResponseReturnValue:
    """End the agreement at the end of the month."""
    wanted = billing_pb2.CancelAgreementRequest(
        customer_id=signed_in().customer_id, agreement_id=agreement_id, request_id=new_request_id()
    )
    try:
        gateway.billing().CancelAgreement(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Ihre Kündigung ist eingegangen.", du="Deine Kündigung ist eingegangen."), "ok")
    return redirect("/kunde/service", 303)


def _show_signing(tier: int, form: Form) -> ResponseReturnValue:
    offers = gateway.billing().GetTierOffers(billing_pb2.GetTierOffersRequest())
    offer = next((each for each in offers.offers if each.tier == _tier(tier)), None)
    if offer is None:
        abort(404)
    prices = gateway.usage().GetUsagePrices(usage_pb2.GetUsagePricesRequest()).prices
    terms = price_terms(price for price in prices if price.tier == offer.tier)
    signing = Signing(offer, tier_text(offer.tier), offers.agreement_text, terms, new_request_id())
    return render_template("customer/sign.html", signing=signing, form=form, back=request.path), form.status


def _tier(number: int) -> prices_pb2.Tier.ValueType:
    """Return the tier of a number in an address; 404 for one that cannot be signed."""
    found = next((tier for tier in _SIGNABLE if tier == number), None)
    if found is None:
        abort(404)
    return found
