"""Pictures and films of a firm's design (F42, F43): what is accepted, and where they are kept.

A picture is never changed or deleted while a version of the design may show it; a firm keeps at most 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import func, select

from kontor_identity.brand_tables import BrandPicture
from kontor_identity.logos import check_svg

LARGEST_PICTURE = 1024 * 1024
LARGEST_FILM = 8 * 1024 * 1024
_MOST_KEPT = 200


async def keep_picture(tx: Transaction, content: bytes) -> BrandPicture:
    """Keep a picture of the caller's own firm; raises INVALID "PICTURE_UNSUITABLE", LIMIT "TOO_MANY_PICTURES"."""
    tenant_id = tx.principal.required_tenant()
    kept = await tx.session.scalar(select(func.count()).where(BrandPicture.tenant_id == tenant_id))
    if (kept or 0) >= _MOST_KEPT:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "TOO_MANY_PICTURES",
            said("Es sind bereits %(most)s Bilder hinterlegt. Bitte verwenden Sie eines davon.", most=_MOST_KEPT),
        )
    picture = BrandPicture(
        picture_id=new_id(), tenant_id=tenant_id, content=content, media_type=media_type(content), created_at=tx.now
    )
    tx.session.add(picture)
    return picture


async def picture_types(tx: Transaction, tenant_id: UUID, picture_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the media types of a firm's pictures by id; those of others and unknown ones are left out."""
    wanted = [UUID(picture_id) for picture_id in set(filter(None, picture_ids))]
    if not wanted:
        return {}
    found = await tx.session.execute(
        select(BrandPicture.picture_id, BrandPicture.media_type).where(
            BrandPicture.tenant_id == tenant_id, BrandPicture.picture_id.in_(wanted)
        )
    )
    return {str(picture_id): kind for picture_id, kind in found.all()}


def media_type(content: bytes) -> str:
    """Return what a picture or film is, by its own first bytes; raises INVALID "PICTURE_UNSUITABLE"."""
    found = still_type(content) or _film_type(content)
    if not found:
        raise _unsuitable("Bitte laden Sie ein Bild (PNG, JPEG, WebP, SVG) oder einen Film (MP4, WebM) hoch.")
    is_film = found.startswith("video/")
    if len(content) > (LARGEST_FILM if is_film else LARGEST_PICTURE):
        raise _unsuitable("Der Film ist größer als 8 MB." if is_film else "Das Bild ist größer als 1 MB.")
    return found


def still_type(content: bytes) -> str:
    """Return the media type of a picture, "" for anything else; an SVG with active content is refused."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if b"<svg" in content[:1024]:
        check_svg(content)
        return "image/svg+xml"
    return ""


def _film_type(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return "video/webm" if content.startswith(b"\x1aE\xdf\xa3") else ""


def _unsuitable(sentence: str) -> DomainError:
    return invalid("content", sentence, reason="PICTURE_UNSUITABLE")
