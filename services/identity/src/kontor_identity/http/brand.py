"""The firm a page speaks for. Brands are public and change rarely, so they are kept for half a minute."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
from kontor.identity.v1.tenants_pb2 import GetBrandRequest

from kontor_identity.http.calls import public_service, refusal_in

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

    @property
    def monogram(self) -> str:
        """Up to two initials, where there is no logo."""
        words = [word for word in self.name.split() if word[:1].isalpha()]
        return "".join(word[0] for word in words[:2]).upper() or "K"


class Firms:
    """Looks up firms by their short names."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Firm]] = {}

    def find(self, slug: str) -> Firm:
        """Return the firm; the platform itself when there is none of that name."""
        if not slug:
            return Firm()
        read_at, firm = self._known.get(slug, (float("-inf"), Firm()))
        if time.monotonic() - read_at < _KEPT_SECONDS:
            return firm
        firm = _read(slug)
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[slug] = (time.monotonic(), firm)
        return firm


def _read(slug: str) -> Firm:
    try:
        brand = public_service(signed_in=False).GetBrand(GetBrandRequest(slug=slug))
    except grpc.RpcError as error:
        refusal_in(error)
        return Firm()
    return Firm(brand.slug, brand.name, brand.heading, brand.greeting, brand.logo_url)
