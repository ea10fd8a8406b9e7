"""Orders: saved by a client, placed once the customer has agreed, rendered by an expert (F109–F118, F123).

Owns the order's states and what the expert receives. Content is built by one function for preview and placing alike,
so that the preview shows exactly what is handed over (F112); before placing nothing of the customer leaves the firm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from kontor.common.v1.access_pb2 import Right, Role
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import concurrent_change
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from sqlalchemy import select, update

from kontor_experts import announcements, listings, tables
from kontor_experts.consent_texts import CustomerField
from kontor_experts.forms import Form, Line
from kontor_experts.history import record
from kontor_experts.people import CustomerRecord, FirmRecord, KnownCustomer
from kontor_experts.states import ConsentState, ListingState, OrderState, Step, check_order_step

EXPERT_STEPS: Mapping[OrderState, Step] = {
    OrderState.IN_PROGRESS: Step.STARTED,
    OrderState.COMPLETED: Step.COMPLETED,
    OrderState.CANCELLED: Step.CANCELLED,
}


@dataclass(frozen=True)
class Content:
    """Everything an expert receives with an order."""

    answers: tuple[Line, ...]
    customer_data: tuple[Line, ...]


@dataclass(frozen=True)
class OrderView:
    """An order with everything the caller may see of it."""

    row: tables.Order
    form: tables.OrderForm | None = None
    consent: tables.Consent | None = None
    content: tables.OrderContent | None = None
    rating: tables.Rating | None = None


async def create_order(
    tx: Transaction, firm: FirmRecord, *, service_id: UUID, customer_id: UUID, answers: Mapping[str, Any]
) -> OrderView:
    """Save a new draft of a firm for one of its customers; that he is one the caller has made sure of (F109).

    Raises NOT_FOUND without a listing, PRECONDITION "OWN_SERVICE" for the firm's own,
    FORBIDDEN "YIELD_NOT_ALLOWED" for a yield to a Versicherungsberater (F100), and INVALID for answers that the form
    does not take.
    """
    tenant_id = tx.principal.required_tenant()
    listing = await _orderable(tx, service_id)
    if listing.tenant_id == tenant_id:
        raise DomainError(
            ErrorKind.PRECONDITION, "OWN_SERVICE", "Eine Dienstleistung der eigenen Firma kann nicht bestellt werden."
        )
    _require_yield_allowed(firm, listing)
    Form.parse(listing.form_schema).check(answers, complete=False)
    order = tables.Order(
        order_id=new_id(),
        tenant_id=tenant_id,
        customer_id=customer_id,
        client_account_id=tx.principal.required_account(),
        client_firm_name=firm.name,
        expert_tenant_id=listing.tenant_id,
        service_id=service_id,
        state=OrderState.DRAFT,
        cancellation_reason="",
        created_at=tx.now,
        updated_at=tx.now,
        **_agreed(listing),
    )
    tx.session.add(order)
    await tx.session.flush()
    form = tables.OrderForm(order_id=order.order_id, tenant_id=tenant_id, answers=dict(answers), **_form_of(listing))
    tx.session.add(form)
    record(tx, order, Step.CREATED)
    await tx.session.flush()
    return OrderView(order, form)


async def update_order(
    tx: Transaction,
    firm: FirmRecord,
    order_id: UUID,
    *,
    answers: Mapping[str, Any] | None,
    customer_id: UUID | None,
    etag: str,
) -> OrderView:
    """Change an order that is not placed; it becomes a draft, and a consent asked or given before lapses.

    The listing is taken over as it is now. Raises like `create_order`, and PRECONDITION once it is placed.
    """
    order = await clients_order_locked(tx, order_id, etag)
    check_order_step(OrderState(order.state), OrderState.DRAFT)
    listing = await _orderable(tx, order.service_id)
    _require_yield_allowed(firm, listing)
    form = await tx.session.get_one(tables.OrderForm, order_id)
    kept = form.answers if answers is None else dict(answers)
    Form.parse(listing.form_schema).check(kept, complete=False)
    if customer_id is not None:
        order.customer_id = customer_id
    await _lapse_consents(tx, order_id)
    for column, value in {**_agreed(listing), "state": OrderState.DRAFT, "updated_at": tx.now}.items():
        setattr(order, column, value)
    for column, value in {**_form_of(listing), "answers": kept}.items():
        setattr(form, column, value)
    record(tx, order, Step.EDITED)
    await tx.session.flush()
    return OrderView(order, form)


@dataclass(frozen=True)
class Preview:
    """What the expert receives: what he has received already, or what he would receive of the customer as he is now."""

    customer_id: UUID
    handed_over: Content | None
    form: tables.OrderForm

    def content(self, customer: CustomerRecord) -> Content:
        """Return what he would receive."""
        return _build_content(customer, self.form, self.form.customer_fields)


async def preview_order(tx: Transaction, order_id: UUID) -> Preview:
    """Return exactly what the expert will receive (F112); after placing, what he has received."""
    order = await _clients_order(tx, order_id)
    placed = order.placed_at is not None
    handed_over = content_of(await tx.session.get_one(tables.OrderContent, order_id)) if placed else None
    return Preview(order.customer_id, handed_over, await tx.session.get_one(tables.OrderForm, order_id))


async def customer_of_order(tx: Transaction, order_id: UUID) -> UUID:
    """Return for whom the firm orders; raises NOT_FOUND for anybody else's order."""
    return (await _clients_order(tx, order_id)).customer_id


