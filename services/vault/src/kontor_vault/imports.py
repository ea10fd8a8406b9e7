"""Archives that customers bring: asked for, looked at, stopped, forgotten. `archive_reader` reads them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import func, select

from kontor_vault.documents import get_document, require_in_use
from kontor_vault.keeping_tables import EarlierFile, Import, ImportState
from kontor_vault.visibility import require_customer_scope

ZIP: Final = "application/zip"


async def create_import(tx: Transaction, *, customer_id: UUID, document_id: UUID) -> Import:
    """Have an archive read in; returns the one that is being read in, if one is.

    Raises NOT_FOUND, PRECONDITION "DOCUMENT_IN_TRASH" and "NO_ARCHIVE" for what is no ZIP file.
    """
    document = await get_document(tx, document_id=document_id, customer_id=customer_id)
    require_in_use(document)
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"import:{customer_id}"))))
    running = select(Import).where(Import.customer_id == customer_id, Import.end_time.is_(None))
    known = await tx.session.scalar(running)
    if known is not None:
        return known
    if document.media_type != ZIP:
        sentence = "Dieses Dokument ist keine ZIP-Datei und kann deshalb kein Archiv sein."
        raise DomainError(ErrorKind.PRECONDITION, "NO_ARCHIVE", sentence)
    wanted = Import(
        import_id=new_id(),
        tenant_id=document.tenant_id,
        customer_id=customer_id,
        account_id=tx.principal.required_account(),
        document_id=document_id,
        title=document.title,
        state=ImportState.WAITING,
        create_time=tx.now,
    )
    tx.session.add(wanted)
    await tx.session.flush()
    return wanted


async def get_import(tx: Transaction, *, customer_id: UUID, import_id: UUID) -> Import:
    """Return one; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.get(Import, import_id)
    if found is None or found.customer_id != customer_id:
        raise not_found("Das Archiv")
    return found


async def list_imports(tx: Transaction, *, customer_id: UUID, before: UUID | None, size: int) -> Sequence[Import]:
    """Return a customer's imports, newest first."""
    require_customer_scope(tx.principal, customer_id)
    wanted = select(Import).where(Import.customer_id == customer_id).order_by(Import.import_id.desc()).limit(size)
    if before is not None:
        wanted = wanted.where(Import.import_id < before)
    return (await tx.session.scalars(wanted)).all()


async def delete_import(tx: Transaction, *, customer_id: UUID, import_id: UUID) -> None:
    """Stop one, or forget one that ended; raises NOT_FOUND."""
    await tx.session.delete(await get_import(tx, customer_id=customer_id, import_id=import_id))
    await tx.session.flush()


async def former_files(tx: Transaction, archive_id: UUID, customer_id: UUID) -> dict[str, EarlierFile]:
    """Return the files that were kept of an archive, by where they lay in it."""
    wanted = select(EarlierFile).where(EarlierFile.customer_id == customer_id, EarlierFile.archive_id == archive_id)
    return {file.name: file for file in await tx.session.scalars(wanted)}


async def open_former_file(tx: Transaction, *, file_id: UUID) -> EarlierFile:
    """Return a file of a former installation for reading; raises NOT_FOUND."""
    found = await tx.session.get(EarlierFile, file_id)
    if found is None:
        raise not_found("Die Datei")
    require_customer_scope(tx.principal, found.customer_id)
    return found
