"""Chats and their messages: started, written, read, archived.

Rules: staff start chats only with customers whose access is active (F180); who answers and who is told is decided in
`operators`; an archived chat is gone for the customer and takes no messages until it is brought back (F188). The
states are drawn in the README. Boundary: `queries` lists, `watching` streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.chat.v1.events_pb2 import (
    ChatArchived,
    ChatRead,
    ChatReopened,
    ChatStarted,
    MessagePosted,
    OperatorAssigned,
)
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import func, select

from kontor_chat.appending import append_to_answered_chat
from kontor_chat.departures import note_departure, who_is_here
from kontor_chat.operators import Responsibles, operator_after_message, recipients
from kontor_chat.tables import Chat, Message, ReadMark

WHAT = "Der Chat"


def require_own(principal: Principal, customer_id: UUID) -> None:
    """Raise NOT_FOUND when a customer names somebody else; staff are held to their firm by row-level security."""
    if principal.is_customer and principal.customer_id != customer_id:
        raise not_found("Der Kunde")


async def start_chat(tx: Transaction, *, customer_id: UUID, subject: str, text: str, people: Responsibles) -> Chat:
    """Start a chat with its first message; raises PRECONDITION "NO_ACTIVE_ACCESS" when staff may not (F180)."""
    principal = tx.principal
    require_own(principal, customer_id)
    starter = principal.required_account()
    customer_account = starter if principal.is_customer else people.customer_account
    if customer_account is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NO_ACTIVE_ACCESS",
            "Dieser Kunde hat noch keinen aktiven Zugang. Bitte laden Sie ihn zuerst ein.",
        )
    chat = Chat(
        chat_id=new_id(),
        tenant_id=principal.required_tenant(),
        customer_id=customer_id,
        customer_account_id=customer_account,
        subject=subject.strip(),
        operator_account_id=await _operator(tx, None, people),
        archived=False,
        last_number=0,
        customer_messages=0,
        firm_messages=0,
        customer_read_number=0,
        firm_read_number=0,
        create_time=tx.now,
    )
    message = _next_message(tx, chat, text)
    tx.session.add(chat)
    await tx.session.flush()
    tx.session.add(message)
    await tx.session.flush()
    operator = str(chat.operator_account_id or "")
    started = ChatStarted(**_ids(chat), started_by_account_id=str(starter), operator_account_id=operator)
    tx.publish(started, aggregate=chat.chat_id)
    _publish_message(tx, message, _told(chat, message, people))
    return chat


class PeopleNeeded(Exception):  # noqa: N818  # no error but a question that the transaction must not wait for
    """A message cannot be sent without knowing who looks after the customer."""

    def __init__(self, customer_id: UUID) -> None:
        super().__init__(str(customer_id))
        self.customer_id = customer_id


async def send_message(tx: Transaction, *, chat_id: UUID, text: str, people: Responsibles | None = None) -> Message:
    """Send a message; who answers first in a chat without operator becomes the operator (F183).

    Raises PeopleNeeded if the chat has no operator and `people` was not given; the caller finds out and tries again,
    so that no lock is held while another service is asked. Raises PRECONDITION "CHAT_ARCHIVED".
    """
    if people is None and (sent := await append_to_answered_chat(tx, chat_id=chat_id, text=_checked(text))):
        told = recipients(
            sender_is_customer=sent.message.sender_is_customer,
            operator=sent.operator_account_id,
            customer_account=sent.customer_account_id,
            administrators=(),
        )
        _publish_message(tx, sent.message, told)
        return sent.message
    chat = await _find(tx, chat_id)
    if chat.archived:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "CHAT_ARCHIVED",
            "Dieser Chat ist archiviert. Bitte öffnen Sie ihn zuerst wieder.",
        )
    if people is None:
        if chat.operator_account_id is None:
            raise PeopleNeeded(chat.customer_id)
        people = Responsibles()
    message = _next_message(tx, chat, text)
    _assign(tx, chat, await _operator(tx, chat.operator_account_id, people))
    tx.session.add(message)
    await tx.session.flush()
    _publish_message(tx, message, _told(chat, message, people))
    return message


async def mark_read(tx: Transaction, *, chat_id: UUID, up_to_message_id: UUID) -> Chat:
    """Note that the caller has read up to a message; never backwards. Raises INVALID for a message of another chat."""
    chat = await _find(tx, chat_id)
    reader = tx.principal.required_account()
    message = await tx.session.get(Message, up_to_message_id)
    if message is None or message.chat_id != chat_id:
        raise invalid("up_to_message_id", "Diese Nachricht gehört nicht zu diesem Chat.")
    read = await _written_by_other_side(tx, message)
    mark = await tx.session.get(ReadMark, (chat_id, reader))
    if mark is None:
        mark = ReadMark(
            chat_id=chat_id, account_id=reader, tenant_id=chat.tenant_id, customer_id=chat.customer_id, number=0
        )
        tx.session.add(mark)
    elif mark.number >= message.number:
        return chat
    mark.number = message.number
    mark.other_side_read = read
    _note_read(chat, message, by_customer=tx.principal.is_customer)
    await tx.session.flush()
    tx.publish(
        ChatRead(
            **_ids(chat),
            reader_account_id=str(reader),
            reader_is_customer=tx.principal.is_customer,
            up_to_message_id=str(message.message_id),
            up_to_post_time=_timestamp(message),
            up_to_number=message.number,
        ),
        aggregate=chat_id,
    )
    return chat


async def archive_chat(tx: Transaction, *, chat_id: UUID) -> Chat:
    """Hide a chat from the customer (F188); twice changes nothing."""
    chat = await _find(tx, chat_id)
    if not chat.archived:
        chat.archived = True
        await tx.session.flush()
        tx.publish(ChatArchived(**_ids(chat)), aggregate=chat_id)
    return chat


async def reopen_chat(tx: Transaction, *, chat_id: UUID) -> Chat:
    """Bring an archived chat back for both sides; one that is open stays as it is."""
    chat = await _find(tx, chat_id)
    if chat.archived:
        chat.archived = False
        await tx.session.flush()
        tx.publish(ChatReopened(**_ids(chat)), aggregate=chat_id)
    return chat


async def hand_over(tx: Transaction, *, leaver: UUID, successor: UUID | None) -> None:
    """Give all chats of a member of staff who left to his successor, or to nobody in particular.

    The successor may have left, too, in the meantime.
    """
    await note_departure(tx, leaver, successor)
    heir = next(iter(await who_is_here(tx, [leaver])), None)
    his = select(Chat).where(Chat.tenant_id == tx.principal.required_tenant(), Chat.operator_account_id == leaver)
    for chat in (await tx.session.scalars(his.order_by(Chat.chat_id).with_for_update())).all():
        if heir is None:
            chat.operator_account_id = None
        else:
            _assign(tx, chat, heir)


async def assign_responsible(tx: Transaction, *, customer_id: UUID, responsible: Sequence[UUID]) -> None:
    """Give the customer's open chats without an operator to the first of his responsibles who is here (F182, F185)."""
    here = await who_is_here(tx, responsible)
    if not here:
        return
    waiting = select(Chat).where(Chat.customer_id == customer_id, Chat.operator_account_id.is_(None), ~Chat.archived)
    for chat in (await tx.session.scalars(waiting.order_by(Chat.chat_id).with_for_update())).all():
        _assign(tx, chat, here[0])
    await tx.session.flush()


