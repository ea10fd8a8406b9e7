"""Passkeys (Web Authentication Level 3): key pairs in people's devices that open the account without a password.

A ceremony hands out a challenge once and for five minutes; user verification and a discoverable credential are
required, so that a passkey alone counts as two factors. Bound to a host (`passkey_sites`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import delete, func, select, tuple_
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kontor_identity.account_events import record_event
from kontor_identity.devices import Visitor
from kontor_identity.directory import DIRECTORY
from kontor_identity.entrance import Entrance, Pending, Proof
from kontor_identity.passkey_sites import PasskeySite, PasskeySites
from kontor_identity.security_tables import Passkey, PasskeyCeremony
from kontor_identity.sessions import OpenSession

GOOD_FOR = timedelta(minutes=5)
MOST_PASSKEYS = 20
_UNNAMED = "Passkey"


@dataclass(frozen=True)
class Ceremony:
    """What a browser is to be asked."""

    ceremony_id: UUID
    options_json: str


@dataclass(frozen=True)
class Holder:
    """The person a passkey is made for, as his device shows him."""

    account_id: UUID
    email: str
    name: str
    firm: str


def passkey_refused() -> DomainError:
    """Return the one refusal for a passkey that does not open; why is nobody's business."""
    return DomainError(
        ErrorKind.UNAUTHENTICATED,
        "PASSKEY_REFUSED",
        "Mit diesem Passkey können Sie sich hier nicht anmelden. Bitte melden Sie sich mit Ihrem Passwort an.",
    )


class Passkeys:
    """The use cases and what they need."""

    def __init__(self, work: UnitOfWork, entrance: Entrance, sites: PasskeySites) -> None:
        self._work, self._entrance, self._sites = work, entrance, sites

    async def begin_registration(self, tx: Transaction, holder: Holder, host: str) -> Ceremony:
        """Return what the browser is asked to make on a page of this host; passkeys that exist there are excluded."""
        site = await self._sites.at(host)
        present = await _of_account(tx, holder.account_id)
        if len(present) >= MOST_PASSKEYS:
            raise DomainError(
                ErrorKind.PRECONDITION,
                "TOO_MANY_PASSKEYS",
                said(
                    "Mehr als %(most)s Passkeys sind nicht möglich. Bitte entfernen Sie zuerst einen anderen.",
                    most=MOST_PASSKEYS,
                ),
            )
        options = generate_registration_options(
            rp_id=site.rp_id,
            rp_name=holder.firm,
            user_id=holder.account_id.bytes,
            user_name=holder.email,
            user_display_name=holder.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=one.credential_id) for one in present if one.host == site.host
            ],
        )
        return _ceremony(tx, options.challenge, options_to_json(options), site, holder.account_id)

    async def register(
        self, tx: Transaction, account_id: UUID, ceremony_id: UUID, credential_json: str, name: str, device: str
    ) -> Passkey:
        """Keep the passkey that the browser made. Raises PRECONDITION "PASSKEY_NOT_MADE"."""
        challenge, host = await _take(tx, ceremony_id, account_id)
        site = await self._sites.at(host)
        try:
            made = verify_registration_response(
                credential=credential_json,
                expected_challenge=challenge,
                expected_rp_id=site.rp_id,
                expected_origin=list(site.origins),
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise _not_made() from error
        passkey = Passkey(
            passkey_id=new_id(),
            account_id=account_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=_transports(credential_json),
            synced=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            name=name.strip() or _UNNAMED,
            host=site.host,
            created_at=tx.now,
        )
        try:
            async with tx.session.begin_nested():
                tx.session.add(passkey)
        except UniqueError:
            raise _not_made() from None
        await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_PASSKEY_ADDED, device=device, detail=passkey.name)
        return passkey

    async def begin_sign_in(self, host: str) -> Ceremony:
        """Return what the browser is asked to prove on a page of this host; any passkey of its site may answer."""
        site = await self._sites.at(host)
        options = generate_authentication_options(
            rp_id=site.rp_id, user_verification=UserVerificationRequirement.REQUIRED
        )
        async with self._work.work(DIRECTORY) as tx:
            ceremony = _ceremony(tx, options.challenge, options_to_json(options), site, None)
            await tx.commit()
        return ceremony

    async def sign_in(self, ceremony_id: UUID, credential_json: str, visitor: Visitor) -> OpenSession | Pending:
        """Open a session; raises UNAUTHENTICATED "PASSKEY_REFUSED". The challenge is used up either way."""
        async with self._work.work(DIRECTORY) as tx:
            challenge, host = await _take(tx, ceremony_id, None)
            await tx.commit()
        site = await self._sites.at(host)
        async with self._work.work(DIRECTORY) as tx:
            here = Passkey.credential_id == _credential_id(credential_json), Passkey.host == site.host
            statement = select(Passkey).where(*here)
            passkey = (await tx.session.execute(statement.with_for_update())).scalar_one_or_none()
            if passkey is None:
                raise passkey_refused()
            try:
                proven = verify_authentication_response(
                    credential=credential_json,
                    expected_challenge=challenge,
                    expected_rp_id=site.rp_id,
                    expected_origin=list(site.origins),
                    credential_public_key=passkey.public_key,
                    credential_current_sign_count=passkey.sign_count,
                    require_user_verification=True,
                )
            except WebAuthnException as error:
                raise passkey_refused() from error
            passkey.sign_count, passkey.last_used_at = proven.new_sign_count, tx.now
            outcome = await self._entrance.admit(tx, passkey.account_id, visitor, Proof.PASSKEY)
            await tx.commit()
        return outcome


