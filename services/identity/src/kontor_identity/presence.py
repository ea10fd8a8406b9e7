"""What everybody may see of a firm: read for visitors who are nobody yet, so across firms and by short name or host."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from kontor.identity.v1 import brand_pb2 as pb
from kontor.identity.v1 import tenants_pb2
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.database import RowReader
from sqlalchemy import ARRAY, Select, Text, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from kontor_identity.brand_tables import BrandPicture, BrandVersion, FirmDomain
from kontor_identity.designs import DRAFT, NEUTRAL_ACCENT, NEUTRAL_PRIMARY, pictures_of
from kontor_identity.directory import DIRECTORY
from kontor_identity.tables import Tenant

_IS_OPEN = Tenant.state != int(TenantState.TENANT_STATE_WAITING)
_SLUG = bindparam("slug", type_=Text)

_NEWEST = (
    select(BrandVersion.design)
    .where(BrandVersion.tenant_id == Tenant.tenant_id, BrandVersion.number > DRAFT)
    .order_by(BrandVersion.number.desc())
    .limit(1)
)
_NUMBER = _NEWEST.with_only_columns(BrandVersion.number)
_HOST = (
    select(FirmDomain.host)
    .where(FirmDomain.tenant_id == Tenant.tenant_id, FirmDomain.verified_at.is_not(None), Tenant.white_label)
    .order_by(FirmDomain.verified_at)
    .limit(1)
)
_PRESENCE: Select[Any] = select(
    Tenant.__table__,
    _NEWEST.scalar_subquery().label("design"),
    _NUMBER.scalar_subquery().label("number"),
    _HOST.scalar_subquery().label("host"),
).where(_IS_OPEN, Tenant.slug == _SLUG)
_OWN = aliased(FirmDomain)
_ALL_HOSTS = (
    select(func.array_agg(aggregate_order_by(_OWN.host, _OWN.verified_at, _OWN.host)))
    .where(_OWN.tenant_id == Tenant.tenant_id, _OWN.verified_at.is_not(None))
    .correlate(Tenant)
)
_AT_HOST: Select[Any] = (
    select(Tenant.slug, _ALL_HOSTS.scalar_subquery().label("hosts"))
    .join(FirmDomain, FirmDomain.tenant_id == Tenant.tenant_id)
    .where(_IS_OPEN, Tenant.white_label, FirmDomain.verified_at.is_not(None))
    .where(FirmDomain.host == bindparam("host", type_=Text))
)
_PICTURE: Select[Any] = (
    select(*[BrandPicture.__table__.c.content, BrandPicture.__table__.c.media_type])
    .join(Tenant, Tenant.tenant_id == BrandPicture.tenant_id)
    .where(_IS_OPEN, Tenant.slug == _SLUG, BrandPicture.picture_id == bindparam("picture_id", type_=Uuid))
)
_TYPES: Select[*tuple[Any, ...]] = select(BrandPicture.picture_id, BrandPicture.media_type).where(
    BrandPicture.tenant_id == bindparam("tenant_id", type_=Uuid),
    BrandPicture.picture_id == any_(bindparam("picture_ids", type_=ARRAY(Uuid))),
)


async def presence(rows: RowReader, slug: str) -> pb.Presence | None:
    """Return the face of an activated firm; None when there is none of that name."""
    found = await rows.rows(_PRESENCE, {"slug": slug}, principal=DIRECTORY)
    if not found:
        return None
    row = found[0]
    design = _design(row["design"])
    return pb.Presence(
        tenant_id=str(row["tenant_id"]),
        slug=row["slug"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        address=tenants_pb2.Address(
            street=row["street"], postal_code=row["postal_code"], city=row["city"], country=row["country"]
        ),
        design=design,
        version_number=row["number"] or DRAFT,
        white_label=row["white_label"],
        host=row["host"] or "",
        picture_types=await _picture_types(rows, row["tenant_id"], design),
    )


async def firm_at(rows: RowReader, host: str) -> pb.FirmAtHost | None:
    """Return the firm that answers under a host name, None without one."""
    found = await rows.rows(_AT_HOST, {"host": host.lower()}, principal=DIRECTORY)
    if not found:
        return None
    return pb.FirmAtHost(slug=found[0]["slug"], passkey_host=found[0]["hosts"][0], hosts=found[0]["hosts"])


async def picture(rows: RowReader, slug: str, picture_id: UUID) -> tuple[bytes, str] | None:
    """Return a firm's picture and its media type."""
    found = await rows.rows(_PICTURE, {"slug": slug, "picture_id": picture_id}, principal=DIRECTORY)
    return (found[0]["content"], found[0]["media_type"]) if found else None


async def _picture_types(rows: RowReader, tenant_id: UUID, design: pb.BrandDesign) -> dict[str, str]:
    shown = [UUID(picture_id) for picture_id in pictures_of(design)]
    if not shown:
        return {}
    found = await rows.rows(_TYPES, {"tenant_id": tenant_id, "picture_ids": shown}, principal=DIRECTORY)
    return {str(row["picture_id"]): row["media_type"] for row in found}


def _design(stored: bytes | None) -> pb.BrandDesign:
    """Return a stored design; the neutral look before the first."""
    if stored is not None:
        return pb.BrandDesign.FromString(stored)
    return pb.BrandDesign(primary_color=NEUTRAL_PRIMARY, accent_color=NEUTRAL_ACCENT, layout=tenants_pb2.LAYOUT_CLASSIC)


async def own_origin(rows: RowReader, slug: str, public_url: str) -> str:
    """Return the origin of a firm's own domain (F79), under the scheme and port of the platform's; "" without one."""
    face = await presence(rows, slug)
    if face is None or not face.host:
        return ""
    platform = urlsplit(public_url)
    return platform._replace(netloc=face.host + (f":{platform.port}" if platform.port else "")).geturl()
