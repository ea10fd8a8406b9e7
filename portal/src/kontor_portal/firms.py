"""How a firm looks, and how a signed-in person is to be treated: the frame of every page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import grpc
from kontor.common.v1 import access_pb2
from kontor.identity.v1 import accounts_pb2, brand_pb2, people_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.brand import Brand, brand_of
from kontor_portal.session import Session

T = TypeVar("T")

PLATFORM_NAME: Final = "Kontor"
LAYOUTS: Final[Mapping[int, str]] = {
    tenants_pb2.LAYOUT_CLASSIC: "classic",
    tenants_pb2.LAYOUT_TILES: "tiles",
    tenants_pb2.LAYOUT_LETTER: "letter",
    tenants_pb2.LAYOUT_COMPACT: "compact",
    tenants_pb2.LAYOUT_PANORAMA: "panorama",
}
"""What style sheets and templates call the base layouts (F38)."""
_KEEP_SECONDS: Final = 60
_MOST_KEPT: Final = 2_000


@dataclass(frozen=True)
class FirmLook:
    """What a visitor sees of a firm before anything else."""

    slug: str
    name: str
    brand: Brand
    design: brand_pb2.BrandDesign = field(default_factory=brand_pb2.BrandDesign)
    email: str = ""
    phone: str = ""
    address: tenants_pb2.Address = field(default_factory=tenants_pb2.Address)
    white_label: bool = False
    host: str = ""
    picture_types: Mapping[str, str] = field(default_factory=dict)
    tenant_id: str = ""
    """Id of the firm; empty for the platform."""
    also_closed: frozenset[int] = frozenset()
    """Parts of the office that the signed-in customer's token says are closed, whatever was published since (F53)."""
    is_draft: bool = False
    """Whether this is a design that is only looked at, not published yet."""

    @property
    def is_platform(self) -> bool:
        """Whether this is the platform's own look, because no firm is known."""
        return not self.slug

    @property
    def layout(self) -> str:
        """The base layout as style sheets and templates call it."""
        return LAYOUTS.get(self.design.layout, "classic")

    @property
    def logo_url(self) -> str:
        """Address of the logo; empty without one."""
        return self.picture_url(self.design.logo_picture_id)

    @property
    def heading(self) -> str:
        """Heading for a visitor who is nobody yet."""
        return personal(self.design.heading, "")

    @property
    def greeting(self) -> str:
        """Greeting for a visitor who is nobody yet."""
        return personal(self.design.greeting, "")

    @property
    def names_provider(self) -> bool:
        """Whether the provider is named on the firm's public pages: always but under white label (F78, F79)."""
        return not self.is_platform and not self.white_label

    def picture_url(self, picture_id: str) -> str:
        """Return the address of a picture of the design, which never changes; empty for none."""
        return f"/brand/{self.slug}/picture/{picture_id}" if picture_id and self.slug else ""

    def heading_for(self, name: str) -> str:
        """Return the heading for a customer (F39); empty when the firm has none."""
        return personal(self.design.heading, name)

    def greeting_for(self, name: str, *, informal: bool) -> str:
        """Return the greeting for a customer, in his form of address."""
        chosen = self.design.greeting_informal if informal else ""
        return personal(chosen or self.design.greeting, name)

    def has_closed(self, area: access_pb2.Area.ValueType) -> bool:
        """Whether customers of this firm do not get a part of the office (F53)."""
        return area in self.design.closed_areas or area in self.also_closed


@dataclass(frozen=True)
class Person:
    """What pages need to know about a person beside his token."""

    firm_slug: str
    is_informal: bool
    is_expert_firm: bool


PLATFORM: Final = FirmLook("", PLATFORM_NAME, brand_of("", ""))
_looks: dict[str, tuple[float, FirmLook]] = {}
_hosts: dict[str, tuple[float, str]] = {}


def look(slug: str) -> FirmLook:
    """Return a firm's look; an unknown firm, or one that cannot be asked for, looks like the platform."""
    if not slug or len(slug) > 40:
        return PLATFORM
    asked = brand_pb2.GetPresenceRequest(slug=slug)
    return _kept(_looks, slug, PLATFORM, lambda: look_of(gateway.brands(signed_in=False).GetPresence(asked, timeout=2)))


def slug_at(host: str) -> str:
    """Return the short name of the firm that answers under a host name of its own (F79), "" for none."""
    asked = brand_pb2.GetFirmByHostRequest(host=host[:253])
    return _kept(_hosts, host, "", lambda: gateway.brands(signed_in=False).GetFirmByHost(asked, timeout=2).slug)


def _kept(memory: dict[str, tuple[float, T]], key: str, otherwise: T, ask: Callable[[], T]) -> T:
    until, known = memory.get(key, (0.0, otherwise))
    if until > time.monotonic():
        return known
    try:
        found = ask()
    except grpc.RpcError as error:
        if not (isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.NOT_FOUND):
            return known  # what was seen before is better than nothing
        found = otherwise
    if len(memory) >= _MOST_KEPT:
        memory.clear()
    memory[key] = (time.monotonic() + _KEEP_SECONDS, found)
    return found


def as_closed(look: FirmLook, names: Iterable[str]) -> FirmLook:
    """Return a firm's look with the parts closed that a token names; what the API refuses is not offered."""
    known = access_pb2.Area.keys()
    numbers = (access_pb2.Area.Value(f"AREA_{name}") for name in names if f"AREA_{name}" in known)
    return replace(look, also_closed=frozenset(numbers))


def forget(slug: str) -> None:
    """Ask for a firm's look anew, because it was changed here."""
    _looks.pop(slug, None)


def look_of(presence: brand_pb2.Presence) -> FirmLook:
    """Return the look that a firm's public face stands for."""
    return FirmLook(
        slug=presence.slug,
        name=presence.name,
        brand=brand_of(presence.design.primary_color, presence.design.accent_color),
        design=presence.design,
        email=presence.email,
        phone=presence.phone,
        address=presence.address,
        white_label=presence.white_label,
        host=presence.host,
        picture_types=dict(presence.picture_types),
        tenant_id=presence.tenant_id,
    )


def personal(text: str, name: str) -> str:
    """Return a text with the customer's name in its place; without a name, the place and the comma before it go."""
    if name:
        return text.replace("{name}", name)
    return " ".join(text.replace(", {name}", "").replace("{name}", "").split(" ")).replace(" !", "!").strip()


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
