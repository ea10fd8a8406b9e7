"""Paper binders of a customer, seen by himself and by his broker: order, follow, decide (F16, F61)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.billing.v1 import usage_pb2
from kontor.vault.v1 import binders_pb2

from kontor_portal import gateway
from kontor_portal.formatting import money
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import asked, next_page, page_token
from kontor_portal.requests import signed_in
from kontor_portal.usage_views import asked_usage, price_terms
from kontor_portal.views.broker_customer import customer_tabs, the_customer

binder_pages = Blueprint("binder_pages", __name__)

_BINDER: Final = usage_pb2.USAGE_ITEM_SCANNED_BINDER
_WISHES: Final = {
    "zurueck": binders_pb2.BINDER_STATE_RETURN_WANTED,
    "vernichten": binders_pb2.BINDER_STATE_DESTRUCTION_ALLOWED,
    "behalten": binders_pb2.BINDER_STATE_STORED,
}


def asked_binders(customer_id: str) -> Callable[[], tuple[binders_pb2.BinderOrder, ...]]:
    """Ask for a customer's binders without waiting."""
    wanted = binders_pb2.ListBinderOrdersRequest(customer_id=customer_id, page_size=20)
    answer = asked(gateway.binders().ListBinderOrders, wanted, binders_pb2.ListBinderOrdersResponse())
    return lambda: tuple(answer().binder_orders)


@binder_pages.get("/kunde/post/ordner")
def own_new() -> ResponseReturnValue:
    """Show the form to order a binder."""
    return _own_new(Form())


@binder_pages.post("/kunde/post/ordner")
def own_order() -> ResponseReturnValue:
    """Order a binder."""
    try:
        made = _order(signed_in().customer_id)
    except grpc.RpcError as error:
        return _own_new(refused(error))
    return redirect(f"/kunde/post/ordner/{made.binder_order_id}", 303)


@binder_pages.get("/kunde/post/ordner/<id:order_id>")
def own_binder(order_id: str) -> ResponseReturnValue:
    """Show a binder with its registers, its way, and the documents that came of it."""
    customer_id = signed_in().customer_id
    places = binders_pb2.ListBinderPlacesRequest(
        customer_id=customer_id, binder_order_id=order_id, page_size=50, page_token=page_token()
    )
    answer = asked(gateway.binders().ListBinderPlaces, places, binders_pb2.ListBinderPlacesResponse())
    binder = _binder(customer_id, order_id)
    return render_template(
        "customer/binder.html",
        binder=binder,
        places=tuple(answer().places),
        next_url=next_page(answer().next_page_token),
        action=f"/kunde/post/ordner/{order_id}",
    )


@binder_pages.post("/kunde/post/ordner/<id:order_id>")
def own_change(order_id: str) -> ResponseReturnValue:
    """Cancel the order, or say what becomes of the paper."""
    customer_id, values = signed_in().customer_id, sent()
    try:
        if "wish" in values:
            gateway.binders().DecideBinderOrder(
                binders_pb2.DecideBinderOrderRequest(
                    customer_id=customer_id,
                    binder_order_id=order_id,
                    state=_WISHES.get(values["wish"], binders_pb2.BINDER_STATE_STORED),
                    return_address=values.get("return_address", ""),
                    etag=values.get("etag", ""),
                    request_id=new_request_id(),
                )
            )
            flash(t("Ihr Wunsch ist beim Scan-Zentrum.", du="Dein Wunsch ist beim Scan-Zentrum."), "ok")
        else:
            _cancel(customer_id, order_id)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/kunde/post/ordner/{order_id}", 303)


@binder_pages.get("/makler/kunden/<id:customer_id>/post/ordner")
def customer_s_new(customer_id: str) -> ResponseReturnValue:
    """Show the form to order a binder for a customer."""
    return _new_for(customer_id, Form())


@binder_pages.post("/makler/kunden/<id:customer_id>/post/ordner")
def customer_s_order(customer_id: str) -> ResponseReturnValue:
    """Order a binder for a customer."""
    try:
        made = _order(customer_id)
    except grpc.RpcError as error:
        return _new_for(customer_id, refused(error))
    return redirect(f"/makler/kunden/{customer_id}/post/ordner/{made.binder_order_id}", 303)


@binder_pages.get("/makler/kunden/<id:customer_id>/post/ordner/<id:order_id>")
def customer_s_binder(customer_id: str, order_id: str) -> ResponseReturnValue:
    """Show the broker where a customer's binder is."""
    return render_template(
        "broker/binder.html",
        binder=_binder(customer_id, order_id),
        customer=the_customer(customer_id),
        tabs=customer_tabs(customer_id),
        action=f"/makler/kunden/{customer_id}/post/ordner/{order_id}",
    )


@binder_pages.post("/makler/kunden/<id:customer_id>/post/ordner/<id:order_id>")
def customer_s_change(customer_id: str, order_id: str) -> ResponseReturnValue:
    """Cancel an order for a customer."""
    try:
        _cancel(customer_id, order_id)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(f"/makler/kunden/{customer_id}/post/ordner/{order_id}", 303)


def _own_new(form: Form) -> ResponseReturnValue:
    price = _price(signed_in().customer_id)
    return render_template("customer/binder_new.html", form=form, back="/kunde/post", price=price), form.status


def _price(customer_id: str) -> str:
    """Return what a binder costs this customer; nothing where that may not be seen."""
    none = usage_pb2.GetUsagePricesResponse()
    offered = asked(gateway.usage().GetUsagePrices, usage_pb2.GetUsagePricesRequest(), none)
    used = asked_usage(customer_id)()
    agreed = next((line.unit_net for line in used.lines if line.item == _BINDER), None)
    today = [each for each in offered().prices if each.item == _BINDER and each.tier == used.tier]
    if today and agreed == today[0].unit.net:
        return price_terms(today)[0]
    return t("Ordner scannen: %(net)s je Ordner, zuzüglich Steuern", net=money(agreed)) if agreed is not None else ""


def _new_for(customer_id: str, form: Form) -> ResponseReturnValue:
    customer, tabs = the_customer(customer_id), customer_tabs(customer_id)
    back = f"/makler/kunden/{customer_id}/post"
    return render_template(
        "broker/binder_new.html", form=form, customer=customer, tabs=tabs, back=back, price=_price(customer_id)
    ), form.status


def _order(customer_id: str) -> binders_pb2.BinderOrder:
    values = sent()
    wanted = binders_pb2.CreateBinderOrderRequest(
        customer_id=customer_id,
        name=values.get("name", ""),
        pickup_address=values.get("pickup_address", ""),
        wish_on=values.get("wish_on", ""),
        note=values.get("note", ""),
        request_id=new_request_id(),
    )
    made = gateway.binders().CreateBinderOrder(wanted)
    flash(t("Das Scannen des Ordners ist bestellt."), "ok")
    return made


def _cancel(customer_id: str, order_id: str) -> None:
    wanted = binders_pb2.CancelBinderOrderRequest(
        customer_id=customer_id, binder_order_id=order_id, request_id=new_request_id()
    )
    gateway.binders().CancelBinderOrder(wanted)
    flash(t("Die Bestellung ist storniert."), "ok")


def _binder(customer_id: str, order_id: str) -> binders_pb2.BinderOrder:
    wanted = binders_pb2.GetBinderOrderRequest(customer_id=customer_id, binder_order_id=order_id)
    return gateway.binders().GetBinderOrder(wanted)
