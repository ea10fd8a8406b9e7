"""Commands of the installation's own staff, beside serve and work: see the README."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import SystemClock
from kontor_chassis.errors import DomainError
from kontor_chassis.service import Platform

from kontor_identity.bootstrap import bootstrap_person
from kontor_identity.config import IdentitySettings
from kontor_identity.keys import SigningKeys
from kontor_identity.passwords import PasswordVault, check_new_password
from kontor_identity.sealing import Sealer

_USAGE = "usage: bootstrap-operator EMAIL PASSWORD_FILE [NAME] [operator|network|scan-centre]"
_ROLES = {"operator": Role.ROLE_OPERATOR, "network": Role.ROLE_NETWORK, "scan-centre": Role.ROLE_SCAN_CENTRE}
_NAMES = {"operator": "Betrieb", "network": "Netzwerk", "scan-centre": "Scan-Zentrum"}


async def bootstrap_operator(_settings: IdentitySettings, platform: Platform, rest: Sequence[str]) -> None:
    """Make the platform organisation and one of its people: EMAIL PASSWORD_FILE [NAME] [ROLE]."""
    if not 2 <= len(rest) <= 4 or (len(rest) == 4 and rest[3] not in _ROLES):
        sys.exit(_USAGE)
    email, password_file = rest[0], Path(rest[1])
    role = rest[3] if len(rest) == 4 else "operator"
    name = rest[2] if len(rest) >= 3 else _NAMES[role]
    password = await asyncio.to_thread(_secret_in, password_file)
    try:
        check_new_password(password)
    except DomainError as refused:
        sys.exit(refused.message)
    passwords = PasswordVault()
    try:
        made = await bootstrap_person(
            platform.work, passwords, email=email, name=name, role=_ROLES[role], password=password
        )
    finally:
        await passwords.close()
    sys.stdout.write(f"{role} {'created' if made else 'exists already'}\n")


def _secret_in(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


async def rotate_signing_key(settings: IdentitySettings, platform: Platform, rest: Sequence[str]) -> None:
    """Make a new signing key; `now` lets it sign at once instead of in ten minutes, for a key that became known."""
    if rest and list(rest) != ["now"]:
        sys.exit("usage: rotate-signing-key [now]")
    sealer = Sealer.from_file(settings.key_encryption_key_file)
    kid = await SigningKeys(platform.work, sealer, SystemClock()).rotate(at_once=bool(rest))
    sys.stdout.write(f"{kid}\n")
