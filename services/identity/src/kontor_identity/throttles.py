"""Slowing down who guesses (F96): per account, network address and firm, counted in the database.

An attempt is counted before it is checked, so that parallel guesses gain nothing; success takes the count back. Pauses
double and end at 15 minutes. Nobody can be locked out by others: a device the account knows is counted by itself alone
(OWASP's device cookie), and a firm under attack is not slowed; there, unknown devices need a code by mail in addition
(see `entrance`). Keys are blinded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.sentences import said
from sqlalchemy import case, delete, select
from sqlalchemy.dialects.postgresql import insert

from kontor_identity.sealing import Sealer
from kontor_identity.tables import LoginThrottle

FREE_ATTEMPTS_ACCOUNT = 5
FREE_ATTEMPTS_ADDRESS = 30
"""Behind one address may sit a whole office."""
FAILURES_OF_AN_ATTACK = 100
"""So many failures at one firm's accounts, with less than an hour between them, are no people who forgot something."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """One attempt, by the blinded keys it is counted under; the first is its own, the second the address's."""

    limits: tuple[tuple[bytes, int], ...]
    """Key and free attempts."""


def pause_after(failures: int, free_attempts: int) -> timedelta:
    """Return how long the next attempt has to wait after so many failures in a row."""
    beyond = failures - free_attempts
    if beyond < 0:
        return timedelta()
    return min(FIRST_PAUSE * (1 << min(beyond, 20)), LONGEST_PAUSE)


def attempt_of(sealer: Sealer, subject: str, address: str, device: bytes | None = None) -> Attempt:
    """Return the attempt at `subject` (an e-mail address, a second factor) from a network address.

    `device` is a device the account knows; then only that device's attempts count.
    """
    if device is not None:
        return Attempt(((sealer.blind("device", subject, device.hex()), FREE_ATTEMPTS_ACCOUNT),))
    own = (sealer.blind("account", subject), FREE_ATTEMPTS_ACCOUNT)
    return Attempt((own, *request_of(sealer, address).limits))


def request_of(sealer: Sealer, address: str) -> Attempt:
    """Return a request for a mail, which only counts for the network address it comes from."""
    return Attempt(((sealer.blind("address", address), FREE_ATTEMPTS_ADDRESS),))


async def count_attempt(tx: Transaction, attempt: Attempt) -> None:
    """Count an attempt before it is checked; commit afterwards.

    Raises EXHAUSTED "TOO_MANY_ATTEMPTS" with `wait_seconds` while a pause runs; such attempts are not counted.
    """
    found = await _locked(tx, attempt)
    for key, _ in attempt.limits:
        _refuse_while_blocked(found.get(key), tx.now)
    for key, free_attempts in attempt.limits:
        _count(tx, found.get(key), key, free_attempts)


async def forgive(tx: Transaction, attempt: Attempt) -> None:
    """Take back what the attempt counted."""
    found = await _locked(tx, attempt)
    for position, (key, _) in enumerate(attempt.limits):
        row = found.get(key)
        if row is not None:
            row.failures = 0 if position == 0 else max(0, row.failures - 1)
            row.blocked_until = None


async def count_failure_at(tx: Transaction, sealer: Sealer, tenant_ids: Sequence[UUID]) -> None:
    """Count a failure at firms' accounts; nobody is slowed by it."""
    for key in sorted(_firm_key(sealer, tenant_id) for tenant_id in tenant_ids):
        fresh = insert(LoginThrottle).values(key=key, failures=1, last_attempt_at=tx.now)
        went_on = LoginThrottle.last_attempt_at > tx.now - FORGOTTEN_AFTER
        counted = case((went_on, LoginThrottle.failures + 1), else_=1)
        await tx.session.execute(
            fresh.on_conflict_do_update(index_elements=["key"], set_={"failures": counted, "last_attempt_at": tx.now})
        )


async def is_under_attack(tx: Transaction, sealer: Sealer, tenant_ids: Sequence[UUID]) -> bool:
    """Whether somebody is guessing his way through the accounts of one of the firms."""
    keys = [_firm_key(sealer, tenant_id) for tenant_id in tenant_ids]
    attacked = select(LoginThrottle.key).where(
        LoginThrottle.key.in_(keys),
        LoginThrottle.failures >= FAILURES_OF_AN_ATTACK,
        LoginThrottle.last_attempt_at > tx.now - FORGOTTEN_AFTER,
    )
    return (await tx.session.execute(attacked.limit(1))).first() is not None


async def forget_old_attempts(tx: Transaction) -> None:
    """Delete what no longer slows anybody."""
    await tx.session.execute(delete(LoginThrottle).where(LoginThrottle.last_attempt_at < tx.now - FORGOTTEN_AFTER))


def _firm_key(sealer: Sealer, tenant_id: UUID) -> bytes:
    return sealer.blind("firm", str(tenant_id))


async def _locked(tx: Transaction, attempt: Attempt) -> dict[bytes, LoginThrottle]:
    keys = [key for key, _ in attempt.limits]
    chosen = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key).with_for_update()
    return {row.key: row for row in (await tx.session.execute(chosen)).scalars()}


def _refuse_while_blocked(row: LoginThrottle | None, now: datetime) -> None:
    if row is None or row.blocked_until is None or row.blocked_until <= now:
        return
    seconds = max(1, int((row.blocked_until - now).total_seconds() + 0.999))
    raise DomainError(
        ErrorKind.EXHAUSTED,
        "TOO_MANY_ATTEMPTS",
        said(
            "Zu viele Fehlversuche. Bitte warten Sie noch %(wait)s und versuchen Sie es dann erneut.",
            wait=waiting_time(seconds),
        ),
        metadata={"wait_seconds": str(seconds)},
    )


def waiting_time(seconds: int) -> str:
    """Return a waiting time in German words, rounded up to minutes from one minute on."""
    if seconds < 60:
        return said("%(count)s Sekunde", count=1) if seconds == 1 else said("%(count)s Sekunden", count=seconds)
    minutes = -(-seconds // 60)
    return said("%(count)s Minute", count=1) if minutes == 1 else said("%(count)s Minuten", count=minutes)


def _count(tx: Transaction, row: LoginThrottle | None, key: bytes, free_attempts: int) -> None:
    if row is None:
        row = LoginThrottle(key=key, failures=0, last_attempt_at=tx.now)
        tx.session.add(row)
    if tx.now - row.last_attempt_at > FORGOTTEN_AFTER:
        row.failures = 0
    row.failures += 1
    row.last_attempt_at = tx.now
    row.blocked_until = tx.now + pause_after(row.failures, free_attempts)
