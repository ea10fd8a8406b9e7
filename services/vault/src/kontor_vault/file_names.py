"""File names that are safe to keep and to offer again."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

LONGEST = 255
_FORBIDDEN = '<>:"/\\|?*'
_FALLBACK = "Dokument"


def clean_file_name(name: str) -> str:
    """Return the last part of a path as a plain name: no separators, control or bidirectional characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    normal = unicodedata.normalize("NFC", last)
    kept = "".join("_" if char in _FORBIDDEN else char for char in normal if unicodedata.category(char)[0] != "C")
    return _shorten(kept.strip().strip(".").strip()) or _FALLBACK


def unique_name(folder: str, file_name: str, taken: set[str]) -> str:
    """Return a path in `folder` that no other has, whatever a file system makes of capitals, and take it."""
    name = clean_file_name(file_name)
    stem, dot, ending = name.rpartition(".")
    unique, number = folder + name, 2
    while unique.casefold() in taken:
        unique = f"{folder}{stem} ({number}).{ending}" if dot else f"{folder}{name} ({number})"
        number += 1
    taken.add(unique.casefold())
    return unique


def title_of(file_name: str) -> str:
    """Return a title for a file that came without one: its name without the ending, underscores as spaces."""
    stem, dot, ending = file_name.rpartition(".")
    title = stem if dot and stem and len(ending) <= 5 else file_name
    return " ".join(title.replace("_", " ").split())[:200] or _FALLBACK


def content_disposition(kind: str, file_name: str) -> str:
    """Return the header for "inline" or "attachment" with the name in ASCII and in full (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode("ascii")
    plain = plain.replace('"', "_").replace("\\", "_").strip() or _FALLBACK
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _shorten(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 20:
        return name[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1]}.{ending}"
