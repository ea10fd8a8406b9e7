"""Where mails and bells lead: every address that notifications writes is a page of the portal, on the right domain.

No journey is needed for it: the addresses are found in the code of notifications, the pages in the portal's routes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from kontor_notifications.mails import Firm
from kontor_notifications.preparing import under_own_domain
from kontor_notifications.wording import Side
from kontor_portal.app import create_app
from kontor_portal.config import PortalSettings

_SOURCES = Path(__file__).parents[2] / "services" / "notifications" / "src" / "kontor_notifications"
_SOME_ID = str(UUID("018f0000-0000-7000-8000-000000000001"))
_OF_SIDES = "{side}"
PLATFORM, OWN = "https://kontor.example", "https://office.hansen.example"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The portal, for its routes."""
    key = tmp_path_factory.mktemp("portal") / "cookie.key"
    key.write_bytes(b"k" * 32)
    settings = PortalSettings(
        environment="test",
        metrics_listen="127.0.0.1:0",
        issuer=PLATFORM,
        http_listen="127.0.0.1:0",
        gateway_address="127.0.0.1:9",
        public_url=PLATFORM,
        cookie_key_file=key,
    )
    return create_app(settings)


def _written(node: ast.expr) -> str:
    """Return the text of a constant or an f-string, with an id where a value stands."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        names_side = isinstance(node.value, ast.Attribute) and node.value.attr == "value"
        return _OF_SIDES if names_side else _SOME_ID
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def addresses() -> set[str]:
    """Return every address of a page in the code of notifications."""
    found: set[str] = set()
    for module in _SOURCES.rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if id(node) in parts:
                continue
            if isinstance(node, ast.Constant | ast.JoinedStr) and (text := _written(node)).startswith("/"):
                found |= set(_on_each_side(text))
    return {address for address in found if len(address) > 1 and not address.startswith("//")}


def _on_each_side(text: str) -> Iterator[str]:
    """Yield an address for each side that has such a page: chats and orders are told to several."""
    if _OF_SIDES not in text:
        yield text
        return
    sides = (Side.CUSTOMER, Side.STAFF) if "/chat/" in text else (Side.STAFF, Side.EXPERT)
    for side in sides:
        yield text.replace(_OF_SIDES, side.value)


def test_every_address_is_a_page(portal: Flask) -> None:
    """F79, F142: no mail and no line of the bell leads to a page that does not exist."""
    routes = portal.url_map.bind("kontor.example")
    found = addresses()
    assert len(found) > 20, "the addresses are found"
    assert sorted(address for address in found if not routes.test(address, method="GET")) == []


def test_every_address_opens_under_the_firms_own_domain() -> None:
    """F79: a mail of a firm with a domain of its own leads there; only experts work under the platform's."""
    firm = Firm("Hansen & Partner", "post@hansen.example", "", "", origin=OWN)
    for address in addresses():
        expected = PLATFORM if address.startswith("/experte/") else OWN
        assert under_own_domain(PLATFORM + address, firm, PLATFORM) == expected + address
