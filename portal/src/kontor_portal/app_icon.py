"""A firm's icon as a drawing: its logo on white, or its initials on its colour. For tabs, home screens, bookmarks."""

from __future__ import annotations

import base64
from html import escape

from kontor_portal.firms import FirmLook
from kontor_portal.formatting import monogram

SAFE_ZONE = 0.62
"""Part of an icon that no device cuts off (W3C manifest, maskable icons: 80 % of the diameter)."""
_SIDE = 512


def icon(firm: FirmLook, logo: tuple[bytes, str] | None) -> bytes:
    """Return the icon; `logo` is the picture with its media type, if the firm has one."""
    inner = round(_SIDE * SAFE_ZONE)
    edge = (_SIDE - inner) // 2
    if logo is not None:
        content, media_type = logo
        data = base64.b64encode(content).decode("ascii")
        background = "#ffffff"
        mark = (
            f'<image x="{edge}" y="{edge}" width="{inner}" height="{inner}"'
            f' preserveAspectRatio="xMidYMid meet" href="data:{escape(media_type)};base64,{data}"/>'
        )
    else:
        background = firm.brand.primary
        mark = (
            f'<text x="50%" y="50%" dy=".35em" text-anchor="middle" fill="{firm.brand.ink}"'
            f' font-family="Georgia, serif" font-weight="600" font-size="{inner * 0.62:.0f}">'
            f"{escape(monogram(firm.name))}</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {_SIDE}" width="{_SIDE}" height="{_SIDE}">'
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="{background}"/>{mark}</svg>\n'
    ).encode()
