"""The adviser card: who looks after a customer and how to reach him at once (F131, F132)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kontor.identity.v1 import people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.reading import asked
from kontor_portal.requests import current_firm, signed_in


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


def adviser_of(customer_id: str) -> Callable[[], Adviser]:
    """Ask for the first responsible member of staff; what he does not say about himself, his firm says."""
    request = people_pb2.GetResponsiblesRequest(customer_id=customer_id)
    answer = asked(gateway.identity().GetResponsibles, request, people_pb2.Responsibles())
    profile = _profile()
    return lambda: _adviser(answer(), profile())


def _profile() -> Callable[[], tenants_pb2.TenantProfile]:
    """Ask for the visitor's own firm, unless it is the one whose look the page bears."""
    firm = current_firm()
    if firm.tenant_id == signed_in().tenant_id:
        known = tenants_pb2.TenantProfile(name=firm.name, email=firm.email, phone=firm.phone, address=firm.address)
        return lambda: known
    return asked(gateway.identity().GetProfile, tenants_pb2.GetProfileRequest(), tenants_pb2.TenantProfile())


def _adviser(answer: people_pb2.Responsibles, profile: tenants_pb2.TenantProfile) -> Adviser:
    if not answer.responsibles:
        return Adviser(profile.name, _town(profile), profile.email, profile.phone)
    first = answer.responsibles[0]
    return Adviser(first.display_name, profile.name, first.email or profile.email, first.phone or profile.phone)


def _town(profile: tenants_pb2.TenantProfile) -> str:
    return f"{profile.address.postal_code} {profile.address.city}".strip()
