"""Passwords: what may become one, and argon2id in threads of its own.

Rules follow NIST SP 800-63B: length counts, no composition rules, no forced change; what is common or contains the
person's own name is refused. Boundary: knows no account and no storage.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.sentences import said

from kontor_identity.names import fold

T = TypeVar("T")

LEAST_LENGTH = 10
MOST_LENGTH = 256
PASSES = 2
MEMORY_KIB = 19_456
_LONG_ENOUGH_TO_VARY = 14
"""From this length on a common word with additions is no longer refused."""
_LEAST_WORD = 4


def check_new_password(password: str, *, personal: tuple[str, ...] = ()) -> None:
    """Raise INVALID with advice unless `password` may be used; `personal` are words about the person and his firm."""
    if len(password) < LEAST_LENGTH:
        raise _refused("PASSWORD_TOO_SHORT", said("Bitte wählen Sie mindestens %(least)s Zeichen.", least=LEAST_LENGTH))
    if len(password) > MOST_LENGTH:
        raise _refused("PASSWORD_TOO_LONG", said("Bitte wählen Sie höchstens %(most)s Zeichen.", most=MOST_LENGTH))
    if len(set(password)) < 5 or _is_common(password):
        raise _refused(
            "PASSWORD_TOO_COMMON",
            "Dieses Passwort ist leicht zu erraten. Gut sind zum Beispiel vier Wörter, die nichts miteinander zu tun"
            " haben.",
        )
    if _is_personal(password, personal):
        raise _refused(
            "PASSWORD_TOO_PERSONAL", "Bitte verwenden Sie nicht Ihren Namen oder Ihre E-Mail-Adresse als Passwort."
        )


def _is_personal(password: str, words: tuple[str, ...]) -> bool:
    """Whether little remains of the password without one of the words, case and digits around it ignored."""
    core = _letters(password)
    known = [_letters(word) for word in words]
    return any(len(word) >= _LEAST_WORD and word in core and len(core) - len(word) < _LEAST_WORD for word in known)


def _is_common(password: str) -> bool:
    common = _common_passwords()
    lowered = password.lower()
    if lowered in common or fold(password) in common:
        return True
    core = _letters(password)
    return len(password) < _LONG_ENOUGH_TO_VARY and len(core) >= _LEAST_WORD and core in common


def _letters(text: str) -> str:
    """Return the folded text without digits and punctuation around it: "Sommer2026!" becomes "sommer"."""
    return re.sub(r"^[^a-z]+|[^a-z]+$", "", fold(text))


@cache
def _common_passwords() -> frozenset[str]:
    data = resources.files("kontor_identity").joinpath("data")
    international = gzip.decompress(data.joinpath("common_passwords.txt.gz").read_bytes()).decode()
    german = data.joinpath("german_words.txt").read_text(encoding="utf-8").partition("\n")[2]
    return frozenset(international.split()) | frozenset(german.split())


def _refused(reason: str, sentence: str) -> DomainError:
    return invalid("password", sentence, reason=reason)


class PasswordVault:
    """Hashes and verifies with argon2id (19 MiB, two passes, as OWASP recommends) in at most `threads` at once.

    More than `waiting` calls in the queue are refused at once, so that a flood of guesses cannot exhaust memory.
    """

    def __init__(self, threads: int = 2, waiting: int = 64) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="argon2")
        self._places = asyncio.Semaphore(threads + waiting)
        self._decoy = self._hasher.hash("no account has this password")

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the right one; without a stored hash it takes as long and is False."""
        right = await self._run(lambda: self._matches(stored or self._decoy, password))
        return right and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._places.locked():
            raise DomainError(
                ErrorKind.UNAVAILABLE,
                "SIGN_IN_BUSY",
                "Gerade melden sich sehr viele Personen an. Bitte versuchen Sie es in einer Minute erneut.",
            )
        async with self._places:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
