"""Consents: the customer decides whether his data go to an expert (F113, F114).

Owns asking and answering. What was shown is kept word for word; a request counts until it is answered or the order is
changed. The etag of a request is the order's, so that he agrees to what he has seen and to nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from sqlalchemy import select

from kontor_experts import announcements, orders, tables
from kontor_experts.consent_texts import CustomerField, fill, naming
from kontor_experts.forms import Form
from kontor_experts.history import record
from kontor_experts.people import KnownCustomer
from kontor_experts.states import ConsentState, OrderState, Step, check_order_step


@dataclass(frozen=True)
class ConsentRequest:
    """A request as the customer sees it."""

    consent: tables.Consent
    order: tables.Order


async def request_consent(tx: Transaction, customer: KnownCustomer, order_id: UUID, *, etag: str) -> orders.OrderView:
    """Ask the customer for his consent; he is told by an event.

    Raises INVALID while the form is incomplete, PRECONDITION in another state than the draft, and CONFLICT when the
    listing or the customer is another by now.
    """
    order = await orders.clients_order_locked(tx, order_id, etag)
    orders.require_same_customer(order, customer)
    check_order_step(OrderState(order.state), OrderState.CONSENT_REQUESTED)
    await orders.require_same_listing(tx, order)
    form = await tx.session.get_one(tables.OrderForm, order_id)
    definition = Form.parse(form.form_schema)
    definition.check(form.answers, complete=True)
    consent = tables.Consent(
        consent_id=new_id(),
        order_id=order_id,
        tenant_id=order.tenant_id,
        customer_id=order.customer_id,
        text=fill(
            form.consent_template,
            {
                "kunde": customer.record.name,
                "makler": order.client_firm_name,
                "experte": order.expert_firm_name,
                "dienstleistung": order.service_title,
                "daten": naming([CustomerField(name) for name in form.customer_fields]),
            },
        ),
        customer_fields=list(form.customer_fields),
        answers=[asdict(line) for line in definition.lines(form.answers)],
        state=ConsentState.REQUESTED,
        requested_at=tx.now,
    )
    tx.session.add(consent)
    order.state = OrderState.CONSENT_REQUESTED
    order.updated_at = tx.now
    record(tx, order, Step.CONSENT_REQUESTED)
    await tx.session.flush()
    announcements.consent_requested(tx, order)
    return orders.OrderView(order, form, consent)


async def give_consent(tx: Transaction, customer_id: UUID, order_id: UUID, *, etag: str) -> ConsentRequest:
    """Agree to the text that was shown; raises CONFLICT when the order has changed since."""
    return await _answer(tx, customer_id, order_id, etag, OrderState.CONSENT_GIVEN)


async def decline_consent(tx: Transaction, customer_id: UUID, order_id: UUID, *, etag: str) -> ConsentRequest:
    """Decline, or take consent back before the order is placed."""
    return await _answer(tx, customer_id, order_id, etag, OrderState.CONSENT_DECLINED)


async def get_consent_request(tx: Transaction, customer_id: UUID, order_id: UUID) -> ConsentRequest:
    """Return the latest request of an order to the customer asked; raises NOT_FOUND for anybody else."""
    order = await tx.session.get(tables.Order, order_id)
    consent = await orders.latest_consent(tx, order_id)
    own = tx.principal.required_customer() == customer_id
    if order is None or consent is None or not own or consent.customer_id != customer_id:
        raise not_found("Diese Anfrage")
    return ConsentRequest(consent, order)


async def with_orders(tx: Transaction, consents: Sequence[tables.Consent]) -> list[ConsentRequest]:
    """Return requests with their orders, in the order given."""
    found = await tx.session.scalars(
        select(tables.Order).where(tables.Order.order_id.in_([consent.order_id for consent in consents]))
    )
    by_id = {order.order_id: order for order in found}
    return [ConsentRequest(consent, by_id[consent.order_id]) for consent in consents if consent.order_id in by_id]


async def _answer(tx: Transaction, customer_id: UUID, order_id: UUID, etag: str, answer: OrderState) -> ConsentRequest:
    order = await tx.session.get(tables.Order, order_id, with_for_update=True)
    own = tx.principal.required_customer() == customer_id
    if order is None or not own or order.customer_id != customer_id:
        raise not_found("Diese Anfrage")
    check_etag(etag, order.version)
    check_order_step(OrderState(order.state), answer)
    consent = await orders.standing_consent(tx, order_id)
    if consent is None:
        raise not_found("Diese Anfrage")
    given = answer is OrderState.CONSENT_GIVEN
    consent.state = ConsentState.GIVEN if given else ConsentState.DECLINED
    consent.answered_at = order.updated_at = tx.now
    consent.answered_by_account_id = tx.principal.required_account()
    order.state = answer
    record(tx, order, Step.CONSENT_GIVEN if given else Step.CONSENT_DECLINED)
    await tx.session.flush()
    announcements.consent_answered(tx, order, given=given)
    return ConsentRequest(consent, order)
