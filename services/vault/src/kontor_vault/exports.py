"""Archives of everything a customer has: asked for, looked at, opened, deleted. `exporting` makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_vault.content import object_path
from kontor_vault.keeping_tables import Export, ExportState
from kontor_vault.kept_previews import delete_content
from kontor_vault.objects import Objects
from kontor_vault.sightings import SAME_LOOK, Happening, record
from kontor_vault.tables import Sighting
from kontor_vault.visibility import require_customer_scope

KEPT_FOR = timedelta(days=7)
"""How long an archive can be downloaded."""
_RUNNING = (ExportState.WAITING, ExportState.BUILDING)
_BATCH = 100


async def create_export(tx: Transaction, objects: Objects, *, customer_id: UUID) -> Export:
    """Have an archive made; returns the one that is being made, if one is. Older ones make room for it."""
    require_customer_scope(tx.principal, customer_id)
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"export:{customer_id}"))))
    earlier = await tx.session.scalars(select(Export).where(Export.customer_id == customer_id).with_for_update())
    for export in earlier.all():
        if export.state in _RUNNING:
            return export
        await _remove(tx, objects, export)
    export = Export(
        export_id=new_id(),
        tenant_id=tx.principal.required_tenant(),
        customer_id=customer_id,
        account_id=tx.principal.required_account(),
        state=ExportState.WAITING,
        create_time=tx.now,
    )
    tx.session.add(export)
    await tx.session.flush()
    return export


async def get_export(tx: Transaction, *, export_id: UUID, customer_id: UUID | None = None) -> Export:
    """Return a customer's archive; raises NOT_FOUND, also when its time is over."""
    export = await tx.session.get(Export, export_id)
    if export is None or (customer_id is not None and export.customer_id != customer_id) or _is_over(tx, export):
        raise not_found("Das Archiv")
    require_customer_scope(tx.principal, export.customer_id)
    return export


async def list_exports(tx: Transaction, *, customer_id: UUID, before: UUID | None, size: int) -> Sequence[Export]:
    """Return a customer's archives, newest first."""
    require_customer_scope(tx.principal, customer_id)
    wanted = select(Export).where(Export.customer_id == customer_id).order_by(Export.export_id.desc()).limit(size)
    if before is not None:
        wanted = wanted.where(Export.export_id < before)
    return [export for export in await tx.session.scalars(wanted) if not _is_over(tx, export)]


async def open_export(tx: Transaction, *, export_id: UUID) -> Export:
    """Return an archive that is ready, having recorded that it is taken along; a download in pieces counts once.

    Raises NOT_FOUND, PRECONDITION "EXPORT_NOT_READY".
    """
    export = await get_export(tx, export_id=export_id)
    if export.state != ExportState.READY:
        raise DomainError(ErrorKind.PRECONDITION, "EXPORT_NOT_READY", "Das Archiv ist noch nicht fertig.")
    latest = await tx.session.scalar(
        select(func.max(Sighting.time)).where(
            Sighting.customer_id == export.customer_id,
            Sighting.account_id == tx.principal.required_account(),
            Sighting.action == SightingAction.SIGHTING_ACTION_EXPORT,
        )
    )
    if latest is None or tx.now - latest >= SAME_LOOK:
        happening = Happening(SightingAction.SIGHTING_ACTION_EXPORT)
        await record(tx, export.tenant_id, export.customer_id, happening)
    return export


async def delete_export(tx: Transaction, objects: Objects, *, customer_id: UUID, export_id: UUID) -> None:
    """Delete an archive, or stop its making; raises NOT_FOUND."""
    await _remove(tx, objects, await get_export(tx, export_id=export_id, customer_id=customer_id))


async def delete_expired(tx: Transaction, objects: Objects) -> int:
    """Delete a batch of archives whose time is over; return how many."""
    over = select(Export).where(Export.expire_time <= tx.now).limit(_BATCH).with_for_update(skip_locked=True)
    found = (await tx.session.scalars(over)).all()
    for export in found:
        await _remove(tx, objects, export)
    return len(found)


async def _remove(tx: Transaction, objects: Objects, export: Export) -> None:
    place = (export.tenant_id, export.customer_id, export.export_id)
    await asyncio.to_thread(delete_content, objects, object_path(*place))
    await tx.session.delete(export)
    await tx.session.flush()


def _is_over(tx: Transaction, export: Export) -> bool:
    return export.expire_time is not None and export.expire_time <= tx.now
