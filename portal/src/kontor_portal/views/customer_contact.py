"""Who a customer can turn to: adviser (F131), numbers (F40), the way there (F135), the company (F39)."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.advisers import adviser_of, dialled
from kontor_portal.reading import optional
from kontor_portal.requests import current_firm, signed_in

customer_contact = Blueprint("customer_contact", __name__)

_DIRECTIONS = "https://www.openstreetmap.org/directions"


@customer_contact.get("/kunde/kontakt")
def contact() -> ResponseReturnValue:
    """Show the card of the adviser, the directory, the company and the way there."""
    session, firm = signed_in(), current_firm()
    return render_template(
        "customer/contact.html",
        adviser=adviser_of(session.customer_id)(),
        look=firm,
        directory=[(entry, dialled(entry.number)) for entry in firm.design.phone_directory],
        route=route(_home_of(session.customer_id), firm.address),
    )


def route(start: tenants_pb2.Address, destination: tenants_pb2.Address) -> str:
    """Return the address of a map with the way from the customer to the firm, both filled in (F135)."""
    if not destination.city:
        return ""
    ends = {"from": line_of(start), "to": line_of(destination)}
    return f"{_DIRECTIONS}?{urlencode({name: value for name, value in ends.items() if value})}"


def line_of(address: tenants_pb2.Address) -> str:
    """Return an address in one line."""
    town = f"{address.postal_code} {address.city}".strip()
    return ", ".join(filter(None, (address.street, town)))


def _home_of(customer_id: str) -> tenants_pb2.Address:
    asked = people_pb2.GetCustomerRequest(customer_id=customer_id)
    customer = optional(lambda: gateway.identity().GetCustomer(asked), people_pb2.Customer())
    return customer.address
