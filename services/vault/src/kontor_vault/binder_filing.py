"""Where a piece that was scanned from a binder goes: a folder of the binder, in it one of the register (F16, F61).

The folders are made when they are needed, and never an existing one is taken that only has the same name: it could be
one that somebody else may look into.
"""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_chassis.database import Transaction
from kontor_chassis.errors import not_found
from sqlalchemy import func, select

from kontor_vault.binder_tables import BinderOrder, BinderPlace, BinderRegister
from kontor_vault.filing import Filing
from kontor_vault.folders import create_folder
from kontor_vault.scan_tables import ScanBatch, ScanPiece
from kontor_vault.tables import Document, Folder, Origin

_MOST_OF_ONE_NAME = 100


async def binder_filing(tx: Transaction, piece: ScanPiece) -> Filing:
    """Return as what a piece is filed; raises NOT_FOUND when its binder is gone with its customer."""
    order, register = await _register_of(tx, piece)
    order.folder_id = await _folder(tx, order, order.folder_id, None, f"Ordner {order.name}")
    name = f"{register.number} {register.title}"
    register.folder_id = await _folder(tx, order, register.folder_id, order.folder_id, name)
    await tx.session.flush()
    sheets = sheets_text(piece.page_sheets or [])
    return Filing(
        tenant_id=order.tenant_id,
        customer_id=order.customer_id,
        title=f"{order.name}, {register.title}, Blatt {sheets}",
        file_name=f"{order.name} {register.number}-{sheets}.pdf",
        kind=DocumentKind.DOCUMENT_KIND_OTHER,
        contract_id=None,
        released=True,
        origin=Origin.CUSTOMER,
        folder_id=register.folder_id,
    )


async def keep_place(tx: Transaction, piece: ScanPiece, document: Document) -> None:
    """Write down from which sheets a document came."""
    order, register = await _register_of(tx, piece)
    register.documents += 1
    register.sheets += piece.sheets
    place = BinderPlace(
        document_id=document.document_id,
        tenant_id=order.tenant_id,
        customer_id=order.customer_id,
        binder_order_id=order.binder_order_id,
        register=register.number,
        page_sheets=list(piece.page_sheets or []),
    )
    tx.session.add(place)
    await tx.session.flush()


def sheets_text(page_sheets: list[int]) -> str:
    """Return sheets as people say them, for example "12–14"."""
    first, last = min(page_sheets, default=0), max(page_sheets, default=0)
    return str(first) if first == last else f"{first}–{last}"


async def _register_of(tx: Transaction, piece: ScanPiece) -> tuple[BinderOrder, BinderRegister]:
    number = select(ScanBatch.register).where(ScanBatch.batch_id == piece.batch_id).scalar_subquery()
    found = (
        await tx.session.execute(
            select(BinderOrder, BinderRegister)
            .join(BinderRegister, BinderRegister.binder_order_id == BinderOrder.binder_order_id)
            .where(BinderOrder.binder_order_id == piece.binder_order_id, BinderRegister.number == number)
            .with_for_update(of=BinderRegister)
        )
    ).one_or_none()
    if found is None:
        raise not_found("Der Ordner")
    return found[0], found[1]


async def _folder(tx: Transaction, order: BinderOrder, known: UUID | None, parent_id: UUID | None, name: str) -> UUID:
    """Return the folder that was made before, or make one."""
    if known is not None and await tx.session.scalar(select(Folder.folder_id).where(Folder.folder_id == known)):
        return known
    siblings = select(func.lower(Folder.name)).where(
        Folder.customer_id == order.customer_id, Folder.parent_id.is_not_distinct_from(parent_id)
    )
    taken = set(await tx.session.scalars(siblings))
    names = [name, *(f"{name} ({number})" for number in range(2, _MOST_OF_ONE_NAME))]
    free = next(each for each in names if each.lower() not in taken)
    made = await create_folder(tx, customer_id=order.customer_id, parent_id=parent_id, name=free)
    return made.folder_id
