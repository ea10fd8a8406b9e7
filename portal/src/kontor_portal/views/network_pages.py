"""The network organisation: checking listings, watching orders (F102)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.experts.v1 import catalogue_pb2, orders_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.schema_forms import questions_of

network_pages = Blueprint("network_pages", __name__)

_SERVICE_STATES: Final[Mapping[str, catalogue_pb2.ServiceState.ValueType]] = {
    "pruefung": catalogue_pb2.SERVICE_STATE_SUBMITTED,
    "veroeffentlicht": catalogue_pb2.SERVICE_STATE_PUBLISHED,
    "zurueckgegeben": catalogue_pb2.SERVICE_STATE_REJECTED,
}
_ORDER_STATES: Final[Mapping[str, tuple[orders_pb2.OrderState.ValueType, ...]]] = {
    "laufend": (orders_pb2.ORDER_STATE_PLACED, orders_pb2.ORDER_STATE_IN_PROGRESS),
    "fertig": (orders_pb2.ORDER_STATE_COMPLETED,),
    "storniert": (orders_pb2.ORDER_STATE_CANCELLED,),
}


@network_pages.get("/netzwerk")
def to_check() -> ResponseReturnValue:
    """List what waits for a check."""
    return _services(catalogue_pb2.SERVICE_STATE_SUBMITTED, "pruefung", "network/to_check.html")


@network_pages.get("/netzwerk/leistungen")
def services() -> ResponseReturnValue:
    """List listings of every state."""
    shown = request.args.get("zeige", "veroeffentlicht")
    state = _SERVICE_STATES.get(shown, catalogue_pb2.SERVICE_STATE_PUBLISHED)
    return _services(state, shown, "network/services.html")


@network_pages.get("/netzwerk/leistungen/<id:service_id>")
def service(service_id: str) -> ResponseReturnValue:
    """Show a listing to check."""
    return _show(service_id, Form())


@network_pages.post("/netzwerk/leistungen/<id:service_id>")
def decide(service_id: str) -> ResponseReturnValue:
    """Publish a listing, or send it back with a reason."""
    values, experts = sent(), gateway.experts()
    etag, request_id = values.get("etag", ""), new_request_id()
    try:
        if values.get("action") == "veroeffentlichen":
            experts.PublishService(
                catalogue_pb2.PublishServiceRequest(service_id=service_id, etag=etag, request_id=request_id)
            )
            flash(t("Veröffentlicht. Die Leistung steht im Katalog."), "ok")
        elif not values.get("reason"):
            return _show(service_id, Form(values, {"reason": t("Bitte nennen Sie dem Experten den Grund.")}))
        else:
            experts.RejectService(
                catalogue_pb2.RejectServiceRequest(
                    service_id=service_id, reason=values["reason"], etag=etag, request_id=request_id
                )
            )
            flash(t("Zurückgegeben. Der Experte sieht den Grund."), "ok")
    except grpc.RpcError as error:
        return _show(service_id, refused(error))
    return redirect("/netzwerk", 303)


@network_pages.get("/netzwerk/auftraege")
def orders() -> ResponseReturnValue:
    """List all orders without their customers."""
    shown, search = request.args.get("zeige", ""), request.args.get("suche", "").strip()[:100]
    answer = gateway.experts().ListMonitoredOrders(
        orders_pb2.ListMonitoredOrdersRequest(
            states=_ORDER_STATES.get(shown, ()), search=search, page_size=50, page_token=page_token()
        )
    )
    return render_template(
        "network/orders.html",
        orders=tuple(answer.orders),
        shown=shown,
        search=search,
        next_url=next_page(answer.next_page_token),
    )


def _services(state: catalogue_pb2.ServiceState.ValueType, shown: str, template: str) -> ResponseReturnValue:
    answer = gateway.experts().ListServices(
        catalogue_pb2.ListServicesRequest(state=state, page_size=50, page_token=page_token())
    )
    return render_template(
        template, services=tuple(answer.services), shown=shown, next_url=next_page(answer.next_page_token)
    )


def _show(service_id: str, form: Form) -> ResponseReturnValue:
    experts = gateway.experts()
    found = experts.GetService(catalogue_pb2.GetServiceRequest(service_id=service_id))
    ratings = experts.ListRatings(catalogue_pb2.ListRatingsRequest(service_id=service_id))
    return render_template(
        "network/service.html",
        service=found,
        questions=questions_of(found.form_schema),
        ratings=tuple(ratings.ratings),
        form=form,
    ), form.status
