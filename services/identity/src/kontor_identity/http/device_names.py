"""What a browser and its system are called, for the list of sessions: "Firefox auf Windows"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from flask import request
from ua_parser import parse

_UNKNOWN = "Unbekanntes Gerät"
_LONGEST_AGENT = 512
"""Longer ones are no browser's."""
_BROWSERS: Mapping[str, str] = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Edge Mobile": "Edge",
    "Samsung Internet": "Samsung-Browser",
    "HeadlessChrome": "Chrome",
}
_SYSTEMS: Mapping[str, str] = {"Mac OS X": "Mac", "Chrome OS": "Chromebook", "Ubuntu": "Linux", "Fedora": "Linux"}


def device() -> str:
    """Return the visitor's browser and system in words."""
    return _named(request.headers.get("User-Agent", "")[:_LONGEST_AGENT])


@lru_cache(maxsize=1_000)
def _named(agent: str) -> str:
    found = parse(agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    kind = found.device.family if found.device else ""
    browser = _BROWSERS.get(browser, browser)
    system = kind if kind in ("iPhone", "iPad") else _SYSTEMS.get(system, system)
    if not browser or not system:
        return browser or system or _UNKNOWN
    return f"{browser} auf {system}"[:120]
