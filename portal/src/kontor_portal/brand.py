"""A firm's brand as three custom properties, and whether people can read it (WCAG 2.2, 1.4.3).

Colours that come from elsewhere are parsed here and nowhere else, so nothing but `#rrggbb` ever reaches a stylesheet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_LIGHT_INK: Final = "#ffffff"
_DARK_INK: Final = "#000000"
"""Pure black: of it and white, one always reaches AA; a softer dark would leave reds on which neither does."""
DEFAULT_PRIMARY: Final = "#17324d"
DEFAULT_ACCENT: Final = "#b4552d"
AA_TEXT: Final = 4.5
"""Least contrast of normal text."""


@dataclass(frozen=True)
class Brand:
    """The colours of one firm, each `#rrggbb`."""

    primary: str
    ink: str
    accent: str

    def stylesheet(self) -> str:
        """Return the stylesheet that puts the brand over the default tokens."""
        return f":root{{--brand:{self.primary};--brand-ink:{self.ink};--accent:{self.accent}}}\n"


def brand_of(primary: str, accent: str) -> Brand:
    """Return the brand for two colours; an unusable colour falls back to the platform's."""
    chosen = parse_color(primary) or DEFAULT_PRIMARY
    return Brand(primary=chosen, ink=readable_ink(chosen), accent=parse_color(accent) or DEFAULT_ACCENT)


def parse_color(text: str) -> str | None:
    """Return `#rrggbb` in lower case, or None when the text is no such colour."""
    wanted = text.strip().lower()
    return wanted if _HEX.fullmatch(wanted) else None


def readable_ink(background: str) -> str:
    """Return the ink, light or dark, that reads best on a background."""
    return max((_LIGHT_INK, _DARK_INK), key=lambda ink: contrast(ink, background))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
