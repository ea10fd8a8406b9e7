"""The catalogue of the expert network, and a new order from it (F107–F111)."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.experts.v1 import catalogue_pb2, orders_pb2
from kontor.identity.v1 import people_pb2

from kontor_portal import gateway
from kontor_portal.addresses import is_id
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.labels import category
from kontor_portal.reading import next_page, page_token
from kontor_portal.schema_forms import PREFIX, answers_from, questions_of

broker_catalogue = Blueprint("broker_catalogue", __name__)


@broker_catalogue.get("/makler/experten")
def catalogue() -> ResponseReturnValue:
    """List published services."""
    search, chosen = request.args.get("suche", "").strip()[:100], request.args.get("bereich", "")
    answer = gateway.experts().ListServices(
        catalogue_pb2.ListServicesRequest(
            category=category_of(chosen), search=search, page_size=24, page_token=page_token()
        )
    )
    return render_template(
        "broker/catalogue.html",
        services=tuple(answer.services),
        search=search,
        chosen=chosen,
        categories=category_choices(),
        customer_id=_customer_id(),
        next_url=next_page(answer.next_page_token),
    )


@broker_catalogue.get("/makler/experten/<id:service_id>")
def service(service_id: str) -> ResponseReturnValue:
    """Show a service with its ratings."""
    experts = gateway.experts()
    ratings = experts.ListRatings(catalogue_pb2.ListRatingsRequest(service_id=service_id, page_size=20))
    return render_template(
        "broker/service.html",
        service=_service(service_id),
        ratings=tuple(ratings.ratings),
        customer_id=_customer_id(),
    )


@broker_catalogue.get("/makler/experten/<id:service_id>/auftrag")
def order_form(service_id: str) -> ResponseReturnValue:
    """Show the order form, or first ask for whom."""
    customer_id = _customer_id()
    if customer_id:
        return _form(service_id, customer_id, Form())
    search = request.args.get("suche", "").strip()[:100]
    found = gateway.identity().ListCustomers(people_pb2.ListCustomersRequest(query=search, page_size=20))
    return render_template(
        "broker/order_customer.html", service=_service(service_id), customers=tuple(found.customers), search=search
    )


@broker_catalogue.post("/makler/experten/<id:service_id>/auftrag")
def create_order(service_id: str) -> ResponseReturnValue:
    """Save the order as a draft."""
    customer_id, values = _customer_id(), sent()
    answers, faults = answers_from(questions_of(_service(service_id).form_schema), values)
    if faults:
        return _form(service_id, customer_id, Form(values, faults))
    order = orders_pb2.Order(service_id=service_id, customer_id=customer_id, answers=answers)
    wanted = orders_pb2.CreateOrderRequest(order=order, request_id=values.get("request_id") or new_request_id())
    try:
        created = gateway.experts().CreateOrder(wanted)
    except grpc.RpcError as error:
        return _form(service_id, customer_id, with_answer_faults(refused(error)))
    return redirect(f"/makler/auftraege/{created.order_id}", 303)


def category_of(text: str) -> catalogue_pb2.Category.ValueType:
    """Return the category that a field of a form names."""
    known: Mapping[str, catalogue_pb2.Category.ValueType] = {
        str(value): value for value in catalogue_pb2.Category.values()
    }
    return known.get(text, catalogue_pb2.CATEGORY_UNSPECIFIED)


def category_choices() -> tuple[Choice, ...]:
    """Return the nine categories to choose from."""
    return tuple(Choice(str(value), category(value)) for value in catalogue_pb2.Category.values() if value)


def with_answer_faults(form: Form) -> Form:
    """Return the form with faults of answers beside the questions they belong to."""
    faults = {**form.errors, **{PREFIX + name: text for name, text in form.errors.items()}}
    return Form(form.values, faults, form.problem)


def _customer_id() -> str:
    given = request.args.get("kunde", "")
    return given if is_id(given) else ""


def _service(service_id: str) -> catalogue_pb2.ExpertService:
    return gateway.experts().GetService(catalogue_pb2.GetServiceRequest(service_id=service_id))


def _form(service_id: str, customer_id: str, form: Form) -> ResponseReturnValue:
    found = _service(service_id)
    return render_template(
        "broker/order_form.html",
        service=found,
        customer=gateway.identity().GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer_id)),
        questions=questions_of(found.form_schema),
        form=form,
        request_id=new_request_id(),
    ), form.status
