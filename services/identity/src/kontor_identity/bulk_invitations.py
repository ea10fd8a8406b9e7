"""Bulk invitations (F46, F170–F173): whom they concern is fixed when they are ordered; a job invites batch by batch.

    customer's item   PENDING ──▶ INVITED
                         ├──▶ EMAIL_MISSING ──resubmit──▶ PENDING
                         └──▶ ACCESS_ACTIVE | ALREADY_INVITED

A batch is one transaction: invitations, their events and the items' outcomes come together or not at all, so a crash
repeats nothing and leaves nothing out. Nothing but the batch in hand is in memory. Firms take turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from kontor.identity.v1.invitations_pb2 import BulkInvitationOutcome as Outcome
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_chassis.principal import Principal
from sqlalchemy import Row, case, func, insert, literal, select, update

from kontor_identity.addresses import PostalAddress
from kontor_identity.audiences import Chosen, chosen_customers
from kontor_identity.customers import Person, update_customer
from kontor_identity.directory import DIRECTORY
from kontor_identity.invitation_mails import progress_column
from kontor_identity.invitation_tables import BulkInvitation, BulkInvitationItem
from kontor_identity.invitations import Release, announce, invitation_of, open_invitation
from kontor_identity.tables import Customer, Invitation

RECOMMENDED: Final = ("CONTRACTS", "POLICY", "ADDENDUM", "CERTIFICATE", "TERMS")
"""Preselected for choice B (F171): what describes the cover. Invoices and letters were meant for somebody already."""
BATCH: Final = 250
_OUTCOME_NOW = case(
    (Customer.access_state == int(AccessState.ACCESS_STATE_ACTIVE), int(Outcome.BULK_INVITATION_OUTCOME_ACCESS_ACTIVE)),
    (
        Customer.access_state == int(AccessState.ACCESS_STATE_INVITED),
        int(Outcome.BULK_INVITATION_OUTCOME_ALREADY_INVITED),
    ),
    (Customer.email == "", int(Outcome.BULK_INVITATION_OUTCOME_EMAIL_MISSING)),
    else_=int(Outcome.BULK_INVITATION_OUTCOME_INVITED),
)
"""What would become of a customer at this moment."""


@dataclass(frozen=True)
class Standing:
    """A bulk invitation with its counts."""

    bulk: BulkInvitation
    outcomes: dict[int, int]
    progress: dict[int, int]


async def preview(tx: Transaction, chosen: Chosen) -> dict[int, int]:
    """Count what would become of whom, by outcome."""
    customers = chosen_customers(tx.principal.required_tenant(), chosen)
    statement = customers.with_only_columns(_OUTCOME_NOW, func.count()).group_by(_OUTCOME_NOW)
    return {int(outcome): int(count) for outcome, count in (await tx.session.execute(statement)).all()}


async def create_bulk_invitation(tx: Transaction, chosen: Chosen, *, form: int, release: Release) -> BulkInvitation:
    """Fix whom it concerns and leave the rest to the job; raises PRECONDITION "AUDIENCE_EMPTY"."""
    bulk = BulkInvitation(
        bulk_invitation_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        created_by=tx.principal.required_account(),
        created_at=tx.now,
        form=form,
        release_choice=release.choice,
        release_categories=list(release.categories),
        worked_at=tx.now,
    )
    tx.session.add(bulk)
    await tx.session.flush()
    pending = literal(int(Outcome.BULK_INVITATION_OUTCOME_PENDING))
    customers = chosen_customers(bulk.tenant_id, chosen).with_only_columns(
        literal(bulk.bulk_invitation_id), Customer.customer_id, Customer.tenant_id, pending
    )
    columns = ["bulk_invitation_id", "customer_id", "tenant_id", "outcome"]
    added: Any = await tx.session.execute(insert(BulkInvitationItem).from_select(columns, customers))
    if not added.rowcount:
        raise DomainError(ErrorKind.PRECONDITION, "AUDIENCE_EMPTY", "Auf diese Auswahl passt kein Kunde.")
    return bulk


async def bulk_invitation(tx: Transaction, bulk_id: UUID, *, lock: bool = False) -> BulkInvitation:
    """Return a bulk invitation of the caller's firm; raises NOT_FOUND."""
    bulk = await tx.session.get(BulkInvitation, bulk_id, with_for_update=lock or None)
    if bulk is None or bulk.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Sammeleinladung")
    return bulk


async def standing_of(tx: Transaction, bulks: Sequence[BulkInvitation]) -> list[Standing]:
    """Return bulk invitations with their counts, as they are at this moment."""
    item, progress = BulkInvitationItem, progress_column()
    statement = (
        select(item.bulk_invitation_id, item.outcome, progress, func.count())
        .outerjoin(Invitation, Invitation.invitation_id == item.invitation_id)
        .where(item.bulk_invitation_id.in_([bulk.bulk_invitation_id for bulk in bulks]))
        .group_by(item.bulk_invitation_id, item.outcome, progress)
    )
    found = {bulk.bulk_invitation_id: Standing(bulk, {}, {}) for bulk in bulks}
    for bulk_id, outcome, reached, count in (await tx.session.execute(statement)).all():
        standing = found[bulk_id]
        standing.outcomes[outcome] = standing.outcomes.get(outcome, 0) + count
        if reached:
            standing.progress[reached] = count
    return list(found.values())


