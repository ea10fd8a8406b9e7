"""How accounts are protected, as messages; nothing is decided here."""

from __future__ import annotations

from kontor.common.v1.access_pb2 import AuthLevel
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1 import signin_pb2
from kontor_chassis.ids import parse_id

from kontor_identity.account_security import Protection
from kontor_identity.devices import Visitor
from kontor_identity.entrance import Pending
from kontor_identity.passkeys import Ceremony
from kontor_identity.rpc import messages
from kontor_identity.security_tables import AccountEvent, Passkey
from kontor_identity.sessions import OpenSession


def visitor(given: signin_pb2.SignInVisitor | signin_pb2.SignInRequest) -> Visitor:
    """Return who stands at the door."""
    present = given.present_session_id
    return Visitor(
        address=given.client_address,
        device=given.device,
        firm=given.firm,
        device_token=given.device_token,
        present_session_id=parse_id(present, "present_session_id") if present else None,
    )


def browser_session(outcome: OpenSession | Pending) -> signin_pb2.BrowserSession:
    """Return an open session, or the step that is missing."""
    if isinstance(outcome, Pending):
        return signin_pb2.BrowserSession(next_step=outcome.step, ticket=outcome.ticket)
    session = outcome.session
    return signin_pb2.BrowserSession(
        session_id=str(session.session_id),
        account_id=str(session.account_id),
        membership_id=messages.text(session.membership_id),
        memberships=[
            messages.membership(view, current=view.membership_id == session.membership_id)
            for view in outcome.memberships
        ],
        auth_time=messages.timestamp(session.authenticated_at),
        level=AuthLevel.ValueType(session.level),
        can_be_strong=outcome.can_be_strong,
        email=outcome.email,
    )


def account_security(found: Protection) -> pb.AccountSecurity:
    """Return how an account is protected."""
    return pb.AccountSecurity(
        email=found.email,
        pending_email=found.pending_email,
        password_change_time=messages.timestamp(found.password_changed_at),
        totp_enabled=found.totp_since is not None,
        totp_enable_time=messages.timestamp(found.totp_since),
        recovery_codes_left=found.recovery_codes_left,
        passkey_count=found.passkey_count,
        session_count=found.session_count,
    )


def ceremony(begun: Ceremony) -> pb.PasskeyCeremony:
    """Return what a browser is to be asked."""
    return pb.PasskeyCeremony(ceremony_id=str(begun.ceremony_id), options_json=begun.options_json)


def passkey(row: Passkey) -> pb.Passkey:
    """Return a passkey as its owner sees it."""
    return pb.Passkey(
        passkey_id=str(row.passkey_id),
        name=row.name,
        create_time=messages.timestamp(row.created_at),
        last_used_time=messages.timestamp(row.last_used_at),
        synced=row.synced,
        host=row.host,
    )


def account_event(row: AccountEvent) -> pb.AccountEvent:
    """Return an entry of the account's history."""
    return pb.AccountEvent(
        account_event_id=str(row.account_event_id),
        kind=pb.AccountEventKind.ValueType(row.kind),
        event_time=messages.timestamp(row.occurred_at),
        device=row.device,
        detail=row.detail,
    )
