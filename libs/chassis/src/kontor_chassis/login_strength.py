"""How strongly, how recently and how well a person proved who he is: what RPCs declare, and use cases may ask besides.

The refusals say in their metadata what the client has to ask the provider for (RFC 9470: `acr_values`, `max_age`),
or which identity level the customer has to reach first (F164: `identity_level`).
"""

from __future__ import annotations

from kontor.common.v1.access_pb2 import AuthLevel, IdentityLevel

from kontor_chassis.clock import SystemClock
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal

STRONGER_LOGIN_REQUIRED = "STRONGER_LOGIN_REQUIRED"
FRESH_LOGIN_REQUIRED = "FRESH_LOGIN_REQUIRED"
IDENTITY_LEVEL_REQUIRED = "IDENTITY_LEVEL_REQUIRED"
_CLOCK = SystemClock()
"""Sign-ins are dated by the machine's clock, like the tokens that tell of them."""


def require_strong_login(caller: Principal) -> None:
    """Raise FORBIDDEN "STRONGER_LOGIN_REQUIRED" unless the person proved two factors in this session."""
    if caller.level < AuthLevel.AUTH_LEVEL_STRONG:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            STRONGER_LOGIN_REQUIRED,
            "Bitte bestätigen Sie Ihre Anmeldung mit dem zweiten Faktor.",
            metadata={"acr_values": str(int(AuthLevel.AUTH_LEVEL_STRONG))},
        )


def require_fresh_login(caller: Principal, max_age_seconds: int) -> None:
    """Raise FORBIDDEN "FRESH_LOGIN_REQUIRED" unless the person proved who he is at most so long ago."""
    if _CLOCK.now().timestamp() - caller.authenticated_at > max_age_seconds:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            FRESH_LOGIN_REQUIRED,
            "Bitte melden Sie sich zu Ihrer Sicherheit noch einmal an.",
            metadata={"max_age": str(max_age_seconds)},
        )


def require_proven_identity(caller: Principal) -> None:
    """Raise FORBIDDEN "IDENTITY_LEVEL_REQUIRED" unless it is proved who the customer is (F164)."""
    if caller.identity_level < IdentityLevel.IDENTITY_LEVEL_PROVEN:
        raise DomainError(
            ErrorKind.FORBIDDEN,
            IDENTITY_LEVEL_REQUIRED,
            "Bitte bestätigen Sie zuerst, wer Sie sind.",
            metadata={"identity_level": str(int(IdentityLevel.IDENTITY_LEVEL_PROVEN))},
        )
