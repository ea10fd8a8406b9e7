"""The customer's own data on one page (F148), and the settings of his account."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import people_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, address_in, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in
from kontor_portal.views.account import account_settings

customer_profile = Blueprint("customer_profile", __name__)

_OWN_FIELDS = ["title", "family_name", "phone", "address"]
"""What customers may change themselves; given name and date of birth are shown only (F149)."""


@customer_profile.get("/kunde/profil")
def profile() -> ResponseReturnValue:
    """Show data and settings."""
    return _show(Form())


@customer_profile.post("/kunde/profil")
def update() -> ResponseReturnValue:
    """Change the data."""
    values, customer_id = sent(), signed_in().customer_id
    changed = people_pb2.Customer(
        title=values.get("title", ""),
        family_name=values.get("family_name", ""),
        phone=values.get("phone", ""),
        address=address_in(values),
        etag=values.get("etag", ""),
    )
    try:
        gateway.identity().UpdateCustomer(
            people_pb2.UpdateCustomerRequest(
                customer=changed,
                customer_id=customer_id,
                update_mask=FieldMask(paths=_OWN_FIELDS),
                request_id=new_request_id(),
            )
        )
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Ihre Daten sind gespeichert.", du="Deine Daten sind gespeichert."), "ok")
    return redirect("/kunde/profil", 303)


def _show(form: Form) -> ResponseReturnValue:
    customer = gateway.identity().GetCustomer(people_pb2.GetCustomerRequest(customer_id=signed_in().customer_id))
    titles = (Choice("", t("ohne Titel")), *(Choice(title, title) for title in ("Dr.", "Prof.", "Prof. Dr.")))
    return render_template(
        "customer/profile.html", customer=customer, titles=titles, form=form, account=account_settings()
    ), form.status
