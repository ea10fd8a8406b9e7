"""What the vault does by the clock: end uploads that never finished, empty the trash, seal ledgers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.database import Transaction
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.principal import Principal
from sqlalchemy import select

from kontor_vault.content import object_path
from kontor_vault.firm_end import FIRM_END
from kontor_vault.grants import end_expired_grants
from kontor_vault.kept_previews import delete_content
from kontor_vault.keys import CustomerKeys
from kontor_vault.mail_intake import end_expired_mails
from kontor_vault.objects import Objects
from kontor_vault.papers import remind_of_due
from kontor_vault.retention import is_protected
from kontor_vault.rewrapping import rewrap_some
from kontor_vault.sealing import Sealing
from kontor_vault.tables import Document, Upload, UploadPart, UploadState, Version
from kontor_vault.texts import TextReader
from kontor_vault.trash import KEPT_IN_TRASH, destroy_document

_BATCH = 100
_ENDED = (UploadState.STORED, UploadState.ABANDONED)
_ENDED_KEPT_FOR = timedelta(days=1)
"""How long an ended upload is remembered; then its object is deleted once more, in case an edge was still writing."""

SERVICE = Principal.of_service("vault")


def jobs(objects: Objects, sealing: Sealing, keys: CustomerKeys, texts: TextReader | None = None) -> Sequence[Job]:
    """Return the vault's periodic jobs; without `texts` others read documents."""

    async def sweep(context: JobContext) -> None:
        while await end_expired_uploads(context, objects):
            pass
        while await clear_parts(context, objects):
            pass
        while await forget_ended_uploads(context, objects):
            pass

    async def purge(context: JobContext) -> None:
        while await purge_trash(context, objects):
            pass

    async def end_grants(context: JobContext) -> None:
        while await end_grants_that_are_over(context):
            pass

    async def end_mails(context: JobContext) -> None:
        while await end_expired_mails(context.work, objects):
            pass

    async def seal(context: JobContext) -> None:
        while await sealing.seal_some(context.work):
            pass

    async def rewrap(context: JobContext) -> None:
        while await rewrap_some(context.work, keys):
            pass

    async def remind(context: JobContext) -> None:
        while await remind_owners(context):
            pass

    return [
        *([] if texts is None else [reading_job(texts)]),
        Job("remind_of_due", timedelta(minutes=1), remind),
        Job("sweep_uploads", timedelta(seconds=30), sweep),
        Job("purge_trash", timedelta(minutes=1), purge),
        Job("end_grants", timedelta(minutes=1), end_grants),
        Job("end_mails", timedelta(minutes=1), end_mails),
        Job("seal_ledgers", timedelta(minutes=1), seal),
        Job("rewrap_keys", timedelta(hours=1), rewrap),
        FIRM_END.job(),
    ]


def reading_job(texts: TextReader) -> Job:
    """Return the job that reads what was stored; processes of `read-texts` do the same side by side."""

    async def read(context: JobContext) -> None:
        await texts.read_waiting()

    return Job("read_texts", timedelta(seconds=2), read)


async def end_grants_that_are_over(context: JobContext) -> int:
    """Write down a batch of grants that are over; return how many."""
    async with context.work.work(SERVICE) as tx:
        count = await end_expired_grants(tx, _BATCH)
        await tx.commit()
    return count


async def end_expired_uploads(context: JobContext, objects: Objects) -> int:
    """Abandon uploads whose time is up, which frees their room, and delete what they left; return how many."""
    async with context.work.work(SERVICE) as tx:
        found = await tx.session.scalars(
            select(Upload)
            .where(Upload.state.in_([UploadState.RESERVED, UploadState.RECEIVING]), Upload.expire_time <= tx.now)
            .order_by(Upload.expire_time)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        expired = found.all()
        for upload in expired:
            upload.state = UploadState.ABANDONED
        await tx.commit()
    for upload in expired:
        await asyncio.to_thread(
            delete_content, objects, object_path(upload.tenant_id, upload.customer_id, upload.upload_id)
        )
    return len(expired)


async def clear_parts(context: JobContext, objects: Objects) -> int:
    """Delete the stored parts of uploads that have ended, but never one that a document's content is; return how many.

    What may still be on its way goes when the upload is forgotten.
    """
    async with context.work.work(SERVICE) as tx:
        found = await tx.session.scalars(
            select(UploadPart)
            .join(Upload, Upload.upload_id == UploadPart.upload_id)
            .where(Upload.state.in_(_ENDED), UploadPart.size_bytes.is_not(None))
            .limit(_BATCH)
            .with_for_update(skip_locked=True, of=UploadPart)
        )
        parts = found.all()
        await _delete_parts(tx, objects, parts)
        await tx.commit()
    return len(parts)


async def _delete_parts(tx: Transaction, objects: Objects, parts: Sequence[UploadPart]) -> None:
    ids = [part.part_id for part in parts]
    kept = set(await tx.session.scalars(select(Version.object_id).where(Version.object_id.in_(ids))))
    for part in parts:
        if part.part_id not in kept:
            place = (part.tenant_id, part.customer_id, part.part_id)
            await asyncio.to_thread(delete_content, objects, object_path(*place))
        await tx.session.delete(part)
    await tx.session.flush()


async def forget_ended_uploads(context: JobContext, objects: Objects) -> int:
    """Delete the rows of uploads that ended a day ago, and once more the objects of abandoned ones."""
    async with context.work.work(SERVICE) as tx:
        found = await tx.session.scalars(
            select(Upload)
            .where(
                Upload.state.in_(_ENDED),
                Upload.expire_time <= tx.now - _ENDED_KEPT_FOR,
            )
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        ended = found.all()
        for upload in ended:
            parts = await tx.session.scalars(select(UploadPart).where(UploadPart.upload_id == upload.upload_id))
            await _delete_parts(tx, objects, parts.all())
            if upload.state == UploadState.ABANDONED:
                await asyncio.to_thread(
                    delete_content, objects, object_path(upload.tenant_id, upload.customer_id, upload.upload_id)
                )
            await tx.session.delete(upload)
        await tx.commit()
    return len(ended)


async def remind_owners(context: JobContext) -> int:
    """Tell of a batch of documents that fall due; return how many."""
    async with context.work.work(SERVICE) as tx:
        count = await remind_of_due(tx, _BATCH)
        await tx.commit()
    return count


async def purge_trash(context: JobContext, objects: Objects) -> int:
    """Destroy documents that lay in the trash for 30 days; return how many. The lock keeps a restore out meanwhile."""
    async with context.work.work(SERVICE) as tx:
        found = await tx.session.scalars(
            select(Document)
            .where(Document.trash_time <= tx.now - KEPT_IN_TRASH)
            .order_by(Document.trash_time)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        documents = found.all()
        for document in documents:
            if await is_protected(tx, document):  # by a rule that came later
                document.trash_time = None
            else:
                await destroy_document(tx, objects, document)
        await tx.commit()
    return len(documents)