async def resubmit(tx: Transaction, bulk_id: UUID, emails: Sequence[tuple[UUID, str]]) -> BulkInvitation:
    """Add e-mail addresses that were missing and let everybody who has one now take his turn again (F173).

    Raises PRECONDITION "EMAIL_NOT_MISSING" for a customer who was not collected for want of one.
    """
    bulk = await bulk_invitation(tx, bulk_id, lock=True)
    missing = (
        BulkInvitationItem.bulk_invitation_id == bulk_id,
        BulkInvitationItem.outcome == int(Outcome.BULK_INVITATION_OUTCOME_EMAIL_MISSING),
    )
    collected = set((await tx.session.scalars(select(BulkInvitationItem.customer_id).where(*missing))).all())
    for customer_id, email in emails:
        if customer_id not in collected:
            raise DomainError(
                ErrorKind.PRECONDITION, "EMAIL_NOT_MISSING", "Für diesen Kunden fehlt keine E-Mail-Adresse mehr."
            )
        await update_customer(tx, customer_id, _with_email(email), fields=["email"], etag="")
    reachable = select(Customer.customer_id).where(Customer.tenant_id == bulk.tenant_id, Customer.email != "")
    again = update(BulkInvitationItem).where(*missing, BulkInvitationItem.customer_id.in_(reachable))
    repeated: Any = await tx.session.execute(
        again.values(outcome=int(Outcome.BULK_INVITATION_OUTCOME_PENDING)).execution_options(synchronize_session=False)
    )
    if repeated.rowcount:
        bulk.finished_at = None
    return bulk


async def invite_in_bulk(context: JobContext) -> None:
    """The job: batch after batch, of each firm in turn, until nobody waits."""
    while True:
        async with context.work.work(DIRECTORY) as tx:
            waiting = select(BulkInvitation.bulk_invitation_id, BulkInvitation.tenant_id)
            waiting = waiting.where(BulkInvitation.finished_at.is_(None)).order_by(BulkInvitation.worked_at).limit(1)
            found = (await tx.session.execute(waiting)).one_or_none()
        if found is None:
            return
        async with context.work.work(Principal.of_service("identity", found.tenant_id)) as tx:
            await invite_batch(tx, found.bulk_invitation_id)
            await tx.commit()


async def invite_batch(tx: Transaction, bulk_id: UUID) -> int:
    """Settle the next customers of a bulk invitation, in one transaction; return how many. The last ones finish it."""
    bulk = await bulk_invitation(tx, bulk_id, lock=True)
    turn = await _next_customers(tx, bulk)
    bulk.worked_at = tx.now
    if len(turn) < BATCH:
        bulk.finished_at = tx.now
    by_outcome: dict[int, list[Row[Any]]] = {}
    for customer in turn:
        by_outcome.setdefault(customer.outcome_now, []).append(customer)
    invited = by_outcome.pop(int(Outcome.BULK_INVITATION_OUTCOME_INVITED), [])
    if invited:
        await _invite(tx, bulk, invited)
    for outcome, customers in by_outcome.items():
        settled = update(BulkInvitationItem).where(
            BulkInvitationItem.bulk_invitation_id == bulk_id,
            BulkInvitationItem.customer_id.in_([customer.customer_id for customer in customers]),
        )
        await tx.session.execute(settled.values(outcome=outcome).execution_options(synchronize_session=False))
    await tx.session.flush()
    return len(turn)


async def _next_customers(tx: Transaction, bulk: BulkInvitation) -> Sequence[Row[Any]]:
    form = literal(bulk.form).label("form") if bulk.form else Customer.form
    statement = (
        select(
            Customer.customer_id, Customer.tenant_id, Customer.salutation, Customer.title, Customer.given_name,
            Customer.family_name, Customer.email, form, _OUTCOME_NOW.label("outcome_now"),
        )
        .join(BulkInvitationItem, BulkInvitationItem.customer_id == Customer.customer_id)
        .where(
            BulkInvitationItem.bulk_invitation_id == bulk.bulk_invitation_id,
            BulkInvitationItem.outcome == int(Outcome.BULK_INVITATION_OUTCOME_PENDING),
        )
        .order_by(BulkInvitationItem.customer_id)
        .limit(BATCH)
        .with_for_update(of=Customer)
    )  # fmt: skip
    return (await tx.session.execute(statement)).all()


async def _invite(tx: Transaction, bulk: BulkInvitation, customers: Sequence[Row[Any]]) -> None:
    release = Release(bulk.release_choice, tuple(bulk.release_categories))
    invitations = [open_invitation(tx, invitation_of(customer, release)) for customer in customers]
    tx.session.add_all(invitations)
    await tx.session.flush()
    for invitation in invitations:
        announce(tx, invitation)
    await tx.run(
        "UPDATE bulk_invitation_items i SET outcome = 2, invitation_id = new.invitation_id"
        " FROM unnest($2::uuid[], $3::uuid[]) new (customer_id, invitation_id)"
        " WHERE i.bulk_invitation_id = $1 AND i.customer_id = new.customer_id",
        bulk.bulk_invitation_id,
        [invitation.customer_id for invitation in invitations],
        [invitation.invitation_id for invitation in invitations],
    )
    await tx.run(
        "UPDATE customers SET access_state = $2, form = CASE WHEN $3::int = 0 THEN form ELSE $3 END,"
        " version = version + 1 WHERE customer_id = ANY ($1::uuid[])",
        [invitation.customer_id for invitation in invitations],
        int(AccessState.ACCESS_STATE_INVITED),
        bulk.form,
    )


def _with_email(email: str) -> Person:
    return Person(0, "", "", "", "", email, "", PostalAddress())
