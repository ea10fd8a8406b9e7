"""Addresses that come from outside, made safe: where to go after signing in (no open redirect)."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_path(wanted: str | None, fallback: str = "/") -> str:
    """Return a path on this origin; anything that could lead elsewhere becomes the fallback.

    Refused are absolute and scheme-relative addresses, backslashes and control characters (browsers read `/\\x` as
    `//x`), and the sign-in's own addresses, which would loop.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return fallback
    if "\\" in wanted or any(ord(character) < 0x21 or ord(character) == 0x7F for character in wanted):
        return fallback
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or parts.path == "/auth" or parts.path.startswith("/auth/"):
        return fallback
    return wanted
