"""What an archive said about the installation that made it: for reading; it opens and proves nothing here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import not_found

from kontor_vault.archive_format import ARCHIVE_PATH, Archive
from kontor_vault.content import SealedReader, associated_data, object_path
from kontor_vault.imports import former_files, get_import
from kontor_vault.keeping_tables import EarlierFile
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects


@dataclass(frozen=True)
class Former:
    """What an archive said, and the files that were kept of it, by where they lay in it."""

    archive: Archive
    files: dict[str, EarlierFile]

    def titles(self) -> dict[UUID, str]:
        """Return titles of documents and names of folders."""
        documents = {each.document_id: each.title for each in self.archive.documents}
        return documents | {each.folder_id: each.name for each in self.archive.folders}


class FormerInstallations:
    """Reads what was kept."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys

    async def of_import(self, *, customer_id: UUID, import_id: UUID) -> Former:
        """Return what came with an import; raises NOT_FOUND while it is not done."""
        async with self._work.query() as tx:
            row = await get_import(tx, customer_id=customer_id, import_id=import_id)
            files = await former_files(tx, row.archive_id, customer_id) if row.archive_id else {}
            file = files.get(ARCHIVE_PATH)
            if file is None:
                raise not_found("Das Archiv")
            key = await self._keys.content_key(tx, *place_of(file))
        text = await asyncio.to_thread(self._read, file, key)
        return Former(await asyncio.to_thread(Archive.model_validate_json, text), files)

    def _read(self, file: EarlierFile, key: bytes) -> bytes:
        place = place_of(file)
        with SealedReader(self._objects, object_path(*place), key, associated_data(*place), file.size_bytes) as reader:
            return b"".join(reader.read(0, file.size_bytes))


def place_of(file: EarlierFile) -> tuple[UUID, UUID, UUID]:
    """Return what the object of a file is bound to."""
    return file.tenant_id, file.customer_id, file.file_id
