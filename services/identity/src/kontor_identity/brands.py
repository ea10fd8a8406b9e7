"""A firm's brand (F37–F39): colours that stay readable, texts, layout, logo. Checked before it is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from kontor.identity.v1.events_pb2 import BrandPublished
from kontor.identity.v1.tenants_pb2 import Layout
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from kontor_chassis.etags import check_etag

from kontor_identity.logos import logo_type
from kontor_identity.tables import Brand

NEUTRAL_PRIMARY = "#17324d"
NEUTRAL_ACCENT = "#b4552d"
TEXT_CONTRAST = 4.5
"""White text on the primary colour (WCAG 2.2, 1.4.3)."""
SHAPE_CONTRAST = 3.0
"""Shapes in the accent colour on white (WCAG 2.2, 1.4.11)."""
CHANGEABLE = frozenset({"primary_color", "accent_color", "heading", "greeting", "layout", "logo"})


@dataclass(frozen=True)
class BrandChange:
    """New values; empty colours mean the neutral ones, empty logo bytes none."""

    primary_color: str
    accent_color: str
    heading: str
    greeting: str
    layout: int
    logo: bytes


def neutral_brand(tenant_id: UUID) -> Brand:
    """Return the look of a firm that has not chosen one, as a row not yet added."""
    return Brand(
        tenant_id=tenant_id,
        primary_color=NEUTRAL_PRIMARY,
        accent_color=NEUTRAL_ACCENT,
        heading="",
        greeting="",
        layout=Layout.LAYOUT_CLASSIC,
        logo=None,
        logo_type="",
        logo_version=0,
    )


async def update_brand(tx: Transaction, change: BrandChange, *, fields: Iterable[str], etag: str) -> Brand:
    """Change and publish the brand of the caller's own firm; refuses unreadable colours and unsafe pictures."""
    tenant_id = tx.principal.required_tenant()
    brand = await tx.session.get(Brand, tenant_id, with_for_update=True)
    check_etag(etag, brand.version if brand else 0)
    if brand is None:
        brand = neutral_brand(tenant_id)
        tx.session.add(brand)
    for field in fields:
        if field not in CHANGEABLE:
            raise invalid("update_mask", "Diese Angabe lässt sich hier nicht ändern.")
        if field == "logo":
            _set_logo(brand, change.logo)
        elif field == "layout":
            brand.layout = change.layout or Layout.LAYOUT_CLASSIC
        elif field in ("primary_color", "accent_color"):
            setattr(brand, field, getattr(change, field).lower() or _NEUTRAL[field])
        else:
            setattr(brand, field, getattr(change, field).strip())
    _check_contrast(brand)
    await tx.session.flush()
    tx.publish(BrandPublished(tenant_id=str(tenant_id)), aggregate=tenant_id)
    return brand


_NEUTRAL = {"primary_color": NEUTRAL_PRIMARY, "accent_color": NEUTRAL_ACCENT}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours like "#12355b", from 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _check_contrast(brand: Brand) -> None:
    for field, least in (("primary_color", TEXT_CONTRAST), ("accent_color", SHAPE_CONTRAST)):
        reached = contrast(getattr(brand, field), "#ffffff")
        if reached < least:
            figures = f"{reached:.1f}".replace(".", ","), f"{least:.1f}".replace(".", ",")
            raise invalid(
                f"brand.{field}",
                f"Diese Farbe ist auf Weiß zu schwach: Kontrast {figures[0]}, nötig sind {figures[1]}."
                " Bitte wählen Sie eine dunklere Farbe.",
                reason="CONTRAST_TOO_LOW",
            )


def _set_logo(brand: Brand, picture: bytes) -> None:
    brand.logo_type = logo_type(picture) if picture else ""
    brand.logo = picture or None
    brand.logo_version += 1
