"""Authentication: finds the token among the call's metadata and asks who it proves.

A token comes as `authorization: Bearer …` or, from a browser, in the cookie `office_access`; the header wins.
"""

from __future__ import annotations

from collections.abc import Iterable

from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import ANONYMOUS
from kontor_chassis.tokens import TokenVerifier, Verified

ACCESS_COOKIE = "office_access"
NOBODY = Verified(ANONYMOUS, float("inf"))
_BEARER = "bearer "
_COOKIE_PREFIX = ACCESS_COOKIE + "="


def bearer_token(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    """Return the token that came with a call, or "" when none did."""
    from_cookie = ""
    for key, value in metadata:
        if key == "authorization" and isinstance(value, str) and value[:7].lower() == _BEARER:
            return value[7:].strip()
        if key == "cookie" and isinstance(value, str):
            from_cookie = from_cookie or _token_cookie(value)
    return from_cookie


async def authenticate(verifier: TokenVerifier, token: str, *, anonymous_allowed: bool) -> Verified:
    """Return who the token proves; where nobody need be signed in, a token that is not valid counts as none."""
    try:
        return await verifier.verify(token)
    except DomainError as error:
        if anonymous_allowed and error.kind is ErrorKind.UNAUTHENTICATED:
            return NOBODY
        raise


def _token_cookie(header: str) -> str:
    for pair in header.split(";"):
        pair = pair.strip()
        if pair.startswith(_COOKIE_PREFIX):
            return pair[len(_COOKIE_PREFIX) :].strip('"')
    return ""
