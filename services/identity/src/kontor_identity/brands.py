"""A firm's brand as the older API has it (F37–F39): changed and published in one step. `designs` has all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kontor.identity.v1.events_pb2 import BrandPublished
from kontor.identity.v1.tenants_pb2 import Layout
from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid
from kontor_chassis.etags import check_etag

from kontor_identity.designs import (
    NEUTRAL_ACCENT,
    NEUTRAL_PRIMARY,
    check_colors,
    neutral_brand,
    published_design,
    record_published,
)
from kontor_identity.logos import logo_type
from kontor_identity.pictures import keep_picture
from kontor_identity.tables import Brand

CHANGEABLE = frozenset({"primary_color", "accent_color", "heading", "greeting", "layout", "logo"})
_NEUTRAL = {"primary_color": NEUTRAL_PRIMARY, "accent_color": NEUTRAL_ACCENT}


@dataclass(frozen=True)
class BrandChange:
    """New values; empty colours mean the neutral ones, empty logo bytes none."""

    primary_color: str
    accent_color: str
    heading: str
    greeting: str
    layout: int
    logo: bytes


async def update_brand(tx: Transaction, change: BrandChange, *, fields: Iterable[str], etag: str) -> Brand:
    """Change and publish the brand of the caller's own firm; refuses unreadable colours and unsafe pictures."""
    tenant_id = tx.principal.required_tenant()
    brand = await tx.session.get(Brand, tenant_id, with_for_update=True)
    check_etag(etag, brand.version if brand else 0)
    design = await published_design(tx, tenant_id)
    if brand is None:
        brand = neutral_brand(tenant_id)
        tx.session.add(brand)
    for field in fields:
        if field not in CHANGEABLE:
            raise invalid("update_mask", "Diese Angabe lässt sich hier nicht ändern.")
        if field == "logo":
            design.logo_picture_id = await _set_logo(tx, brand, change.logo)
        elif field == "layout":
            brand.layout = change.layout or Layout.LAYOUT_CLASSIC
        elif field in _NEUTRAL:
            setattr(brand, field, getattr(change, field).lower() or _NEUTRAL[field])
        else:
            setattr(brand, field, getattr(change, field).strip())
    check_colors(brand.primary_color, brand.accent_color)
    design.primary_color, design.accent_color = brand.primary_color, brand.accent_color
    design.layout = Layout.ValueType(brand.layout)
    design.heading, design.greeting = brand.heading, brand.greeting
    await record_published(tx, tenant_id, design)
    tx.publish(BrandPublished(tenant_id=str(tenant_id)), aggregate=tenant_id)
    return brand


async def _set_logo(tx: Transaction, brand: Brand, picture: bytes) -> str:
    brand.logo_type = logo_type(picture) if picture else ""
    brand.logo = picture or None
    brand.logo_version += 1
    return str((await keep_picture(tx, picture)).picture_id) if picture else ""