async def _find(tx: Transaction, chat_id: UUID) -> Chat:
    """Return the chat, locked: writers of one chat queue, so that its numbers and counters have no gaps."""
    found = await tx.session.scalars(select(Chat).where(Chat.chat_id == chat_id).with_for_update())
    chat = found.one_or_none()
    if chat is None:
        raise not_found(WHAT)
    return chat


def _next_message(tx: Transaction, chat: Chat, text: str) -> Message:
    principal = tx.principal
    by_customer = principal.is_customer
    chat.last_number += 1
    if by_customer:
        chat.customer_messages += 1
    else:
        chat.firm_messages += 1
    message = Message(
        message_id=new_id(),
        tenant_id=chat.tenant_id,
        customer_id=chat.customer_id,
        chat_id=chat.chat_id,
        number=chat.last_number,
        side_number=chat.customer_messages if by_customer else chat.firm_messages,
        sender_account_id=principal.required_account(),
        sender_is_customer=by_customer,
        sender_name=principal.display_name,
        text=_checked(text),
        create_time=tx.now,
    )
    chat.last_message_id, chat.last_message_time = message.message_id, message.create_time
    return message


def _checked(text: str) -> str:
    if not text.strip() or "\x00" in text:
        raise invalid("text", "Bitte schreiben Sie etwas.")
    return text


def _assign(tx: Transaction, chat: Chat, operator: UUID | None) -> None:
    if operator is None or chat.operator_account_id == operator:
        return
    chat.operator_account_id = operator
    tx.publish(OperatorAssigned(**_ids(chat), operator_account_id=str(operator)), aggregate=chat.chat_id)


async def _operator(tx: Transaction, present: UUID | None, people: Responsibles) -> UUID | None:
    """Return who is the operator once the caller has written; nobody who has left becomes one."""
    if present is not None:
        return present
    writer = _staff(tx.principal)
    answering = next(iter(await who_is_here(tx, [writer])), None) if writer else None
    responsible = await who_is_here(tx, people.responsible)
    return operator_after_message(None, answering_staff=answering, people=replace(people, responsible=responsible))


def _told(chat: Chat, message: Message, people: Responsibles) -> tuple[UUID, ...]:
    return recipients(
        sender_is_customer=message.sender_is_customer,
        operator=chat.operator_account_id,
        customer_account=chat.customer_account_id,
        administrators=people.administrators,
    )


def _publish_message(tx: Transaction, message: Message, told: Sequence[UUID]) -> None:
    tx.publish(
        MessagePosted(
            **_ids(message),
            message_id=str(message.message_id),
            sender_account_id=str(message.sender_account_id),
            sender_is_customer=message.sender_is_customer,
            recipient_account_ids=map(str, told),
            post_time=_timestamp(message),
            number=message.number,
        ),
        aggregate=message.chat_id,
    )


async def _written_by_other_side(tx: Transaction, message: Message) -> int:
    """Count the messages up to and including this one that the caller's other side wrote."""
    counted = select(func.coalesce(func.max(Message.side_number), 0)).where(
        Message.chat_id == message.chat_id,
        Message.number <= message.number,
        Message.sender_is_customer.is_(not tx.principal.is_customer),
    )
    return int((await tx.session.execute(counted)).scalar_one())


def _note_read(chat: Chat, message: Message, *, by_customer: bool) -> None:
    if by_customer and chat.customer_read_number < message.number:
        chat.customer_read_number, chat.customer_read_message_id = message.number, message.message_id
    if not by_customer and chat.firm_read_number < message.number:
        chat.firm_read_number, chat.firm_read_message_id = message.number, message.message_id


def _staff(principal: Principal) -> UUID | None:
    return None if principal.is_customer else principal.account_id


def _timestamp(message: Message) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(message.create_time)
    return stamp


def _ids(of: Chat | Message) -> dict[str, str]:
    return {"tenant_id": str(of.tenant_id), "chat_id": str(of.chat_id), "customer_id": str(of.customer_id)}
