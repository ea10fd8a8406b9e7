"""What becomes of a mail to a customer's own address: refused, filed, or kept until he says yes.

Refused is everything from a sender whom the customer did not let in, before anything is stored. Filed at once is what
provably comes from one he let in; the rest waits two weeks. A mail's id follows from its Message-ID, and its
attachments' from that, so whatever is sent again, or done again after a crash, is there once. Attachments are encrypted
under the customer's key from the start; filing one hands its object on to a version. Boundary: `mail_server` does SMTP.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Final, Protocol
from uuid import UUID, uuid5

from google.protobuf.message import Message
from kontor.vault.v1 import events_pb2
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind, not_found
from kontor_chassis.principal import Principal
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from kontor_vault.content import SealedContent, SealedWriter, associated_data, object_path
from kontor_vault.file_names import clean_file_name
from kontor_vault.filing import Filing, file_document
from kontor_vault.keys import CustomerKeys
from kontor_vault.mail_opening import OpenedMail
from kontor_vault.mail_tables import Mailbox, MailPart, MailSender, MailState, ReceivedMail
from kontor_vault.mailboxes import customer_of
from kontor_vault.objects import Objects
from kontor_vault.quotas import require_room, warn_of_filling
from kontor_vault.recognising.plain_names import kind_for, title_for
from kontor_vault.sealed_texts import open_text, seal_text
from kontor_vault.tables import Document, Origin
from kontor_vault.visibility import require_customer_scope

KEPT_FOR: Final = timedelta(days=14)
"""How long a mail waits for the customer's yes."""
REMEMBERED_FOR: Final = timedelta(days=90)
"""How long a mail that came before is known again."""
MOST_HELD: Final = 20
_PURPOSE: Final = b"kontor.vault.mail"
_SERVICE: Final = Principal.of_service("vault")
_SENDER_NAME: Final = "E-Mail-Eingang"
_PORTION: Final = 100


class Fate(Enum):
    """What became of a mail that was taken."""

    FILED = auto()
    HELD = auto()
    KNOWN = auto()


class MailRefusedError(Exception):
    """The customer takes no such mail; the text is for its sender's mail server."""


class Scanner(Protocol):
    """Looks for malware."""

    def require_clean(self, pieces: Iterable[bytes]) -> None:
        """Raise DomainError for what is not clean, or cannot be looked through."""
        ...


@dataclass(frozen=True)
class HeldMail:
    """A mail that waits, with what it says of itself."""

    mail: ReceivedMail
    sender: str
    subject: str
    parts: Sequence[MailPart]