async def place_order(tx: Transaction, customer: KnownCustomer, order_id: UUID, *, etag: str) -> OrderView:
    """Make an order binding and hand the content over: the fields the consent names, as they are now (F114).

    Raises PRECONDITION without a standing consent, and CONFLICT when the listing ("SERVICE_CHANGED") or the customer is
    another by now.
    """
    order = await clients_order_locked(tx, order_id, etag)
    require_same_customer(order, customer)
    check_order_step(OrderState(order.state), OrderState.PLACED)
    await require_same_listing(tx, order)
    consent = await standing_consent(tx, order_id)
    if consent is None or consent.state != ConsentState.GIVEN:
        raise DomainError(ErrorKind.PRECONDITION, "NO_CONSENT", "Der Kunde hat noch nicht eingewilligt.")
    form = await tx.session.get_one(tables.OrderForm, order_id)
    content = _build_content(customer.record, form, consent.customer_fields)
    order.state = OrderState.PLACED
    order.placed_at = order.updated_at = tx.now
    kept = tables.OrderContent(
        order_id=order_id,
        tenant_id=order.tenant_id,
        expert_tenant_id=order.expert_tenant_id,
        answers=[asdict(line) for line in content.answers],
        customer_data=[asdict(line) for line in content.customer_data],
    )
    tx.session.add(kept)
    record(tx, order, Step.PLACED)
    await tx.session.flush()
    announcements.placed(tx, order)
    return OrderView(order, form, consent, kept)


async def set_order_status(tx: Transaction, order_id: UUID, *, state: OrderState, reason: str, etag: str) -> OrderView:
    """Set the state as the expert works (F116).

    Raises INVALID for a cancellation without a reason (F118), PRECONDITION for a step the state does not allow.
    """
    order = await _experts_order(tx, order_id, etag)
    before = OrderState(order.state)
    check_order_step(before, state)
    if state is OrderState.CANCELLED and not reason.strip():
        raise invalid("reason", "Bitte geben Sie an, warum Sie den Auftrag stornieren.", reason="REASON_MISSING")
    order.state = state
    order.updated_at = tx.now
    if state is OrderState.CANCELLED:
        order.cancellation_reason = reason.strip()
    if state in (OrderState.CANCELLED, OrderState.COMPLETED):
        order.closed_at = tx.now
    record(tx, order, EXPERT_STEPS[state], reason.strip())
    await tx.session.flush()
    announcements.status_changed(tx, order, before)
    return OrderView(order, content=await tx.session.get(tables.OrderContent, order_id))


async def get_order(tx: Transaction, order_id: UUID) -> OrderView:
    """Return an order as the caller's side sees it; raises NOT_FOUND for anybody else's."""
    order = await order_of_either_side(tx, order_id)
    if is_client(tx, order):
        return await view_for_client(tx, order)
    content = await tx.session.get(tables.OrderContent, order_id)
    return OrderView(order, content=content, rating=await tx.session.get(tables.Rating, order_id))


async def view_for_client(tx: Transaction, order: tables.Order) -> OrderView:
    """Return an order with form, consent, content and rating."""
    return OrderView(
        order,
        await tx.session.get(tables.OrderForm, order.order_id),
        await latest_consent(tx, order.order_id),
        await tx.session.get(tables.OrderContent, order.order_id),
        await tx.session.get(tables.Rating, order.order_id),
    )


def content_of(row: tables.OrderContent) -> Content:
    """Return the content that was handed over."""
    return Content(tuple(Line(**line) for line in row.answers), tuple(Line(**line) for line in row.customer_data))


def is_client(tx: Transaction, order: tables.Order) -> bool:
    """Whether the caller stands on the client's side of an order."""
    return may_order(tx) and order.tenant_id == tx.principal.tenant_id


def may_order(tx: Transaction) -> bool:
    """Whether the caller may act for a client: being an expert as well does not spare staff the right to order."""
    return tx.principal.is_staff and Right.RIGHT_ORDER in tx.principal.rights


def is_expert(tx: Transaction, order: tables.Order) -> bool:
    """Whether the caller stands on the expert's side of an order, which exists for him once it is placed."""
    own = tx.principal.has(Role.ROLE_EXPERT) and order.expert_tenant_id == tx.principal.tenant_id
    return own and order.placed_at is not None


async def order_of_either_side(tx: Transaction, order_id: UUID) -> tables.Order:
    """Return an order to its client or its expert; raises NOT_FOUND for anybody else."""
    order = await tx.session.get(tables.Order, order_id)
    if order is None or not (is_client(tx, order) or is_expert(tx, order)):
        raise not_found("Dieser Auftrag")
    return order


