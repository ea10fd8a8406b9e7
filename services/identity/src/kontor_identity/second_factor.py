"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day the phone is gone.

States of an account's app: none → begun (secret made) → on (a code was seen) → none. The secret is sealed; a code's
30-second step is remembered, so that no code works twice; recovery codes are keyed hashes that work once.
Codes are checked by the machine's clock, because phones live by it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

import pyotp
from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from sqlalchemy import delete, func, select, update

from kontor_identity.account_events import record_event
from kontor_identity.sealing import Sealer
from kontor_identity.security_tables import Passkey, RecoveryCode, TotpSecret

STEP_SECONDS = 30
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""
_GROUP = 5
_TOLERATED_STEPS = (0, -1, 1)
"""A phone's clock may be half a minute off."""


@dataclass(frozen=True)
class Enrolment:
    """A secret for an authenticator app, to be typed or scanned."""

    secret: str
    uri: str


def wrong_code() -> DomainError:
    """Return the refusal for a code that is not the right one, or was used before."""
    return DomainError(ErrorKind.UNAUTHENTICATED, "WRONG_CODE", "Dieser Code ist nicht richtig. Bitte prüfen Sie ihn.")


class SecondFactor:
    """The use cases and what they need; each works inside its caller's transaction."""

    def __init__(self, sealer: Sealer, clock: Clock) -> None:
        self._sealer = sealer
        self._clock = clock

    async def is_on(self, tx: Transaction, account_id: UUID) -> bool:
        """Whether signing in to the account takes a second factor."""
        found = await tx.session.get(TotpSecret, account_id)
        return found is not None and found.confirmed_at is not None

    async def begin(self, tx: Transaction, account_id: UUID, *, issuer: str, email: str) -> Enrolment:
        """Make a new secret; it replaces one that was begun. Raises PRECONDITION "TOTP_ENABLED" while one is on."""
        row = await _locked(tx, account_id)
        if row is not None and row.confirmed_at is not None:
            raise DomainError(ErrorKind.PRECONDITION, "TOTP_ENABLED", "Der zweite Faktor ist bereits eingerichtet.")
        secret = pyotp.random_base32()
        if row is None:
            row = TotpSecret(account_id=account_id, last_step=0)
            tx.session.add(row)
        row.secret_sealed = self._sealer.seal(secret.encode(), _label(account_id))
        row.created_at = tx.now
        uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
        return Enrolment(secret, uri)

    async def confirm(self, tx: Transaction, account_id: UUID, code: str, device: str) -> list[str]:
        """Switch the second factor on; returns the recovery codes. Raises INVALID for a wrong code."""
        row = await _locked(tx, account_id)
        if row is None or row.confirmed_at is not None:
            raise DomainError(
                ErrorKind.PRECONDITION, "TOTP_NOT_BEGUN", "Bitte beginnen Sie die Einrichtung noch einmal."
            )
        if not self._matches(row, code):
            raise invalid("code", "Dieser Code passt nicht. Bitte geben Sie den ein, den die App gerade zeigt.")
        row.confirmed_at = tx.now
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_ENABLED, device=device)
        return await self._new_recovery_codes(tx, account_id)

    async def disable(self, tx: Transaction, account_id: UUID, device: str) -> None:
        """Switch it off and delete what belongs to it; nothing happens when it is off."""
        gone = await tx.session.execute(
            delete(TotpSecret).where(TotpSecret.account_id == account_id).returning(TotpSecret.confirmed_at)
        )
        await tx.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
        if gone.scalar_one_or_none() is not None:
            await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_DISABLED, device=device)

    async def renew_recovery_codes(self, tx: Transaction, account_id: UUID, device: str) -> list[str]:
        """Replace all recovery codes. Raises PRECONDITION "TOTP_DISABLED"."""
        if not await self.is_on(tx, account_id):
            raise DomainError(ErrorKind.PRECONDITION, "TOTP_DISABLED", "Der zweite Faktor ist nicht eingerichtet.")
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODES_RENEWED, device=device)
        return await self._new_recovery_codes(tx, account_id)

    async def accepts(self, tx: Transaction, account_id: UUID, code: str, device: str) -> bool:
        """Whether the code of the app, or a recovery code, is right; it is used up then."""
        typed = "".join(code.split())
        if typed.isdecimal():
            row = await _locked(tx, account_id)
            return row is not None and row.confirmed_at is not None and self._matches(row, typed)
        if not await self.is_on(tx, account_id):
            return False
        used = (
            update(RecoveryCode)
            .where(
                RecoveryCode.account_id == account_id,
                RecoveryCode.code_hash == self._recovery_hash(account_id, typed),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=tx.now)
            .returning(RecoveryCode.account_id)
        )
        if (await tx.session.execute(used)).first() is None:
            return False
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODE_USED, device=device)
        return True

    def _matches(self, row: TotpSecret, code: str) -> bool:
        """Whether the code belongs to a step of now that was not used; remembers the step."""
        totp = pyotp.TOTP(self._sealer.unseal(row.secret_sealed, _label(row.account_id)).decode())
        typed, now = "".join(code.split()), int(self._clock.now().timestamp()) // STEP_SECONDS
        for step in (now + tolerated for tolerated in _TOLERATED_STEPS):
            right = secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode())
            if right and step > row.last_step:
                row.last_step = step
                return True
        return False

    async def _new_recovery_codes(self, tx: Transaction, account_id: UUID) -> list[str]:
        await tx.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
        codes = [f"{_letters()}-{_letters()}" for _ in range(RECOVERY_CODES)]
        tx.session.add_all(
            RecoveryCode(account_id=account_id, code_hash=self._recovery_hash(account_id, code)) for code in codes
        )
        return codes

    def _recovery_hash(self, account_id: UUID, code: str) -> bytes:
        plain = "".join(letter for letter in code.lower() if letter in _ALPHABET)
        return self._sealer.blind("recovery code", str(account_id), plain)


async def can_be_strong(tx: Transaction, account_id: UUID) -> bool:
    """Whether the account has a second factor or a passkey."""
    statement = select(
        select(TotpSecret).where(TotpSecret.account_id == account_id, TotpSecret.confirmed_at.is_not(None)).exists()
        | select(Passkey).where(Passkey.account_id == account_id).exists()
    )
    return bool((await tx.session.execute(statement)).scalar_one())


async def recovery_codes_left(tx: Transaction, account_id: UUID) -> int:
    """Return how many recovery codes can still be used."""
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return int((await tx.session.execute(unused)).scalar_one())


async def _locked(tx: Transaction, account_id: UUID) -> TotpSecret | None:
    statement = select(TotpSecret).where(TotpSecret.account_id == account_id).with_for_update()
    return (await tx.session.execute(statement)).scalar_one_or_none()


def _label(account_id: UUID) -> str:
    return f"totp {account_id}"


def _letters() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