class MailIntake:
    """Takes mails in."""

    def __init__(
        self,
        work: UnitOfWork,
        objects: Objects,
        keys: CustomerKeys,
        scanner: Scanner | None,
        default_quota_bytes: int,
    ) -> None:
        self._work = work
        self._objects = objects
        self._keys = keys
        self._scanner = scanner
        self._default_quota_bytes = default_quota_bytes

    async def knows(self, local_part: str) -> bool:
        """Return whether there is such an address now."""
        async with self._work.work(_SERVICE) as tx:
            return await customer_of(tx, local_part) is not None

    async def take(self, local_part: str, mail: OpenedMail) -> Fate:
        """Take a mail; raises MailRefusedError, and DomainError for no room, malware, or no scanner."""
        async with self._work.work(_SERVICE) as tx:
            mailbox = await _open_to(tx, local_part, mail.sender)
            mail_id = _id_of(mailbox.customer_id, mail)
            if await tx.session.get(ReceivedMail, mail_id) is not None:
                return Fate.KNOWN
            tx.session.expunge_all()
        if not mail.attachments:
            raise MailRefusedError("The message has no attachments")
        await self._require_clean(mail)
        parts = await self._store(mailbox, mail_id, mail)
        try:
            return await self._settle(mailbox, mail_id, mail, parts)
        except DomainError:
            await delete_contents(self._objects, parts)
            raise

    async def _require_clean(self, mail: OpenedMail) -> None:
        if self._scanner is not None:
            for attachment in mail.attachments:
                await asyncio.to_thread(self._scanner.require_clean, [attachment.content])

    async def _store(self, mailbox: Mailbox, mail_id: UUID, mail: OpenedMail) -> list[MailPart]:
        parts = []
        for number, attachment in enumerate(mail.attachments, 1):
            digest = hashlib.sha256(attachment.content).hexdigest()  # so that no other content can take its place
            place = (mailbox.tenant_id, mailbox.customer_id, uuid5(mail_id, f"part {number} {digest}"))
            async with self._work.work(_SERVICE.within(mailbox.tenant_id)) as tx:
                key = await self._keys.content_key(tx, *place)
                await tx.commit()
            sealed = await asyncio.to_thread(_sealed, self._objects, place, key, attachment.content)
            parts.append(
                MailPart(
                    part_id=place[2],
                    mail_id=mail_id,
                    number=number,
                    tenant_id=mailbox.tenant_id,
                    customer_id=mailbox.customer_id,
                    file_name=clean_file_name(attachment.file_name),
                    size_bytes=sealed.size_bytes,
                    sha256=sealed.sha256,
                    media_type=sealed.media_type,
                )
            )
        return parts

    async def _settle(self, mailbox: Mailbox, mail_id: UUID, mail: OpenedMail, parts: list[MailPart]) -> Fate:
        who = replace(_SERVICE.within(mailbox.tenant_id), display_name=_SENDER_NAME)
        owner = (mailbox.tenant_id, mailbox.customer_id)
        about = {"tenant_id": str(owner[0]), "customer_id": str(owner[1]), "mail_id": str(mail_id)}
        async with self._work.work(who) as tx:
            is_new = await tx.session.scalar(
                insert(ReceivedMail)
                .values(
                    mail_id=mail_id,
                    tenant_id=mailbox.tenant_id,
                    customer_id=mailbox.customer_id,
                    state=MailState.FILED if mail.is_proven else MailState.HELD,
                    said=b"" if mail.is_proven else await self._said(tx, owner, mail_id, mail),
                    receive_time=tx.now,
                    expire_time=tx.now + (REMEMBERED_FOR if mail.is_proven else KEPT_FOR),
                )
                .on_conflict_do_nothing()
                .returning(ReceivedMail.mail_id)
            )
            if is_new is None:  # it came twice at the same moment
                return Fate.KNOWN
            if mail.is_proven:
                await file_parts(tx, mailbox.customer_id, parts, self._default_quota_bytes)
                happened: Message = events_pb2.MailFiled(**about)
            else:
                await _require_place(tx, mailbox.customer_id)
                tx.session.add_all(parts)
                await tx.session.flush()
                happened = events_pb2.MailQuarantined(**about)
            tx.publish(happened, aggregate=mailbox.customer_id, tenant_id=mailbox.tenant_id)
            await tx.commit()
        return Fate.FILED if mail.is_proven else Fate.HELD

    async def _said(self, tx: Transaction, owner: tuple[UUID, UUID], mail_id: UUID, mail: OpenedMail) -> bytes:
        key = await self._keys.purpose_key(tx, *owner, _PURPOSE)
        return seal_text(json.dumps({"sender": mail.sender, "subject": mail.subject}), key, mail_id.bytes)


async def list_held(
    tx: Transaction, keys: CustomerKeys, *, customer_id: UUID, before: tuple[datetime, UUID] | None, size: int
) -> list[HeldMail]:
    """Return mails that wait for a customer, the newest first, from below `before` on."""
    require_customer_scope(tx.principal, customer_id)
    wanted = select(ReceivedMail).where(
        ReceivedMail.customer_id == customer_id, ReceivedMail.state == MailState.HELD, ReceivedMail.expire_time > tx.now
    )
    if before is not None:
        wanted = wanted.where(tuple_(ReceivedMail.receive_time, ReceivedMail.mail_id) < tuple_(*before))
    ordered = wanted.order_by(ReceivedMail.receive_time.desc(), ReceivedMail.mail_id.desc())
    mails = (await tx.session.scalars(ordered.limit(size))).all()
    if not mails:
        return []
    parts = await _parts_of(tx, [mail.mail_id for mail in mails])
    key = await keys.purpose_key(tx, mails[0].tenant_id, customer_id, _PURPOSE)
    said = {mail.mail_id: json.loads(open_text(mail.said, key, mail.mail_id.bytes)) for mail in mails}
    return [
        HeldMail(
            mail,
            said[mail.mail_id]["sender"],
            said[mail.mail_id]["subject"],
            [part for part in parts if part.mail_id == mail.mail_id],
        )
        for mail in mails
    ]


async def confirm(tx: Transaction, *, customer_id: UUID, mail_id: UUID, default_limit: int) -> list[Document]:
    """File the attachments of a mail that waits; raises NOT_FOUND, and EXHAUSTED when there is no room."""
    mail = await _held(tx, customer_id, mail_id)
    parts = await _parts_of(tx, [mail_id])
    documents = await file_parts(tx, customer_id, parts, default_limit)
    await tx.session.execute(delete(MailPart).where(MailPart.mail_id == mail_id))
    mail.state, mail.said, mail.expire_time = MailState.FILED, b"", tx.now + REMEMBERED_FOR
    await tx.session.flush()
    return documents


async def reject(tx: Transaction, *, customer_id: UUID, mail_id: UUID) -> list[MailPart]:
    """Give a mail up that waits; return its attachments, whose objects are to be deleted. Raises NOT_FOUND."""
    return await _destroyed(tx, await _held(tx, customer_id, mail_id))