async def standing_consent(tx: Transaction, order_id: UUID) -> tables.Consent | None:
    """Return the consent request of an order that still counts, locked."""
    found: tables.Consent | None = await tx.session.scalar(
        select(tables.Consent)
        .where(tables.Consent.order_id == order_id)
        .where(tables.Consent.state.in_([ConsentState.REQUESTED, ConsentState.GIVEN]))
        .with_for_update()
    )
    return found


async def latest_consent(tx: Transaction, order_id: UUID) -> tables.Consent | None:
    """Return the last consent request of an order, in whatever state."""
    found: tables.Consent | None = await tx.session.scalar(
        select(tables.Consent)
        .where(tables.Consent.order_id == order_id)
        .order_by(tables.Consent.consent_id.desc())
        .limit(1)
    )
    return found


async def clients_order_locked(tx: Transaction, order_id: UUID, etag: str) -> tables.Order:
    """Return an order of the caller's firm for changing it; raises NOT_FOUND, and CONFLICT for a stale etag."""
    order = await tx.session.get(tables.Order, order_id, with_for_update=True)
    if order is None or not is_client(tx, order):
        raise not_found("Dieser Auftrag")
    check_etag(etag, order.version)
    return order


async def require_same_listing(tx: Transaction, order: tables.Order) -> None:
    """Raise CONFLICT "SERVICE_CHANGED" unless the listing is published and the one the order was saved with."""
    listing = await tx.session.get(tables.Listing, order.service_id)
    unchanged = listing is not None and listing.version == order.service_version
    if not unchanged or listing is None or listing.state != ListingState.PUBLISHED:
        raise DomainError(
            ErrorKind.CONFLICT,
            "SERVICE_CHANGED",
            "Die Dienstleistung wurde inzwischen geändert. Bitte öffnen und speichern Sie den Auftrag noch einmal.",
        )


def require_same_customer(order: tables.Order, customer: KnownCustomer) -> None:
    """Raise CONFLICT when the order has become one for another customer since he was looked up."""
    if order.customer_id != customer.customer_id:
        raise concurrent_change()


def _build_content(customer: CustomerRecord, form: tables.OrderForm, customer_fields: Sequence[str]) -> Content:
    fields = [CustomerField(name) for name in customer_fields]
    answers = Form.parse(form.form_schema).lines(form.answers)
    return Content(tuple(answers), tuple(customer.lines(fields)))


async def _lapse_consents(tx: Transaction, order_id: UUID) -> None:
    await tx.session.execute(
        update(tables.Consent)
        .where(tables.Consent.order_id == order_id)
        .where(tables.Consent.state.in_([ConsentState.REQUESTED, ConsentState.GIVEN]))
        .values(state=ConsentState.LAPSED)
    )


async def _orderable(tx: Transaction, service_id: UUID) -> tables.Listing:
    listing = await listings.visible_listing(tx, service_id)
    if listing.state != ListingState.PUBLISHED:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOT_ORDERABLE", "Diese Dienstleistung kann zurzeit nicht bestellt werden."
        )
    return listing


def _require_yield_allowed(firm: FirmRecord, listing: tables.Listing) -> None:
    """Refuse a service that pays the client to a firm that may take nothing but its client's fee (F100, decision 9)."""
    if listing.compensation_kind == "YIELD" and not firm.may_earn_yields:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            "YIELD_NOT_ALLOWED",
            "Diese Dienstleistung bringt dem Auftraggeber einen Ertrag. Versicherungsberater dürfen sie nicht "
            "bestellen (§ 34d Abs. 2 GewO).",
        )


async def _clients_order(tx: Transaction, order_id: UUID) -> tables.Order:
    order = await tx.session.get(tables.Order, order_id)
    if order is None or not is_client(tx, order):
        raise not_found("Dieser Auftrag")
    return order


async def _experts_order(tx: Transaction, order_id: UUID, etag: str) -> tables.Order:
    order = await tx.session.get(tables.Order, order_id, with_for_update=True)
    if order is None or not is_expert(tx, order):
        raise not_found("Dieser Auftrag")
    check_etag(etag, order.version)
    return order


def _agreed(listing: tables.Listing) -> dict[str, Any]:
    """Return what an order takes over from its listing."""
    return {
        "expert_account_id": listing.expert_account_id,
        "expert_name": listing.expert_name,
        "expert_firm_name": listing.expert_firm_name,
        "service_version": listing.version,
        "service_title": listing.title,
        "category": listing.category,
        "compensation_kind": listing.compensation_kind,
        "compensation_minor": listing.compensation_minor,
        "transaction_fee_minor": listing.transaction_fee_minor,
    }


def _form_of(listing: tables.Listing) -> dict[str, Any]:
    return {
        "form_schema": listing.form_schema,
        "consent_template": listing.consent_template,
        "customer_fields": list(listing.customer_fields),
    }
