"""Changing one's own e-mail address: asked for after a fresh login, confirmed by a link to the new address.

open ──link followed──▶ confirmed (sessions go on, former and new address are told)
  ├──withdrawn, or another one asked for──▶ ended
  └──24 hours──▶ expired
The present address is told at once. Whether the new one has an account already is never said: its owner gets no link
that works, and nobody else sees a difference.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor.identity.v1.events_pb2 import CustomerChanged, EmailChangeRequested
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.ids import new_id
from sqlalchemy import func, select, update

from kontor_identity.account_events import record_event
from kontor_identity.accounts import valid_email
from kontor_identity.sealing import new_token, token_hash
from kontor_identity.security_tables import EmailChange, EmailChangeToken
from kontor_identity.tables import Account, Customer

GOOD_FOR = timedelta(hours=24)


async def request_email_change(tx: Transaction, account_id: UUID, tenant_id: UUID, email: str, device: str) -> None:
    """Have a link sent to the new address and a notice to the present one; a change asked for before ends."""
    account = await tx.session.get_one(Account, account_id)
    wanted = valid_email(email, "email")
    if wanted == account.email:
        raise invalid("email", "Das ist bereits Ihre E-Mail-Adresse.")
    await _end_open(tx, account_id)
    change = EmailChange(
        change_id=new_id(),
        account_id=account_id,
        former_email=account.email,
        new_email=wanted,
        created_at=tx.now,
        expires_at=tx.now + GOOD_FOR,
        confirmed=False,
    )
    tx.session.add(change)
    event = EmailChangeRequested(tenant_id=str(tenant_id), account_id=str(account_id), change_id=str(change.change_id))
    tx.publish(event, aggregate=account_id, tenant_id=tenant_id)
    kind = Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_REQUESTED
    await record_event(tx, account_id, kind, device=device, detail=wanted, tenant_id=tenant_id)


async def cancel_email_change(tx: Transaction, account_id: UUID, device: str) -> None:
    """Withdraw a change that is not confirmed; nothing happens when there is none."""
    if await _end_open(tx, account_id):
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_CANCELLED, device=device)


async def pending_email(tx: Transaction, account_id: UUID) -> str:
    """Return the address that waits to be confirmed; "" when none does."""
    waiting = select(EmailChange.new_email).where(
        EmailChange.account_id == account_id, EmailChange.ended_at.is_(None), EmailChange.expires_at > tx.now
    )
    return (await tx.session.execute(waiting)).scalar_one_or_none() or ""


async def mint_email_link(tx: Transaction, change_id: UUID, public_url: str) -> tuple[EmailChange, str]:
    """Return an open change with a new link for its mail; raises PRECONDITION "EMAIL_LINK_INVALID".

    Where the address has an account already there is no link: one account must not take another's user name.
    """
    change = await tx.session.get(EmailChange, change_id)
    if change is None or not _is_open(change, tx) or await _is_taken(tx, change.new_email):
        raise _invalid_link()
    token = new_token()
    tx.session.add(EmailChangeToken(token_hash=token_hash(token), change_id=change_id))
    return change, f"{public_url}/email/{token}"


async def usable_change(tx: Transaction, token: str, *, lock: bool) -> EmailChange:
    """Return the change a link would confirm; raises PRECONDITION "EMAIL_LINK_INVALID"."""
    statement = (
        select(EmailChange)
        .join(EmailChangeToken, EmailChangeToken.change_id == EmailChange.change_id)
        .where(EmailChangeToken.token_hash == token_hash(token))
    )
    if lock:
        statement = statement.with_for_update(of=EmailChange)
    change = (await tx.session.execute(statement)).scalar_one_or_none()
    if change is None or not _is_open(change, tx):
        raise _invalid_link()
    return change


async def confirm_email_change(tx: Transaction, token: str) -> EmailChange:
    """Let the new address take effect, also as the address of his customers' records that bore the former one."""
    change = await usable_change(tx, token, lock=True)
    account = await tx.session.get_one(Account, change.account_id, with_for_update=True)
    try:
        async with tx.session.begin_nested():
            account.email = change.new_email
            await tx.session.flush()
    except UniqueError:
        raise _invalid_link() from None
    change.ended_at, change.confirmed = tx.now, True
    await _update_customers(tx, change)
    await record_event(
        tx,
        change.account_id,
        Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGED,
        detail=change.new_email,
        former_email=change.former_email,
    )
    return change


async def _update_customers(tx: Transaction, change: EmailChange) -> None:
    bearing = (
        update(Customer)
        .where(Customer.account_id == change.account_id, func.lower(Customer.email) == change.former_email)
        .values(email=change.new_email, updated_at=tx.now, version=Customer.version + 1)
        .returning(Customer.customer_id, Customer.tenant_id)
        .execution_options(synchronize_session=False)
    )
    for customer_id, tenant_id in (await tx.session.execute(bearing)).all():
        event = CustomerChanged(tenant_id=str(tenant_id), customer_id=str(customer_id), fields=["email"])
        tx.publish(event, aggregate=customer_id, tenant_id=tenant_id)


async def _end_open(tx: Transaction, account_id: UUID) -> bool:
    still_open = update(EmailChange).where(EmailChange.account_id == account_id, EmailChange.ended_at.is_(None))
    ended = still_open.values(ended_at=tx.now).returning(EmailChange.expires_at)
    return any(expires_at > tx.now for expires_at in (await tx.session.execute(ended)).scalars())


async def _is_taken(tx: Transaction, email: str) -> bool:
    return (await tx.session.execute(select(Account.account_id).where(Account.email == email))).first() is not None


def _is_open(change: EmailChange, tx: Transaction) -> bool:
    return change.ended_at is None and change.expires_at > tx.now


def _invalid_link() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "EMAIL_LINK_INVALID",
        "Dieser Link gilt nicht mehr. Bitte ändern Sie Ihre E-Mail-Adresse noch einmal.",
    )
