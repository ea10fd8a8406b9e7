"""Who is in front of the browser, as far as pages need to know: the claims of the access token in its cookie.

The portal does not verify the signature and needs not: it decides nothing. Every read and write goes through the
gateway, which checks the same token; somebody who forges his own cookie sees his own empty navigation.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ACCESS_COOKIE: Final = "office_access"
REFRESH_COOKIE: Final = "office_refresh"
FIRM_COOKIE: Final = "office_firm"
PERSON_COOKIE: Final = "office_person"
"""How pages treat the person: `sie` or `du`, in a `broker` or an `expert` firm, as `sie-broker`. Not secret."""
THEME_COOKIE: Final = "office_theme"
THEMES: Final = ("light", "dark")
"""What a person may choose instead of what his device prefers."""
LEEWAY_SECONDS: Final = 5


class Persona(StrEnum):
    """An area of the portal; its value is the first part of its addresses."""

    CUSTOMER = "kunde"
    BROKER = "makler"
    EXPERT = "experte"
    NETWORK = "netzwerk"
    SCAN_CENTRE = "scan"
    OPERATOR = "betrieb"
    TRUSTED = "vertrauen"


_PERSONA_OF_ROLE: Final = {
    "OPERATOR": Persona.OPERATOR,
    "NETWORK": Persona.NETWORK,
    "SCAN_CENTRE": Persona.SCAN_CENTRE,
    "EXPERT": Persona.EXPERT,
    "ADMINISTRATOR": Persona.BROKER,
    "STAFF": Persona.BROKER,
    "CUSTOMER": Persona.CUSTOMER,
    "INSURED_PERSON": Persona.CUSTOMER,
    "TRUSTED_PERSON": Persona.TRUSTED,
}


@dataclass(frozen=True)
class Session:
    """The person and the membership he acts through."""

    token: str
    account_id: str
    tenant_id: str
    customer_id: str
    name: str
    roles: frozenset[str]
    rights: frozenset[str]
    expires_at: int
    """Seconds since 1970."""
    level: int = 1
    """How strongly the person proved who he is (`acr`)."""
    signed_in_at: int = 0
    """When he last did, in seconds since 1970 (`auth_time`)."""
    identity_level: int = 1
    """How well it is proved who the customer is (`idl`, F164)."""
    closed: frozenset[str] = frozenset()
    """Parts of the office that the firm has closed for its customers (F53)."""
    viewer_id: str = ""
    """Account of the member of staff who looks at the office as this customer; empty for the person himself."""

    @property
    def personas(self) -> tuple[Persona, ...]:
        """The areas this membership opens; the first is where it starts."""
        given = [persona for role, persona in _PERSONA_OF_ROLE.items() if role in self.roles]
        return tuple(dict.fromkeys(given))

    def persona(self, *, in_expert_firm: bool) -> Persona | None:
        """The area this membership starts in: in an expert firm the expert's, else the first it opens."""
        given = self.personas
        if Persona.EXPERT in given and Persona.BROKER in given:
            return Persona.EXPERT if in_expert_firm else Persona.BROKER
        return given[0] if given else None

    @property
    def is_customer(self) -> bool:
        """Whether the person acts as a customer, not as somebody whom a customer trusts."""
        return "CUSTOMER" in self.roles

    @property
    def is_administrator(self) -> bool:
        """Whether the person runs the firm's settings."""
        return "ADMINISTRATOR" in self.roles

    @property
    def has_reduced_view(self) -> bool:
        """Whether the person is insured in somebody's household and sees contracts only."""
        return "INSURED_PERSON" in self.roles

    def may(self, right: str) -> bool:
        """Whether a member of staff has a right; administrators have all."""
        return self.is_administrator or right in self.rights

    def is_expired(self, now: float) -> bool:
        """Whether the token no longer opens anything at this time."""
        return self.expires_at <= now + LEEWAY_SECONDS


def read_session(token: str | None) -> Session | None:
    """Return the session of an access token; None for anything that is not one."""
    if not token or token.count(".") != 2:
        return None
    body = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return Session(
            token=token,
            account_id=str(claims["sub"]),
            tenant_id=str(claims.get("tid", "")),
            customer_id=str(claims.get("cid", "")),
            name=str(claims.get("name", "")),
            roles=frozenset(map(str, claims.get("roles", ()))),
            rights=frozenset(map(str, claims.get("rights", ()))),
            expires_at=int(claims["exp"]),
            level=int(claims.get("acr", 1)),
            signed_in_at=int(claims.get("auth_time", 0)),
            identity_level=int(claims.get("idl", 1)),
            closed=frozenset(map(str, claims.get("closed", ()))),
            viewer_id=str(claims.get("act", {}).get("sub", "")),
        )
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
