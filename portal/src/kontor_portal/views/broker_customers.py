"""The firm's customers: list with search, and a new one by hand (F128)."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import people_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, address_in, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import salutation
from kontor_portal.reading import next_page, page_token

broker_customers = Blueprint("broker_customers", __name__)

_ACCESS: Mapping[str, people_pb2.AccessState.ValueType] = {
    "aktiv": people_pb2.ACCESS_STATE_ACTIVE,
    "eingeladen": people_pb2.ACCESS_STATE_INVITED,
    "ohne": people_pb2.ACCESS_STATE_NONE,
}


@broker_customers.get("/makler/kunden")
def customers() -> ResponseReturnValue:
    """List the customers that fit the search."""
    query, access = request.args.get("suche", "").strip(), request.args.get("zugang", "")
    answer = gateway.identity().ListCustomers(
        people_pb2.ListCustomersRequest(
            query=query[:100],
            access_state=_ACCESS.get(access, people_pb2.ACCESS_STATE_UNSPECIFIED),
            page_size=25,
            page_token=page_token(),
        )
    )
    return render_template(
        "broker/customers.html",
        customers=tuple(answer.customers),
        query=query,
        access=access,
        next_url=next_page(answer.next_page_token),
    )


@broker_customers.get("/makler/kunden/neu")
def new_customer() -> ResponseReturnValue:
    """Show the form of a new customer."""
    return _form(Form())


@broker_customers.post("/makler/kunden/neu")
def create_customer() -> ResponseReturnValue:
    """Create a customer and show him."""
    values = sent()
    try:
        created = gateway.identity().CreateCustomer(
            people_pb2.CreateCustomerRequest(
                customer=customer_from(values), request_id=values.get("request_id") or new_request_id()
            )
        )
    except grpc.RpcError as error:
        return _form(refused(error))
    flash(t("%(name)s ist angelegt.", name=created.display_name), "ok")
    return redirect(f"/makler/kunden/{created.customer_id}", 303)


def customer_from(values: Mapping[str, str]) -> people_pb2.Customer:
    """Return the customer that a form describes."""
    salutations = {str(value): value for value in people_pb2.Salutation.values()}
    is_informal = values.get("form") == "du"
    return people_pb2.Customer(
        form=people_pb2.ADDRESS_FORM_DU if is_informal else people_pb2.ADDRESS_FORM_SIE,
        salutation=salutations.get(values.get("salutation", ""), people_pb2.SALUTATION_UNSPECIFIED),
        title=values.get("title", ""),
        given_name=values.get("given_name", ""),
        family_name=values.get("family_name", ""),
        birth_date=values.get("birth_date", ""),
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        address=address_in(values),
        etag=values.get("etag", ""),
    )


def salutation_choices() -> tuple[Choice, ...]:
    """Return the salutations to choose from."""
    return tuple(Choice(str(each), salutation(each) or t("keine")) for each in people_pb2.Salutation.values())


def _form(form: Form) -> ResponseReturnValue:
    return render_template(
        "broker/customer_new.html",
        form=form,
        customer=people_pb2.Customer(),
        salutations=salutation_choices(),
        request_id=new_request_id(),
    ), form.status
