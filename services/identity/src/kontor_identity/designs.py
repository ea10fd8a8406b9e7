"""Designs of a firm's face: one draft, and every published version to go back to (F37–F43, F53).

What is published is also written to `brands`, where mails, invoices and the older API read colours, texts and logo.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Area
from kontor.identity.v1.brand_pb2 import BrandDesign, Notice, Tile
from kontor.identity.v1.events_pb2 import BrandPublished
from kontor.identity.v1.tenants_pb2 import Layout
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.sentences import said
from sqlalchemy import func, select

from kontor_identity.brand_tables import BrandPicture, BrandVersion
from kontor_identity.colors import SHAPE_CONTRAST, TEXT_CONTRAST, check_color
from kontor_identity.pictures import picture_types
from kontor_identity.tables import Brand

NEUTRAL_PRIMARY = "#17324d"
NEUTRAL_ACCENT = "#b4552d"
DRAFT = 0


@dataclass(frozen=True)
class Draft:
    """The draft, or what is published where there is none."""

    design: BrandDesign
    row: BrandVersion | None


async def draft_of(tx: Transaction) -> Draft:
    """Return the draft of the caller's own firm."""
    tenant_id = tx.principal.required_tenant()
    row = await tx.session.get(BrandVersion, (tenant_id, DRAFT))
    if row is not None:
        return Draft(BrandDesign.FromString(row.design), row)
    return Draft(await published_design(tx, tenant_id), None)


async def save_draft(tx: Transaction, design: BrandDesign, *, etag: str) -> Draft:
    """Keep a design as the draft; refuses unreadable colours and pictures that are not the firm's own."""
    tenant_id = tx.principal.required_tenant()
    row = await tx.session.get(BrandVersion, (tenant_id, DRAFT), with_for_update=True)
    check_etag(etag, row.version if row else 0)
    design = normalised(design)
    check_colors(design.primary_color, design.accent_color)
    _check_notices(design)
    _check_tiles(design)
    await _check_pictures(tx, tenant_id, design)
    if row is None:
        row = BrandVersion(tenant_id=tenant_id, number=DRAFT, published_at=None)
        tx.session.add(row)
    row.design = design.SerializeToString(deterministic=True)
    row.author, row.saved_at = tx.principal.display_name, tx.now
    await tx.session.flush()
    return Draft(design, row)


async def publish_draft(tx: Transaction, *, etag: str) -> BrandVersion:
    """Publish the draft; raises PRECONDITION "NOTHING_TO_PUBLISH" without one."""
    tenant_id = tx.principal.required_tenant()
    row = await tx.session.get(BrandVersion, (tenant_id, DRAFT), with_for_update=True)
    if row is None:
        raise DomainError(
            ErrorKind.PRECONDITION, "NOTHING_TO_PUBLISH", "Es gibt keinen Entwurf; alles ist veröffentlicht."
        )
    check_etag(etag, row.version)
    design = BrandDesign.FromString(row.design)
    await tx.session.delete(row)
    return await publish(tx, tenant_id, design)


async def restore_version(tx: Transaction, number: int) -> BrandVersion:
    """Publish an old version anew; a draft is given up for it."""
    tenant_id = tx.principal.required_tenant()
    old = await tx.session.get(BrandVersion, (tenant_id, number)) if number != DRAFT else None
    if old is None:
        raise not_found("Diese Version")
    draft = await tx.session.get(BrandVersion, (tenant_id, DRAFT), with_for_update=True)
    if draft is not None:
        await tx.session.delete(draft)
    return await publish(tx, tenant_id, BrandDesign.FromString(old.design))


async def publish(tx: Transaction, tenant_id: UUID, design: BrandDesign) -> BrandVersion:
    """Let customers see a design from now on."""
    brand = await tx.session.get(Brand, tenant_id, with_for_update=True)
    if brand is None:
        brand = neutral_brand(tenant_id)
        tx.session.add(brand)
    brand.primary_color, brand.accent_color, brand.layout = design.primary_color, design.accent_color, design.layout
    brand.heading, brand.greeting = design.heading, design.greeting
    brand.closed_areas = sorted(design.closed_areas)
    await _take_logo(tx, brand, design.logo_picture_id)
    row = await record_published(tx, tenant_id, design)
    tx.publish(BrandPublished(tenant_id=str(tenant_id)), aggregate=tenant_id)
    return row


async def record_published(tx: Transaction, tenant_id: UUID, design: BrandDesign) -> BrandVersion:
    """Keep a design as the newest version; the firm's row in `brands` must be locked or new."""
    await tx.session.flush()
    row = BrandVersion(
        tenant_id=tenant_id,
        number=await newest_number(tx, tenant_id) + 1,
        design=design.SerializeToString(deterministic=True),
        author=tx.principal.display_name,
        saved_at=tx.now,
        published_at=tx.now,
    )
    tx.session.add(row)
    await tx.session.flush()
    return row


