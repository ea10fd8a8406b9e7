"""Reads documents that were stored, one after the other: claims, reads in a process, indexes, seals (ADR 16), and has
it proposed where they belong.

A claim is a time in the row: whoever took a document has it until then, so that any number of readers work side by
side and a reader that died leaves its document to the next. Boundary: what a file says is `reading`'s affair.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.principal import Principal
from prometheus_client import Counter
from sqlalchemy import func, or_, select, text, update

from kontor_vault.config import VaultSettings
from kontor_vault.content import CorruptContentError, SealedReader, associated_data, object_path
from kontor_vault.keys import CustomerKeys, KeyUnusableError
from kontor_vault.objects import Objects
from kontor_vault.proposals import Proposals
from kontor_vault.reading.process import read_text
from kontor_vault.reading.results import Reading, may_have_text
from kontor_vault.recognition import find_recogniser
from kontor_vault.sealed_texts import open_text, seal_text
from kontor_vault.search_tables import DocumentText, TextState
from kontor_vault.tables import Document, Version

log = structlog.get_logger(__name__)

LARGEST_BYTES = 64 << 20
"""Larger files are not read; their names are found."""
_HAD_FOR = timedelta(minutes=5)
_MOST_ATTEMPTS = 3
_PAUSE_SECONDS = 2
_PURPOSE = b"kontor.vault.text"
_SERVICE = Principal.of_service("vault")
_PLANNED_ONCE = text("SET LOCAL plan_cache_mode = force_generic_plan")
"""Planning these statements anew, with the policies of documents in them, costs more than most documents do."""

READ = Counter("kontor_vault_texts_read_total", "Documents whose text was read, by what became of it", ["state"])


@dataclass(frozen=True)
class _Claim:
    document_id: UUID
    tenant_id: UUID
    customer_id: UUID
    number: int
    content_id: UUID
    stored_as: UUID
    media_type: str
    size_bytes: int
    key: bytes | None


class TextReader:
    """Reads the text of stored documents; `recogniser` recognises pictures, empty where nothing does."""

    def __init__(self, work: UnitOfWork, objects: Objects, keys: CustomerKeys, recogniser: str) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._recogniser = recogniser
        self._proposals = Proposals(keys)
        self._asked_again = False

    async def read_waiting(self) -> None:
        """Read whatever waits."""
        if not self._asked_again:
            await self._wait_again()
            self._asked_again = True
        while await self.read_next():
            pass

    async def read_next(self) -> bool:
        """Read one document that waits; return whether there was one."""
        claim = await self._claim()
        if claim is None:
            return False
        reading = await self._read(claim)
        async with self._work.work(_SERVICE) as tx:
            await tx.session.execute(_PLANNED_ONCE)
            state = await self._keep(tx, claim, reading)
            await tx.commit()
        READ.labels(state).inc()
        return True

    async def _wait_again(self) -> None:
        """Let pictures wait again that could not be recognised, now that recognition is set up."""
        if not self._recogniser:
            return
        async with self._work.work(_SERVICE) as tx:
            unrecognised = DocumentText.state == TextState.NO_RECOGNITION
            await tx.session.execute(
                update(DocumentText)
                .where(unrecognised)
                .values(state=TextState.WAITING, attempts=0, next_time=None)
                .execution_options(synchronize_session=False)
            )
            await tx.commit()

    async def _claim(self) -> _Claim | None:
        async with self._work.work(_SERVICE) as tx:
            await tx.session.execute(_PLANNED_ONCE)
            row = await tx.session.scalar(
                select(DocumentText)
                .where(
                    DocumentText.state == TextState.WAITING,
                    or_(DocumentText.next_time.is_(None), DocumentText.next_time <= func.clock_timestamp()),
                )
                .order_by(DocumentText.next_time.nulls_first())
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            claim = await self._claimed(tx, row)
            await tx.commit()
        return claim

    async def _claimed(self, tx: Transaction, row: DocumentText) -> _Claim:
        version = (
            await tx.session.scalars(
                select(Version).where(Version.document_id == row.document_id, Version.number == row.number)
            )
        ).one()
        row.attempts += 1
        row.next_time = func.clock_timestamp() + _HAD_FOR * row.attempts
        await tx.session.flush()
        key = None
        if row.attempts <= _MOST_ATTEMPTS and version.size_bytes <= LARGEST_BYTES:
            key = await self._key(tx, version)
        return _Claim(
            row.document_id,
            row.tenant_id,
            row.customer_id,
            row.number,
            version.content_id,
            version.stored_as,
            version.media_type,
            version.size_bytes,
            key,
        )

    async def _key(self, tx: Transaction, version: Version) -> bytes | None:
        try:
            return await self._keys.content_key(tx, version.tenant_id, version.customer_id, version.stored_as)
        except KeyUnusableError:
            log.error("text_key_unusable", content_id=str(version.content_id))
            return None

    async def _read(self, claim: _Claim) -> Reading:
        if claim.key is None:
            return Reading(is_unreadable=True)
        if not may_have_text(claim.media_type):
            return Reading()
        try:
            return await read_text(self._pieces(claim, claim.key), claim.media_type, self._recogniser)
        except (CorruptContentError, FileNotFoundError):
            log.error("text_content_missing", content_id=str(claim.content_id))
            return Reading(is_unreadable=True)

    def _pieces(self, claim: _Claim, key: bytes) -> Iterator[bytes]:
        place = (claim.tenant_id, claim.customer_id, claim.stored_as)
        with SealedReader(self._objects, object_path(*place), key, associated_data(*place), claim.size_bytes) as reader:
            yield from reader.read(0, claim.size_bytes)

    async def _keep(self, tx: Transaction, claim: _Claim, reading: Reading) -> TextState:
        state = _state_of(reading)
        row = await tx.session.scalar(
            select(DocumentText)
            .where(DocumentText.document_id == claim.document_id, DocumentText.number == claim.number)
            .with_for_update()
        )
        if row is None:  # destroyed, or a newer version came
            return state
        row.state, row.pages, row.next_time = state, reading.pages, None
        row.sealed_text = await self._sealed(tx, row, reading.text) if reading.text else None
        await tx.session.execute(
            text("SELECT index_text(:document, :number, :given)"),
            {"document": claim.document_id, "number": claim.number, "given": reading.text},
        )
        if state == TextState.READ:
            document = await tx.session.get_one(Document, claim.document_id)
            await self._proposals.propose(tx, document, reading.text)
        return state

    async def _sealed(self, tx: Transaction, row: DocumentText, given: str) -> bytes:
        key = await self._keys.purpose_key(tx, row.tenant_id, row.customer_id, _PURPOSE)
        return seal_text(given, key, row.document_id.bytes)


async def opened_text(tx: Transaction, keys: CustomerKeys, row: DocumentText) -> str:
    """Return a document's text, empty when there is none; raises KeyUnusableError."""
    if row.sealed_text is None:
        return ""
    key = await keys.purpose_key(tx, row.tenant_id, row.customer_id, _PURPOSE)
    return open_text(row.sealed_text, key, row.document_id.bytes)


async def open_text_reader(
    settings: VaultSettings, work: UnitOfWork, objects: Objects, keys: CustomerKeys
) -> TextReader:
    """Return a reader that recognises pictures, where this machine can."""
    recogniser = await asyncio.to_thread(find_recogniser, settings.text_recognition_command)
    return TextReader(work, objects, keys, recogniser)


async def read_until_stopped(reader: TextReader, stopping: asyncio.Event) -> None:
    """Read whatever waits and look again every two seconds, until told to stop."""
    while not stopping.is_set():
        await reader.read_waiting()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _PAUSE_SECONDS)


def _state_of(reading: Reading) -> TextState:
    if reading.is_unreadable:
        return TextState.UNREADABLE
    if reading.needs_recognition and not reading.text:
        return TextState.NO_RECOGNITION
    return TextState.READ if reading.text else TextState.NO_TEXT
