"""The customer's last touch (F44): a picture of his own for a contract, his car or his dog. Nobody else changes it."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import delete, select

from kontor_identity.brand_tables import CustomerPicture
from kontor_identity.pictures import still_type

_PHOTOS = frozenset({"image/png", "image/jpeg", "image/webp"})


async def set_picture(tx: Transaction, subject: UUID, content: bytes) -> CustomerPicture:
    """Keep the caller's picture of something, in place of the one before; raises INVALID "PICTURE_UNSUITABLE"."""
    media_type = still_type(content) if b"<svg" not in content[:1024] else ""
    if media_type not in _PHOTOS:
        raise invalid(
            "content", "Bitte wählen Sie ein Bild als JPEG, PNG oder WebP bis 1 MB.", reason="PICTURE_UNSUITABLE"
        )
    await remove_picture(tx, subject)
    picture = CustomerPicture(
        picture_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=tx.principal.required_customer(),
        subject=str(subject),
        content=content,
        media_type=media_type,
        created_at=tx.now,
    )
    tx.session.add(picture)
    await tx.session.flush()
    return picture


async def remove_picture(tx: Transaction, subject: UUID) -> None:
    """Take the caller's picture of something away; nothing happens where there is none."""
    own = CustomerPicture.customer_id == tx.principal.required_customer(), CustomerPicture.subject == str(subject)
    await tx.session.execute(delete(CustomerPicture).where(*own))


async def pictures_after(tx: Transaction, subject: str, limit: int) -> list[tuple[str, UUID]]:
    """Return subjects and ids of the caller's pictures in the order of their subjects."""
    statement = (
        select(CustomerPicture.subject, CustomerPicture.picture_id)
        .where(CustomerPicture.customer_id == tx.principal.required_customer(), CustomerPicture.subject > subject)
        .order_by(CustomerPicture.subject)
        .limit(limit)
    )
    return [(found, picture_id) for found, picture_id in (await tx.session.execute(statement)).all()]


async def picture(tx: Transaction, picture_id: UUID) -> CustomerPicture:
    """Return one of the caller's pictures."""
    found = await tx.session.get(CustomerPicture, picture_id)
    if found is None or found.customer_id != tx.principal.required_customer():
        raise not_found("Dieses Bild")
    return found