async def newest_number(tx: Transaction, tenant_id: UUID) -> int:
    """Return the number of the version that customers see; 0 before the first."""
    newest = select(func.coalesce(func.max(BrandVersion.number), DRAFT)).where(BrandVersion.tenant_id == tenant_id)
    return int(await tx.session.scalar(newest) or DRAFT)


async def published_design(tx: Transaction, tenant_id: UUID) -> BrandDesign:
    """Return what customers see: the newest version, else what `brands` says, else the neutral look."""
    number = await newest_number(tx, tenant_id)
    if number != DRAFT:
        row = await tx.session.get_one(BrandVersion, (tenant_id, number))
        return BrandDesign.FromString(row.design)
    return design_of(await tx.session.get(Brand, tenant_id) or neutral_brand(tenant_id))


def design_of(brand: Brand) -> BrandDesign:
    """Return the design of a firm that has never published a version."""
    return BrandDesign(
        primary_color=brand.primary_color,
        accent_color=brand.accent_color,
        layout=Layout.ValueType(brand.layout),
        heading=brand.heading,
        greeting=brand.greeting,
    )


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
        closed_areas=[],
    )


def normalised(design: BrandDesign) -> BrandDesign:
    """Return the design without blanks around its texts; what is missing takes its neutral value."""
    plain = BrandDesign()
    plain.CopyFrom(design)
    plain.primary_color = design.primary_color.lower() or NEUTRAL_PRIMARY
    plain.accent_color = design.accent_color.lower() or NEUTRAL_ACCENT
    plain.layout = design.layout or Layout.LAYOUT_CLASSIC
    for field in ("heading", "greeting", "greeting_informal", "introduction", "homepage"):
        setattr(plain, field, getattr(design, field).strip())
    return plain


def check_colors(primary: str, accent: str) -> None:
    """Raise INVALID "CONTRAST_TOO_LOW" with the nearest colour that passes, unless both can be read."""
    for field, color, least in (("primary_color", primary, TEXT_CONTRAST), ("accent_color", accent, SHAPE_CONTRAST)):
        check = check_color(color, least)
        if not check.passes:
            figures = f"{check.contrast:.1f}".replace(".", ","), f"{least:.1f}".replace(".", ",")
            raise invalid(
                f"brand.{field}",
                said(
                    "Diese Farbe ist auf Weiß zu schwach: Kontrast %(contrast)s, nötig sind %(needed)s. Die nächste "
                    "Farbe, die reicht, ist %(proposal)s.",
                    contrast=figures[0],
                    needed=figures[1],
                    proposal=check.proposal,
                ),
                reason="CONTRAST_TOO_LOW",
            )


def pictures_of(design: BrandDesign) -> list[str]:
    """Return the ids of all pictures that a design shows."""
    return [
        *filter(None, (design.logo_picture_id, design.intro.picture_id, *(tile.picture_id for tile in design.tiles)))
    ]


def _check_notices(design: BrandDesign) -> None:
    for index, notice in enumerate(design.notices):
        if not _is_in_order(notice):
            raise invalid(f"draft.design.notices[{index}].last_day", "Der letzte Tag liegt vor dem ersten.")


def _is_in_order(notice: Notice) -> bool:
    return not (notice.first_day and notice.last_day) or notice.first_day <= notice.last_day


def _check_tiles(design: BrandDesign) -> None:
    for index, tile in enumerate(design.tiles):
        if not _leads_somewhere(tile):
            raise invalid(
                f"draft.design.tiles[{index}].link",
                "Eine Kachel führt in einen Bereich oder mit Titel an eine Adresse, die mit https:// beginnt.",
            )


def _leads_somewhere(tile: Tile) -> bool:
    return not tile.link if tile.area != Area.AREA_UNSPECIFIED else bool(tile.link and tile.title)


async def _check_pictures(tx: Transaction, tenant_id: UUID, design: BrandDesign) -> None:
    types = await picture_types(tx, tenant_id, pictures_of(design))
    for picture_id in pictures_of(design):
        if picture_id not in types:
            raise not_found("Dieses Bild")
        if types[picture_id].startswith("video/") and picture_id != design.intro.picture_id:
            raise invalid("draft.design", "Ein Film ist nur als Auftakt der Startseite möglich.")


async def _take_logo(tx: Transaction, brand: Brand, picture_id: str) -> None:
    picture = await tx.session.get(BrandPicture, UUID(picture_id)) if picture_id else None
    content = picture.content if picture is not None else None
    if content != brand.logo:
        brand.logo = content
        brand.logo_type = picture.media_type if picture is not None else ""
        brand.logo_version += 1
