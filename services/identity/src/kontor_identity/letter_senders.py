"""The firm as sender of its letters, and a customer's lines in the window of the envelope."""

from __future__ import annotations

from dataclasses import replace

from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import RowReader, Transaction

from kontor_identity import queries
from kontor_identity.letter_pdf import Sender
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer


async def sender_of(tx: Transaction, rows: RowReader) -> Sender:
    """Return the caller's firm with its colour and logo."""
    tenant = await own_tenant(tx)
    brand = await queries.brand(rows, tenant_id=tenant.tenant_id)
    logo = await queries.logo(rows, tenant.slug)
    sender = Sender(
        name=tenant.name,
        street=tenant.street,
        place=f"{tenant.postal_code} {tenant.city}".strip(),
        email=tenant.email,
        phone=tenant.phone,
        color=(brand.primary_color if brand else "") or "",
        printed_on=tx.now.astimezone(BILLING_ZONE).date(),
    )
    return replace(sender, logo=logo[0], logo_type=logo[1]) if logo else sender


def address_lines(customer: Customer, name: str) -> tuple[str, ...]:
    """Return the lines of the address field; the country only abroad."""
    country = "" if customer.country in ("", "DE") else customer.country
    lines = (name, customer.street, f"{customer.postal_code} {customer.city}".strip(), country)
    return tuple(line for line in lines if line)
