"""The entrance: what follows once a person has proved something. Opens a session, or asks for one more step.

password ─┬─────────────── second factor off ───────────────┬─▶ session (level 1)
mail code ┘                                                 │
    └── second factor on ──▶ ticket ──▶ code of the app ────┼─▶ session (level 2)
passkey ────────────────────────────────────────────────────┘
password from an unknown device while the firm is under attack ──▶ ticket ──▶ mail code ──▶ as above
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from kontor.common.v1.access_pb2 import AuthLevel
from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor.identity.v1.events_pb2 import SignInCodeRequested
from kontor.identity.v1.signin_pb2 import SignInStep
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind

from kontor_identity.account_events import firm_of, record_event
from kontor_identity.devices import Visitor, known_device, remember_device
from kontor_identity.memberships import MembershipView, memberships_of, preferred
from kontor_identity.sealing import Sealer
from kontor_identity.second_factor import SecondFactor, can_be_strong
from kontor_identity.sessions import OpenSession, open_session, prove_again
from kontor_identity.throttles import is_under_attack
from kontor_identity.tickets import open_ticket


class Proof(Enum):
    """What the person has just proved."""

    PASSWORD = "password"  # noqa: S105  # the kind of proof, no secret
    MAIL_CODE = "mail code"
    SECOND_FACTOR = "second factor"
    """After one of the two above."""
    PASSKEY = "passkey"

    @property
    def level(self) -> AuthLevel.ValueType:
        """How strong a session this proof makes."""
        strong = self in (Proof.SECOND_FACTOR, Proof.PASSKEY)
        return AuthLevel.AUTH_LEVEL_STRONG if strong else AuthLevel.AUTH_LEVEL_PASSWORD


@dataclass(frozen=True)
class Pending:
    """A sign-in that needs one more step; `ticket` is for this browser alone."""

    ticket: str
    step: SignInStep.ValueType


def no_membership() -> DomainError:
    """Return the refusal for a person whose access has ended everywhere."""
    return DomainError(
        ErrorKind.FORBIDDEN,
        "NO_MEMBERSHIP",
        "Ihr Zugang ist zurzeit nicht freigeschaltet. Bitte wenden Sie sich an Ihren Makler.",
    )


class Entrance:
    """Lets people in; works inside its caller's transaction, which must be committed whatever comes of it."""

    def __init__(self, second_factor: SecondFactor, sealer: Sealer, token_clock: Clock) -> None:
        self._second_factor = second_factor
        self._sealer = sealer
        self._token_clock = token_clock

    async def admit(
        self, tx: Transaction, account_id: UUID, visitor: Visitor, proof: Proof, membership_id: UUID | None = None
    ) -> OpenSession | Pending:
        """Return the open session, or the step that is missing; FORBIDDEN "NO_MEMBERSHIP" when access has ended.

        `membership_id` is what the session is to act for; otherwise the firm of the page decides.
        """
        own = await memberships_of(tx, account_id)
        if not own:
            await tx.commit()
            raise no_membership()
        if proof.level < AuthLevel.AUTH_LEVEL_STRONG and await self._second_factor.is_on(tx, account_id):
            return _pending(tx, account_id, SignInStep.SIGN_IN_STEP_SECOND_FACTOR)
        if proof is Proof.PASSWORD and await self._is_suspicious(tx, account_id, own, visitor):
            return self.send_code(tx, account_id, own, visitor)
        return await self._enter(tx, account_id, own, visitor, proof, membership_id)

    def send_code(self, tx: Transaction, account_id: UUID, own: list[MembershipView], visitor: Visitor) -> Pending:
        """Have a one-time code mailed; returns the ticket it belongs to."""
        ticket, secret = open_ticket(tx, account_id, SignInStep.SIGN_IN_STEP_MAIL_CODE)
        tenant_id = firm_of(own, visitor.firm)
        event = SignInCodeRequested(
            tenant_id=str(tenant_id), account_id=str(account_id), ticket_id=str(ticket.ticket_id)
        )
        tx.publish(event, aggregate=account_id, tenant_id=tenant_id)
        return Pending(secret, SignInStep.SIGN_IN_STEP_MAIL_CODE)

    async def _is_suspicious(
        self, tx: Transaction, account_id: UUID, own: list[MembershipView], visitor: Visitor
    ) -> bool:
        if await known_device(tx, account_id, visitor.device_token) is not None:
            return False
        return await is_under_attack(tx, self._sealer, [view.tenant_id for view in own])

    async def _enter(
        self,
        tx: Transaction,
        account_id: UUID,
        own: list[MembershipView],
        visitor: Visitor,
        proof: Proof,
        membership_id: UUID | None,
    ) -> OpenSession:
        now, strong = self._token_clock.now(), await can_be_strong(tx, account_id)
        arrival = await remember_device(tx, account_id, visitor, now)
        if visitor.present_session_id is not None and membership_id is None:
            session = await prove_again(tx, visitor.present_session_id, account_id, now, proof.level)
            if session is not None:
                return OpenSession(session, own, strong)
        chosen = preferred(own, visitor.firm)
        acting = membership_id or (chosen.membership_id if chosen else None)
        session = open_session(tx, self._token_clock, account_id, acting, visitor.device, proof.level)
        tenant_id = firm_of(own, visitor.firm)
        warn = arrival.is_new and not arrival.is_first
        kind = Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE if warn else Kind.ACCOUNT_EVENT_KIND_SIGNED_IN
        await record_event(tx, account_id, kind, device=visitor.device, tenant_id=tenant_id)
        return OpenSession(session, own, strong)


def _pending(tx: Transaction, account_id: UUID, step: SignInStep.ValueType) -> Pending:
    _, secret = open_ticket(tx, account_id, step)
    return Pending(secret, step)
