"""Colours that can be read: contrast (WCAG 2.2, 1.4.3 and 1.4.11), and the nearest colour that has enough of it.

Nearest means: same hue and, as far as the screen can show it, the same strength; only as much darker as needed. That is
a walk along the lightness of OKLCH, in which equal steps look equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, sin

TEXT_CONTRAST = 4.5
"""White text on the main colour (WCAG 2.2, 1.4.3)."""
SHAPE_CONTRAST = 3.0
"""Shapes in the second colour on white (WCAG 2.2, 1.4.11)."""
_WHITE = "#ffffff"
_STEPS = 24
"""Halvings of the lightness: finer than what eight bits per channel can show."""


@dataclass(frozen=True)
class ColorCheck:
    """A colour against white: how much contrast it has, how much it needs, and what would do."""

    color: str
    contrast: float
    needed: float
    proposal: str

    @property
    def passes(self) -> bool:
        """Whether the colour itself has enough contrast."""
        return self.contrast >= self.needed


def check_color(color: str, needed: float) -> ColorCheck:
    """Check a colour like "#12355b" against white."""
    return ColorCheck(color.lower(), contrast(color, _WHITE), needed, nearest_passing(color, needed))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours like "#12355b", from 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def nearest_passing(color: str, needed: float) -> str:
    """Return the lightest colour of the same hue that is no lighter and has the contrast against white."""
    color = color.lower()
    if contrast(color, _WHITE) >= needed:
        return color
    lightness, chroma, hue = _to_oklch(color)
    passing, failing = 0.0, lightness
    for _ in range(_STEPS):
        middle = (passing + failing) / 2
        if contrast(_shown(middle, chroma, hue), _WHITE) >= needed:
            passing = middle
        else:
            failing = middle
    return _shown(passing, chroma, hue)


def _luminance(color: str) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return _linear_channel(red), _linear_channel(green), _linear_channel(blue)


def _linear_channel(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _encoded_channel(value: float) -> int:
    clipped = min(max(value, 0.0), 1.0)
    encoded = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(encoded * 255)


def _to_oklch(color: str) -> tuple[float, float, float]:
    red, green, blue = _linear(color)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, (a * a + b * b) ** 0.5, atan2(b, a)


def _shown(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour as a screen shows it; what lies outside of its range is cut off."""
    a, b = chroma * cos(hue), chroma * sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_encoded_channel(channel):02x}" for channel in channels)
