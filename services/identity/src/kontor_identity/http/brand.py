"""The firm a page speaks for. Brands are public and change rarely, so they are kept for half a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc
from kontor.identity.v1 import brand_pb2
from kontor.identity.v1.brand_pb2_grpc import BrandServiceStub
from kontor.identity.v1.tenants_pb2 import Layout
from kontor_chassis.edge import current_edge

from kontor_identity.http.calls import SERVICE, refusal_in

T = TypeVar("T")

_KEPT_SECONDS = 30.0
_MOST_KEPT = 1_000


@dataclass(frozen=True)
class Firm:
    """What a page needs of a firm; without a slug it is the platform itself."""

    slug: str = ""
    name: str = "Kontor"
    heading: str = ""
    greeting: str = ""
    logo_url: str = ""
    layout: str = "classic"
    names_provider: bool = False
    """Whether the provider is named at the foot: by default yes (F78), under white label not (F79)."""

    @property
    def monogram(self) -> str:
        """Up to two initials, where there is no logo."""
        words = [word for word in self.name.split() if word[:1].isalpha()]
        return "".join(word[0] for word in words[:2]).upper() or "K"


@dataclass(frozen=True)
class FirmHost:
    """What answers under a host name; without a slug it is the platform."""

    slug: str = ""
    passkey_host: str = ""
    """Host to which the passkeys of its pages are bound."""
    hosts: Sequence[str] = ()
    """All hosts of the firm."""


class Firms:
    """Looks up firms by their short names, and by the host names of their own domains."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Firm]] = {}
        self._hosts: dict[str, tuple[float, FirmHost]] = {}

    def find(self, slug: str) -> Firm:
        """Return the firm; the platform itself when there is none of that name."""
        return _kept(self._known, slug, _read) if slug else Firm()

    def at(self, host: str) -> FirmHost:
        """Return the firm that answers under a host name of its own (F79), without a slug for none."""
        return _kept(self._hosts, host.lower(), _at)


def _kept(memory: dict[str, tuple[float, T]], key: str, read: Callable[[str], T]) -> T:
    known = memory.get(key)
    if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
        return known[1]
    found = read(key)
    if len(memory) >= _MOST_KEPT:
        memory.clear()
    memory[key] = (time.monotonic(), found)
    return found


def _read(slug: str) -> Firm:
    try:
        seen = _faces().GetPresence(brand_pb2.GetPresenceRequest(slug=slug[:40]))
    except grpc.RpcError as error:
        refusal_in(error)
        return Firm()
    design = seen.design
    logo = f"/brand/{seen.slug}/picture/{design.logo_picture_id}" if design.logo_picture_id else ""
    layout = Layout.Name(design.layout).removeprefix("LAYOUT_").lower() if design.layout else "classic"
    heading, greeting = without_name(design.heading), without_name(design.greeting)
    return Firm(seen.slug, seen.name, heading, greeting, logo, layout, names_provider=not seen.white_label)


def _at(host: str) -> FirmHost:
    try:
        found = _faces().GetFirmByHost(brand_pb2.GetFirmByHostRequest(host=host[:253]))
    except grpc.RpcError as error:
        refusal_in(error)
        return FirmHost()
    return FirmHost(found.slug, found.passkey_host, tuple(found.hosts))


def _faces() -> BrandServiceStub:
    return current_edge().stub(SERVICE, BrandServiceStub, token=lambda: "")


def without_name(text: str) -> str:
    """Return a text of the firm for somebody who is nobody yet: without the place for his name."""
    return text.replace(", {name}", "").replace(" {name}", "").replace("{name}", "").strip()
