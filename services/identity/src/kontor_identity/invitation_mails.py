"""What becomes of an invitation's mail: sent, delivered or bounced, opened; and sending it once more.

The instants stand in the invitation's row; how far it has come (`InvitationProgress`) follows from them. A mail
server's yes counts as delivered: more is not known before the page is opened. Acceptance, end and withdrawal are
`invitations`'.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.accounts_pb2 import InvitationProgress as Progress
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.events_pb2 import InvitationRepeated
from kontor.notifications.v1.events_pb2 import InvitationMailSettled
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.events import EventMeta
from sqlalchemy import ColumnElement, case, func, select, update

from kontor_identity.accounts import normal_email
from kontor_identity.invitations import OPEN_FOR
from kontor_identity.tables import Customer, Invitation

RESEND_PAUSE: Final = timedelta(minutes=1)
_ENDED: Final[dict[int, Progress.ValueType]] = {
    InvitationState.INVITATION_STATE_ACCEPTED: Progress.INVITATION_PROGRESS_ACCEPTED,
    InvitationState.INVITATION_STATE_REVOKED: Progress.INVITATION_PROGRESS_REVOKED,
    InvitationState.INVITATION_STATE_EXPIRED: Progress.INVITATION_PROGRESS_EXPIRED,
}
_STEPS: Final = (
    ("opened_at", Progress.INVITATION_PROGRESS_OPENED),
    ("bounced_at", Progress.INVITATION_PROGRESS_BOUNCED),
    ("delivered_at", Progress.INVITATION_PROGRESS_DELIVERED),
    ("sent_at", Progress.INVITATION_PROGRESS_SENT),
)
"""The furthest first."""


def progress_of(row: Any) -> Progress.ValueType:
    """Return how far an invitation has come, from its row."""
    if row.state in _ENDED:
        return _ENDED[row.state]
    reached = (progress for column, progress in _STEPS if getattr(row, column) is not None)
    return next(reached, Progress.INVITATION_PROGRESS_CREATED)


def progress_column() -> ColumnElement[int]:
    """Return the same as a column; 0 where a query has found no invitation."""
    ended = [(Invitation.state == state, int(progress)) for state, progress in _ENDED.items()]
    steps = [(getattr(Invitation, column).is_not(None), int(progress)) for column, progress in _STEPS]
    none = (Invitation.invitation_id.is_(None), 0)
    return case(none, *ended, *steps, else_=int(Progress.INVITATION_PROGRESS_CREATED))


async def resend_invitation(tx: Transaction, invitation_id: UUID) -> Invitation:
    """Send the mail of an open invitation once more, a customer's to the address he has now; its time begins anew.

    Raises PRECONDITION "INVITATION_CLOSED", "EMAIL_MISSING", and EXHAUSTED "RESENT_TOO_SOON" within a minute.
    """
    statement = select(Invitation).where(Invitation.invitation_id == invitation_id).with_for_update()
    invitation = (await tx.session.execute(statement)).scalar_one_or_none()
    own = invitation is not None and invitation.tenant_id == tx.principal.required_tenant()
    if invitation is None or not own or Role.ROLE_TRUSTED_PERSON in invitation.roles:
        raise not_found("Diese Einladung")
    if invitation.state != InvitationState.INVITATION_STATE_OPEN:
        raise DomainError(
            ErrorKind.PRECONDITION, "INVITATION_CLOSED", "Diese Einladung ist bereits angenommen oder beendet."
        )
    refuse_too_soon(invitation, tx.now)
    invitation.email = await _present_address(tx, invitation)
    if not invitation.email:
        raise DomainError(ErrorKind.PRECONDITION, "EMAIL_MISSING", "Bitte ergänzen Sie zuerst die E-Mail-Adresse.")
    send_again(tx, invitation)
    return invitation


def refuse_too_soon(invitation: Invitation, now: datetime) -> None:
    """Raise EXHAUSTED "RESENT_TOO_SOON" within a minute of the latest sending."""
    if invitation.sent_at is not None and now - invitation.sent_at < RESEND_PAUSE:
        raise DomainError(
            ErrorKind.EXHAUSTED, "RESENT_TOO_SOON", "Die Einladung ging gerade erst hinaus. Bitte warten Sie kurz."
        )


def send_again(tx: Transaction, invitation: Invitation) -> None:
    """Have the mail of an open invitation written once more."""
    invitation.expires_at = max(invitation.expires_at, tx.now + OPEN_FOR)
    invitation.sent_at = tx.now
    invitation.delivered_at = invitation.bounced_at = None
    resent = InvitationRepeated(
        tenant_id=str(invitation.tenant_id),
        invitation_id=str(invitation.invitation_id),
        customer_id=str(invitation.customer_id or ""),
    )
    tx.publish(resent, aggregate=invitation.invitation_id, tenant_id=invitation.tenant_id)


async def mark_opened(tx: Transaction, invitation_id: UUID) -> None:
    """Note that the page of an open invitation was opened, the first time only."""
    first = update(Invitation).where(
        Invitation.invitation_id == invitation_id,
        Invitation.opened_at.is_(None),
        Invitation.state == InvitationState.INVITATION_STATE_OPEN,
    )
    await tx.session.execute(first.values(opened_at=tx.now))


async def mail_settled(tx: Transaction, event: InvitationMailSettled, _meta: EventMeta) -> None:
    """Note what the mail server said. An answer from before the latest sending says nothing about it."""
    moment = event.settle_time.ToDatetime(UTC)
    latest = update(Invitation).where(
        Invitation.invitation_id == UUID(event.invitation_id), func.coalesce(Invitation.sent_at, moment) <= moment
    )
    answered = {"delivered_at": moment} if event.delivered else {"bounced_at": moment}
    await tx.session.execute(latest.values(**answered))


async def _present_address(tx: Transaction, invitation: Invitation) -> str:
    """Return the address of the customer's books for an account holder; further people keep their own."""
    from_books = invitation.customer_id is not None and invitation.standing == 1
    if not from_books:
        return invitation.email
    customer = await tx.session.get_one(Customer, invitation.customer_id)
    return normal_email(customer.email)
