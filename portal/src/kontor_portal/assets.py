"""Static files: read once at start, joined where they belong together, served under the hash of all of them.

`/static/<release>/<name>` never changes and may be kept for a year; `/static/<name>` is revalidated (the sign-in pages
of identity use it, because they cannot know the portal's release). Relative addresses inside CSS and JavaScript work
under both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
}
_STYLESHEET = "office.css"
_ENTRY = "js/app.js"
_IMPORT = re.compile(r'^import .* from "\./([a-z-]+\.js)";$', re.MULTILINE)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    media_type: str
    etag: str


@dataclass(frozen=True)
class Assets:
    """All static files of this release."""

    release: str
    by_name: Mapping[str, Asset]

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """Return the names of the scripts that `js/app.js` imports, directly or through another, in a stable order.

        Pages name them beforehand, so that a browser fetches them side by side and not one after the other.
        """
        found: dict[str, None] = {}
        waiting = [_ENTRY]
        while waiting:
            imported = _IMPORT.findall(self.by_name[waiting.pop()].content.decode())
            new = [name for name in (f"js/{each}" for each in imported) if name not in found]
            found |= dict.fromkeys(new)
            waiting += new
        return tuple(sorted(found))

    def url(self, name: str) -> str:
        """Return the immutable address of a file; raises KeyError when there is none of that name."""
        if name not in self.by_name:
            raise KeyError(name)
        return f"/static/{self.release}/{name}"


def load_assets() -> Assets:
    """Read the static files of the package."""
    contents = dict(_walk(files("kontor_portal") / "static", ""))
    contents |= {_still(name): _without_movement(content) for name, content in contents.items() if _moves(name)}
    styles = sorted(name for name in contents if name.startswith("css/"))
    contents[_STYLESHEET] = b"\n".join(contents.pop(name) for name in styles)
    release = hashlib.sha256()
    for name in sorted(contents):
        release.update(name.encode() + b"\0" + contents[name])
    return Assets(release.hexdigest()[:12], {name: _asset(name, content) for name, content in contents.items()})


def _moves(name: str) -> bool:
    return name.startswith("scenes/")


def _still(name: str) -> str:
    return name.replace(".svg", "-still.svg")


def _without_movement(drawing: bytes) -> bytes:
    """Return a scene as it stands still: for whoever asked his device for less movement, and until a script says so."""
    return re.sub(rb"<animate[^>]*/>", b"", drawing)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = prefix + entry.name
        found += _walk(entry, name + "/") if entry.is_dir() else [(name, entry.read_bytes())]
    return found


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _TYPES[name.rpartition(".")[2]], hashlib.sha256(content).hexdigest()[:16])
