"""The adviser card: who looks after a customer and how to reach him at once (F131, F132)."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.identity.v1 import people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.reading import optional


@dataclass(frozen=True)
class Adviser:
    """A person, or the firm where nobody in particular is responsible."""

    name: str
    firm_name: str
    email: str
    phone: str

    @property
    def phone_link(self) -> str:
        """The number as a telephone application wants it: digits with a leading plus."""
        return dialled(self.phone)


def dialled(number: str) -> str:
    """Return a number as a telephone application wants it (F132): digits with a leading plus; German without one."""
    plain = "".join(each for each in number if each.isdigit() or each == "+")
    if plain.startswith("00"):
        return f"+{plain[2:]}"
    return f"+49{plain[1:]}" if plain.startswith("0") else plain


def adviser_of(customer_id: str) -> Adviser:
    """Return the first responsible member of staff; what he does not say about himself, his firm says."""
    identity = gateway.identity()
    profile = optional(lambda: identity.GetProfile(tenants_pb2.GetProfileRequest()), tenants_pb2.TenantProfile())
    answer = optional(
        lambda: identity.GetResponsibles(people_pb2.GetResponsiblesRequest(customer_id=customer_id)),
        people_pb2.Responsibles(),
    )
    if not answer.responsibles:
        return Adviser(profile.name, _town(profile), profile.email, profile.phone)
    first = answer.responsibles[0]
    return Adviser(first.display_name, profile.name, first.email or profile.email, first.phone or profile.phone)


def _town(profile: tenants_pb2.TenantProfile) -> str:
    return f"{profile.address.postal_code} {profile.address.city}".strip()
