"""How a firm looks, and how a signed-in person is to be treated: the frame of every page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import grpc
from kontor.identity.v1 import accounts_pb2, people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.brand import Brand, brand_of
from kontor_portal.session import Session

PLATFORM_NAME: Final = "Kontor"
_KEEP_SECONDS: Final = 60
_MOST_KEPT: Final = 2_000


@dataclass(frozen=True)
class FirmLook:
    """What a visitor sees of a firm before anything else."""

    slug: str
    name: str
    brand: Brand
    logo_url: str = ""
    heading: str = ""
    greeting: str = ""

    @property
    def is_platform(self) -> bool:
        """Whether this is the platform's own look, because no firm is known."""
        return not self.slug


@dataclass(frozen=True)
class Person:
    """What pages need to know about a person beside his token."""

    firm_slug: str
    is_informal: bool
    is_expert_firm: bool


PLATFORM: Final = FirmLook("", PLATFORM_NAME, brand_of("", ""))
_kept: dict[str, tuple[float, FirmLook]] = {}


def look(slug: str) -> FirmLook:
    """Return a firm's look; an unknown firm, or one that cannot be asked for, looks like the platform."""
    if not slug or len(slug) > 40:
        return PLATFORM
    until, known = _kept.get(slug, (0.0, PLATFORM))
    if until > time.monotonic():
        return known
    try:
        brand = gateway.identity("").GetBrand(tenants_pb2.GetBrandRequest(slug=slug), timeout=2)
    except grpc.RpcError as error:
        if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.NOT_FOUND:
            return PLATFORM
        return known  # a brand that was seen before is better than none
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    found = look_of(brand)
    _kept[slug] = (time.monotonic() + _KEEP_SECONDS, found)
    return found


def forget(slug: str) -> None:
    """Ask for a firm's look anew, because it was changed here."""
    _kept.pop(slug, None)


def look_of(brand: tenants_pb2.Brand) -> FirmLook:
    """Return the look that a brand stands for."""
    return FirmLook(
        slug=brand.slug,
        name=brand.name,
        brand=brand_of(brand.primary_color, brand.accent_color),
        logo_url=brand.logo_url if brand.logo_url.startswith("/") else "",
        heading=brand.heading,
        greeting=brand.greeting,
    )


def person(session: Session) -> Person:
    """Ask who has just signed in; whoever cannot be asked for is treated formally and without a brand."""
    try:
        me = gateway.identity(session.token).GetMe(accounts_pb2.GetMeRequest(), timeout=5)
    except grpc.RpcError:
        return Person("", is_informal=False, is_expert_firm=False)
    return Person(
        firm_slug=me.tenant_slug,
        is_informal=me.form == people_pb2.ADDRESS_FORM_DU,
        is_expert_firm=me.tenant_kind == tenants_pb2.TENANT_KIND_EXPERT,
    )
