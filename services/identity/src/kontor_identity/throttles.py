"""Slowing down who guesses passwords (F96): per account, per address, counted in the database.

An attempt is counted before its password is checked, so that parallel guesses gain nothing; success takes the count
back. Pauses double and end at 15 minutes: nobody is locked out for good. An address from which this account has
signed in before has a counter of its own, so that a stranger's guesses do not slow the owner. Keys are blinded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind
from sqlalchemy import delete, or_, select

from kontor_identity.sealing import Sealer
from kontor_identity.tables import LoginThrottle

FREE_ATTEMPTS_ACCOUNT = 5
FREE_ATTEMPTS_ADDRESS = 30
"""Behind one address may sit a whole office."""
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
_KNOWN_ADDRESS_KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Attempt:
    """One sign-in attempt, by the blinded keys it is counted under."""

    account: bytes
    pair: bytes
    address: bytes
    by_pair: bool = False
    """Whether the account has signed in from this address before; then only the pair counts, not the account."""


def pause_after(failures: int, free_attempts: int) -> timedelta:
    """Return how long the next attempt has to wait after so many failures in a row."""
    beyond = failures - free_attempts
    if beyond < 0:
        return timedelta()
    return min(FIRST_PAUSE * (1 << min(beyond, 20)), LONGEST_PAUSE)


def attempt_of(sealer: Sealer, email: str, address: str) -> Attempt:
    """Return the attempt to sign in with an e-mail address from a network address."""
    return Attempt(
        account=sealer.blind("account", email),
        pair=sealer.blind("pair", email, address),
        address=sealer.blind("address", address),
    )


async def count_attempt(tx: Transaction, attempt: Attempt) -> Attempt:
    """Count an attempt before its password is checked; commit afterwards.

    Raises EXHAUSTED "TOO_MANY_ATTEMPTS" with `wait_seconds` while a pause runs; such attempts are not counted.
    """
    found = await _locked(tx, attempt)
    pair = found.get(attempt.pair)
    chosen = Attempt(attempt.account, attempt.pair, attempt.address, pair is not None and pair.succeeded_at is not None)
    limits = {_counted_key(chosen): FREE_ATTEMPTS_ACCOUNT, chosen.address: FREE_ATTEMPTS_ADDRESS}
    for key in limits:
        _refuse_while_blocked(found.get(key), tx.now)
    for key, free_attempts in limits.items():
        _count(tx, found.get(key), key, free_attempts)
    return chosen


async def forgive(tx: Transaction, attempt: Attempt) -> None:
    """Take back what the attempt counted, and remember the address as one the account signs in from."""
    found = await _locked(tx, attempt)
    for key in {_counted_key(attempt), attempt.pair}:
        row = found.get(key) or LoginThrottle(key=key, failures=0, last_attempt_at=tx.now)
        row.failures, row.blocked_until = 0, None
        if key == attempt.pair:
            row.succeeded_at = tx.now
        tx.session.add(row)
    address = found.get(attempt.address)
    if address is not None:
        address.failures = max(0, address.failures - 1)
        address.blocked_until = None


async def forget_old_attempts(tx: Transaction) -> None:
    """Delete what no longer slows anybody."""
    await tx.session.execute(
        delete(LoginThrottle).where(
            LoginThrottle.last_attempt_at < tx.now - FORGOTTEN_AFTER,
            or_(LoginThrottle.succeeded_at.is_(None), LoginThrottle.succeeded_at < tx.now - _KNOWN_ADDRESS_KEPT),
        )
    )


def _counted_key(attempt: Attempt) -> bytes:
    return attempt.pair if attempt.by_pair else attempt.account


async def _locked(tx: Transaction, attempt: Attempt) -> dict[bytes, LoginThrottle]:
    keys = [attempt.account, attempt.pair, attempt.address]
    chosen = select(LoginThrottle).where(LoginThrottle.key.in_(keys)).order_by(LoginThrottle.key).with_for_update()
    return {row.key: row for row in (await tx.session.execute(chosen)).scalars()}


def _refuse_while_blocked(row: LoginThrottle | None, now: datetime) -> None:
    if row is None or row.blocked_until is None or row.blocked_until <= now:
        return
    seconds = max(1, int((row.blocked_until - now).total_seconds() + 0.999))
    raise DomainError(
        ErrorKind.EXHAUSTED,
        "TOO_MANY_ATTEMPTS",
        f"Zu viele Fehlversuche. Bitte warten Sie noch {waiting_time(seconds)} und versuchen Sie es dann erneut.",
        metadata={"wait_seconds": str(seconds)},
    )


def waiting_time(seconds: int) -> str:
    """Return a waiting time in German words, rounded up to minutes from one minute on."""
    if seconds < 60:
        return "1 Sekunde" if seconds == 1 else f"{seconds} Sekunden"
    minutes = -(-seconds // 60)
    return "1 Minute" if minutes == 1 else f"{minutes} Minuten"


def _count(tx: Transaction, row: LoginThrottle | None, key: bytes, free_attempts: int) -> None:
    if row is None:
        row = LoginThrottle(key=key, failures=0, last_attempt_at=tx.now)
        tx.session.add(row)
    if tx.now - row.last_attempt_at > FORGOTTEN_AFTER:
        row.failures = 0
    row.failures += 1
    row.last_attempt_at = tx.now
    row.blocked_until = tx.now + pause_after(row.failures, free_attempts)
