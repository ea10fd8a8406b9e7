"""Listings: services that experts offer and the network checks (F102, F104, F110).

Owns their states. An edited listing is a draft again and must be checked anew; orders keep what they were saved with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.experts.v1.events_pb2 import ServicePublished, ServiceSubmitted
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id

from kontor_experts import tables
from kontor_experts.consent_texts import check_template
from kontor_experts.forms import Form
from kontor_experts.states import ListingState, check_listing_step

LARGEST_AMOUNT_MINOR = 1_000_000_00
"""Ten million cents: more is taken for a slip of the keyboard."""


@dataclass(frozen=True)
class ListingText:
    """What an expert writes about a service."""

    title: str
    description: str
    category: str
    compensation_kind: str
    compensation_minor: int
    transaction_fee_minor: int
    form_schema: str
    consent_template: str
    customer_fields: Sequence[str]


async def create_listing(tx: Transaction, text: ListingText, *, firm_name: str) -> tables.Listing:
    """Create a draft; raises INVALID for a form, a consent text or an amount that cannot be accepted."""
    check_text(text)
    listing = tables.Listing(
        service_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        expert_account_id=tx.principal.required_account(),
        expert_name=tx.principal.display_name,
        expert_firm_name=firm_name,
        state=ListingState.DRAFT,
        rejection_reason="",
        created_at=tx.now,
        **_columns(text),
    )
    tx.session.add(listing)
    await tx.session.flush()
    return listing


async def update_listing(tx: Transaction, service_id: UUID, text: ListingText, *, etag: str) -> tables.Listing:
    """Change a listing; it becomes a draft. Raises like `create_listing`, and NOT_FOUND for a foreign one."""
    check_text(text)
    listing = await _own_listing(tx, service_id, etag)
    for column, value in _columns(text).items():
        setattr(listing, column, value)
    _step(listing, ListingState.DRAFT)
    await tx.session.flush()
    return listing


async def submit_listing(tx: Transaction, service_id: UUID, *, etag: str) -> tables.Listing:
    """Hand a draft to the network."""
    listing = await _own_listing(tx, service_id, etag)
    _step(listing, ListingState.SUBMITTED)
    await tx.session.flush()
    tx.publish(
        ServiceSubmitted(
            tenant_id=str(listing.tenant_id),
            service_id=str(service_id),
            title=listing.title,
            expert_account_id=str(listing.expert_account_id),
        ),
        aggregate=service_id,
    )
    return listing


async def withdraw_listing(tx: Transaction, service_id: UUID, *, etag: str) -> tables.Listing:
    """Take a listing out of the catalogue; raises PRECONDITION for a draft."""
    listing = await _own_listing(tx, service_id, etag)
    if listing.state == ListingState.DRAFT:
        check_listing_step(ListingState.DRAFT, ListingState.REJECTED)
    _step(listing, ListingState.DRAFT)
    await tx.session.flush()
    return listing


async def publish_listing(tx: Transaction, service_id: UUID, *, etag: str) -> tables.Listing:
    """Publish a submitted listing, in the name of the network."""
    listing = await _listing(tx, service_id, etag)
    _step(listing, ListingState.PUBLISHED)
    listing.published_at = tx.now
    await tx.session.flush()
    tx.publish(
        ServicePublished(
            tenant_id=str(listing.tenant_id),
            service_id=str(service_id),
            title=listing.title,
            expert_account_id=str(listing.expert_account_id),
        ),
        aggregate=service_id,
        tenant_id=listing.tenant_id,
    )
    return listing


async def reject_listing(tx: Transaction, service_id: UUID, *, reason: str, etag: str) -> tables.Listing:
    """Send a submitted listing back with a reason, in the name of the network."""
    listing = await _listing(tx, service_id, etag)
    _step(listing, ListingState.REJECTED)
    listing.rejection_reason = reason
    await tx.session.flush()
    return listing


async def visible_listing(tx: Transaction, service_id: UUID) -> tables.Listing:
    """Return a listing the caller may see: a published one, his firm's own as expert, any for the network."""
    listing = await tx.session.get(tables.Listing, service_id)
    if listing is None or not may_see(tx, listing):
        raise not_found("Diese Dienstleistung")
    return listing


def may_see(tx: Transaction, listing: tables.Listing) -> bool:
    """Whether the caller may see a listing that row-level security lets through."""
    own = tx.principal.has(Role.ROLE_EXPERT) and listing.tenant_id == tx.principal.tenant_id
    return listing.state == ListingState.PUBLISHED or own or tx.principal.has(Role.ROLE_NETWORK)


def may_see_fee(tx: Transaction, listing: tables.Listing) -> bool:
    """Whether the caller may see what the expert has agreed with the network (F106)."""
    own = tx.principal.has(Role.ROLE_EXPERT) and listing.tenant_id == tx.principal.tenant_id
    return own or tx.principal.has(Role.ROLE_NETWORK)


def check_text(text: ListingText) -> None:
    """Raise INVALID naming the field that cannot be accepted."""
    if not 3 <= len(text.title) <= 120:
        raise invalid("service.title", "Der Titel braucht 3 bis 120 Zeichen.")
    if not 10 <= len(text.description) <= 5000:
        raise invalid("service.description", "Die Beschreibung braucht 10 bis 5.000 Zeichen.")
    if not 0 <= text.compensation_minor <= LARGEST_AMOUNT_MINOR:
        raise invalid("service.compensation", "Bitte geben Sie einen Betrag zwischen 0 und 1.000.000 € an.")
    if not 0 <= text.transaction_fee_minor <= LARGEST_AMOUNT_MINOR:
        raise invalid("service.transaction_fee", "Bitte geben Sie einen Betrag zwischen 0 und 1.000.000 € an.")
    if not text.customer_fields:
        raise invalid("service.customer_fields", "Bitte nennen Sie die Kundendaten, die Sie brauchen.")
    Form.parse(text.form_schema)
    check_template(text.consent_template)


def _columns(text: ListingText) -> dict[str, object]:
    return {**asdict(text), "customer_fields": list(text.customer_fields)}


def _step(listing: tables.Listing, then: ListingState) -> None:
    check_listing_step(ListingState(listing.state), then)
    listing.state = then
    if then is not ListingState.REJECTED:
        listing.rejection_reason = ""


async def _listing(tx: Transaction, service_id: UUID, etag: str) -> tables.Listing:
    listing = await tx.session.get(tables.Listing, service_id, with_for_update=True)
    if listing is None:
        raise not_found("Diese Dienstleistung")
    check_etag(etag, listing.version)
    return listing


async def _own_listing(tx: Transaction, service_id: UUID, etag: str) -> tables.Listing:
    """Return the listing if it belongs to the expert's firm; colleagues may look after each other's."""
    listing = await tx.session.get(tables.Listing, service_id)
    if listing is None or listing.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Dienstleistung")
    return await _listing(tx, service_id, etag)