async def passkeys_of(tx: Transaction, account_id: UUID, after: tuple[Any, UUID], limit: int) -> list[Passkey]:
    """Return an account's passkeys, oldest first, after `after`."""
    statement = (
        select(Passkey)
        .where(Passkey.account_id == account_id, tuple_(Passkey.created_at, Passkey.passkey_id) > tuple_(*after))
        .order_by(Passkey.created_at, Passkey.passkey_id)
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())


async def passkey_count(tx: Transaction, account_id: UUID) -> int:
    """Return how many passkeys an account has."""
    counted = select(func.count()).where(Passkey.account_id == account_id)
    return int((await tx.session.execute(counted)).scalar_one())


async def rename_passkey(tx: Transaction, account_id: UUID, passkey_id: UUID, name: str) -> Passkey:
    """Give one of the account's own passkeys another name; NOT_FOUND for anybody else's."""
    passkey = await _own(tx, account_id, passkey_id)
    passkey.name = name.strip() or _UNNAMED
    return passkey


async def remove_passkey(tx: Transaction, account_id: UUID, passkey_id: UUID, device: str) -> None:
    """Delete one of the account's own passkeys; NOT_FOUND for anybody else's."""
    passkey = await _own(tx, account_id, passkey_id)
    await tx.session.delete(passkey)
    await record_event(tx, account_id, Kind.ACCOUNT_EVENT_KIND_PASSKEY_REMOVED, device=device, detail=passkey.name)


async def forget_old_ceremonies(tx: Transaction) -> None:
    """Delete challenges that nobody answered."""
    await tx.session.execute(delete(PasskeyCeremony).where(PasskeyCeremony.expires_at < tx.now))


def _ceremony(
    tx: Transaction, challenge: bytes, options_json: str, site: PasskeySite, account_id: UUID | None
) -> Ceremony:
    row = PasskeyCeremony(
        ceremony_id=new_id(),
        challenge=challenge,
        account_id=account_id,
        host=site.host,
        expires_at=tx.now + GOOD_FOR,
    )
    tx.session.add(row)
    return Ceremony(row.ceremony_id, options_json)


async def _take(tx: Transaction, ceremony_id: UUID, account_id: UUID | None) -> tuple[bytes, str]:
    """Take a challenge out of use; return it and its host. Raises PRECONDITION "PASSKEY_NOT_MADE" when it is over."""
    whose = PasskeyCeremony.account_id.is_(None) if account_id is None else PasskeyCeremony.account_id == account_id
    taken = (
        delete(PasskeyCeremony)
        .where(PasskeyCeremony.ceremony_id == ceremony_id, whose, PasskeyCeremony.expires_at > tx.now)
        .returning(PasskeyCeremony.challenge, PasskeyCeremony.host)
    )
    found = (await tx.session.execute(taken)).one_or_none()
    if found is None:
        raise passkey_refused() if account_id is None else _not_made()
    return found.challenge, found.host


async def _of_account(tx: Transaction, account_id: UUID) -> list[Passkey]:
    return list((await tx.session.execute(select(Passkey).where(Passkey.account_id == account_id))).scalars())


async def _own(tx: Transaction, account_id: UUID, passkey_id: UUID) -> Passkey:
    passkey = await tx.session.get(Passkey, passkey_id, with_for_update=True)
    if passkey is None or passkey.account_id != account_id:
        raise not_found("Dieser Passkey")
    return passkey


def _not_made() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION,
        "PASSKEY_NOT_MADE",
        "Der Passkey konnte nicht eingerichtet werden. Bitte versuchen Sie es noch einmal.",
    )


def _credential_id(credential_json: str) -> bytes:
    try:
        return base64url_to_bytes(str(json.loads(credential_json)["rawId"]))
    except (ValueError, KeyError, TypeError):
        raise passkey_refused() from None


def _transports(credential_json: str) -> list[str]:
    """Return how the authenticator is reached, as the browser says; only a hint for later ceremonies."""
    named = json.loads(credential_json).get("response", {}).get("transports")
    return [str(one)[:20] for one in named][:8] if isinstance(named, list) else []