async def end_expired_mails(work: UnitOfWork, objects: Objects) -> int:
    """Destroy a batch of mails that nobody confirmed, and forget those that came long ago; return how many."""
    async with work.work(_SERVICE) as tx:
        late = select(ReceivedMail).where(ReceivedMail.expire_time <= tx.now).limit(_PORTION)
        mails = (await tx.session.scalars(late.with_for_update(skip_locked=True))).all()
        parts = []
        for mail in mails:
            if mail.state == MailState.HELD:
                parts += await _destroyed(tx, mail)
            else:
                await tx.session.delete(mail)
        await tx.commit()
    await delete_contents(objects, parts)
    return len(mails)


async def file_parts(
    tx: Transaction, customer_id: UUID, parts: Sequence[MailPart], default_limit: int
) -> list[Document]:
    """Make documents of attachments, as if the customer had stored them himself."""
    total, day = sum(part.size_bytes for part in parts), date.fromisoformat(billing_day(tx.now))
    await require_room(tx, customer_id, total, default_limit)
    documents = []
    for part in parts:
        filing = Filing(
            tenant_id=part.tenant_id,
            customer_id=customer_id,
            title=title_for(part.file_name, day),
            file_name=part.file_name,
            kind=kind_for(part.file_name),
            contract_id=None,
            released=True,
            origin=Origin.CUSTOMER,
        )
        sealed = SealedContent(part.size_bytes, part.sha256, part.media_type)
        documents.append(await file_document(tx, filing, part.part_id, sealed))
    await warn_of_filling(tx, customer_id, total)
    return documents


async def delete_contents(objects: Objects, parts: Sequence[MailPart]) -> None:
    """Delete the objects of attachments that became nothing."""
    for part in parts:
        await asyncio.to_thread(objects.delete, object_path(part.tenant_id, part.customer_id, part.part_id))


async def _open_to(tx: Transaction, local_part: str, sender: str) -> Mailbox:
    mailbox = await customer_of(tx, local_part)
    allowed = select(MailSender.email).where(
        MailSender.customer_id == (mailbox.customer_id if mailbox else None), MailSender.email == sender
    )
    if mailbox is None or await tx.session.scalar(allowed) is None:
        raise MailRefusedError("The recipient takes no mail from this sender")
    return mailbox


async def _require_place(tx: Transaction, customer_id: UUID) -> None:
    held = select(func.count()).where(ReceivedMail.customer_id == customer_id, ReceivedMail.state == MailState.HELD)
    if int(await tx.session.scalar(held) or 0) > MOST_HELD:
        raise DomainError(ErrorKind.EXHAUSTED, "TOO_MANY_HELD", "Es warten schon zu viele E-Mails auf Bestätigung.")


async def _held(tx: Transaction, customer_id: UUID, mail_id: UUID) -> ReceivedMail:
    require_customer_scope(tx.principal, customer_id)
    wanted = select(ReceivedMail).where(
        ReceivedMail.mail_id == mail_id, ReceivedMail.customer_id == customer_id, ReceivedMail.state == MailState.HELD
    )
    mail = await tx.session.scalar(wanted.with_for_update())
    if mail is None or mail.expire_time <= tx.now:
        raise not_found("Die E-Mail")
    return mail


async def _parts_of(tx: Transaction, mail_ids: Sequence[UUID]) -> Sequence[MailPart]:
    wanted = select(MailPart).where(MailPart.mail_id.in_(mail_ids)).order_by(MailPart.mail_id, MailPart.number)
    return (await tx.session.scalars(wanted)).all()


async def _destroyed(tx: Transaction, mail: ReceivedMail) -> list[MailPart]:
    parts = list(await _parts_of(tx, [mail.mail_id]))
    await tx.session.execute(delete(MailPart).where(MailPart.mail_id == mail.mail_id))
    mail.state, mail.said, mail.expire_time = MailState.DESTROYED, b"", tx.now + REMEMBERED_FOR
    await tx.session.flush()
    return parts


def _id_of(customer_id: UUID, mail: OpenedMail) -> UUID:
    """Return a mail's id: from its Message-ID and sender, or from all of it where it has none."""
    if mail.message_id:
        return uuid5(customer_id, f"{mail.sender} {mail.message_id}")
    digest = hashlib.sha256(f"{mail.sender} {mail.subject}".encode())
    for attachment in mail.attachments:
        digest.update(hashlib.sha256(attachment.content).digest())
    return uuid5(customer_id, digest.hexdigest())


def _sealed(objects: Objects, place: tuple[UUID, UUID, UUID], key: bytes, content: bytes) -> SealedContent:
    with SealedWriter(objects, object_path(*place), key, associated_data(*place), len(content)) as writer:
        writer.write(content)
        return writer.seal()
