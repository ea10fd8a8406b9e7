"""Signing keys of access and id tokens: ES256, sealed in the database, rotated without anybody noticing.

A new key is published ten minutes before it signs, so that every verifier has fetched it; the old one stays published
until the last token it signed has expired. Instants are machine time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from sqlalchemy import delete, or_, select, text, update

from kontor_identity.directory import DIRECTORY
from kontor_identity.sealing import Sealer
from kontor_identity.tables import SigningKey

PUBLISHED_AHEAD = timedelta(minutes=10)
PUBLISHED_AFTERWARDS = timedelta(hours=1)
"""Longer than any token lives, with room for clocks that differ."""
LIFETIME = timedelta(days=90)
_READ_AGAIN_AFTER = timedelta(seconds=30)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('kontor signing keys'))")


@dataclass(frozen=True)
class KeyRing:
    """The published keys and the one that signs."""

    signing: ECKey
    published: tuple[dict[str, Any], ...]
    read_at: datetime

    def jwks(self) -> str:
        """Return the JSON Web Key Set (RFC 7517)."""
        return json.dumps({"keys": list(self.published)}, separators=(",", ":"))


class SigningKeys:
    """Reads, makes and rotates keys; keeps the ring in memory for half a minute."""

    def __init__(self, work: UnitOfWork, sealer: Sealer, clock: Clock) -> None:
        self._work = work
        self._sealer = sealer
        self._clock = clock
        self._ring: KeyRing | None = None

    async def ring(self, *, anew: bool = False) -> KeyRing:
        """Return the present keys; makes the first one of an installation."""
        now = self._clock.now()
        if not anew and self._ring is not None and now - self._ring.read_at < _READ_AGAIN_AFTER:
            return self._ring
        async with self._work.work(DIRECTORY) as tx:
            rows = await self._published(tx, now)
            if not any(row.signs_from <= now for row in rows):
                await tx.session.execute(_ONE_AT_A_TIME)
                now = self._clock.now()  # another call may have made a key while this one waited
                rows = await self._published(tx, now)
                if not any(row.signs_from <= now for row in rows):
                    rows.append(self._create(tx, now, signs_from=now))
            await tx.commit()
        signing = max((row for row in rows if row.signs_from <= now), key=lambda row: (row.signs_from, row.kid))
        self._ring = KeyRing(self._opened(signing), tuple(json.loads(row.public_jwk) for row in rows), now)
        return self._ring

    async def rotate(self, *, at_once: bool = False) -> str:
        """Make a new key and let the others leave; returns its id. `at_once` is for a key that became known."""
        now = self._clock.now()
        signs_from = now if at_once else now + PUBLISHED_AHEAD
        async with self._work.work(DIRECTORY) as tx:
            await tx.session.execute(_ONE_AT_A_TIME)
            leaving = update(SigningKey).where(SigningKey.published_until.is_(None))
            await tx.session.execute(leaving.values(published_until=signs_from + PUBLISHED_AFTERWARDS))
            row = self._create(tx, now, signs_from=signs_from)
            await tx.commit()
        self._ring = None
        return row.kid

    async def rotate_if_due(self) -> bool:
        """Rotate when the newest key has served its time, and delete keys that left; whether it rotated."""
        now = self._clock.now()
        async with self._work.work(DIRECTORY) as tx:
            await tx.session.execute(delete(SigningKey).where(SigningKey.published_until < now))
            newest = await tx.session.scalar(select(SigningKey.created_at).order_by(SigningKey.created_at.desc()))
            await tx.commit()
        if newest is None or now - newest < LIFETIME:
            return False
        await self.rotate()
        return True

    async def _published(self, tx: Transaction, now: datetime) -> list[SigningKey]:
        alive = or_(SigningKey.published_until.is_(None), SigningKey.published_until > now)
        rows = await tx.session.execute(select(SigningKey).where(alive).order_by(SigningKey.signs_from))
        return list(rows.scalars())

    def _create(self, tx: Transaction, now: datetime, *, signs_from: datetime) -> SigningKey:
        key = ECKey.generate_key("P-256")
        kid = key.thumbprint()
        public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": "ES256"}
        row = SigningKey(
            kid=kid,
            public_jwk=json.dumps(public),
            private_sealed=self._sealer.seal(key.as_der(private=True), kid),
            created_at=now,
            signs_from=signs_from,
        )
        tx.session.add(row)
        return row

    def _opened(self, row: SigningKey) -> ECKey:
        return ECKey.import_key(self._sealer.unseal(row.private_sealed, row.kid), {"kid": row.kid})
