"""Devices an account has signed in from, known by a secret in the browser's cookie (OWASP's device cookie).

A known device is not slowed by strangers' guesses, and a new one is told to the person. The cookie opens nothing by
itself. Instants are machine time, like those of sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import delete, select

from kontor_identity.sealing import token_hash
from kontor_identity.security_tables import Device

KEPT = timedelta(days=365)
"""A device that was not used for so long counts as new again."""


@dataclass(frozen=True)
class Visitor:
    """Who stands at the door: his network address, his device in words, the firm whose page he came from."""

    address: str
    device: str
    firm: str = ""
    device_token: str = ""
    """The secret of his browser; "" when it has none."""
    present_session_id: UUID | None = None
    """The session that is open in this browser already."""


@dataclass(frozen=True)
class Arrival:
    """How an account knows the device it was entered from."""

    is_new: bool
    is_first: bool
    """Whether the account had no device at all, as after an invitation; that is nothing to warn of."""


async def known_device(tx: Transaction, account_id: UUID, device_token: str) -> bytes | None:
    """Return the device's hash when the account has signed in from it before."""
    if not device_token:
        return None
    found = await tx.session.get(Device, (token_hash(device_token), account_id))
    return found.device_hash if found is not None else None


async def remember_device(tx: Transaction, account_id: UUID, visitor: Visitor, now: datetime) -> Arrival:
    """Note that the account was entered from this device; a browser without a secret is new each time."""
    hashed = token_hash(visitor.device_token) if visitor.device_token else None
    known = await tx.session.get(Device, (hashed, account_id)) if hashed else None
    if known is not None:
        known.last_used_at, known.label = now, visitor.device
        return Arrival(is_new=False, is_first=False)
    any_device = select(Device.device_hash).where(Device.account_id == account_id).limit(1)
    arrival = Arrival(is_new=True, is_first=(await tx.session.execute(any_device)).first() is None)
    if hashed is None:
        return arrival
    device = Device(device_hash=hashed, account_id=account_id, label=visitor.device, created_at=now, last_used_at=now)
    tx.session.add(device)
    return arrival


async def forget_old_devices(tx: Transaction, now: datetime) -> None:
    """Delete devices that were not used for a year."""
    await tx.session.execute(delete(Device).where(Device.last_used_at < now - KEPT))
