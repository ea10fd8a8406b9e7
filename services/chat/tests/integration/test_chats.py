"""Chats: operators, messages, unread counters, archive, and who may see what."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from kontor.chat.v1 import chat_pb2 as pb
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1.events_pb2 import ResponsibleChanged
from kontor_chassis.errors import ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.refusals import refused
from kontor_chassis.testing.server import Running
from kontor_chat.consumers import CONSUMERS
from kontor_chat.tables import Chat, Message, ReadMark
from sqlalchemy import func, select

pytestmark = pytest.mark.integration


async def told(outbox: Any) -> list[list[str]]:
    """Return whom each message was told to."""
    return [list(event.recipient_account_ids) for event in await outbox.events("MessagePosted")]


async def test_the_responsible_is_the_operator_and_only_he_is_told(firm: Any, outbox: Any) -> None:
    """F181, F182, F185: the first of the list becomes the operator; later messages go to him alone."""
    petra, jonas = await firm.administrator(), await firm.staff()
    julia = await firm.customer(jonas, petra)
    chat = await julia.start("Was deckt meine Hausrat?")
    assert chat.operator_account_id == str(jonas.account_id)
    await julia.send(chat, "Noch etwas …")
    await petra.send(chat, "Ich antworte in Vertretung.")
    assert (await jonas.get(chat)).operator_account_id == str(jonas.account_id)
    assert await told(outbox) == [[str(jonas.account_id)]] * 2 + [[str(julia.account_id)]]


async def test_without_responsible_administrators_are_told_until_somebody_answers(firm: Any, outbox: Any) -> None:
    """F183, F184: the first responder becomes the operator; until then the administrators are told."""
    petra, jonas = await firm.administrator(), await firm.staff()
    julia = await firm.customer()
    chat = await julia.start()
    assert chat.operator_account_id == ""
    await julia.send(chat, "Ist jemand da?")
    await jonas.send(chat, "Ja!")
    await julia.send(chat, "Danke")
    administrators = [str(petra.account_id)]
    assert await told(outbox) == [administrators, administrators, [str(julia.account_id)], [str(jonas.account_id)]]
    (assigned,) = await outbox.events("OperatorAssigned")
    assert assigned.operator_account_id == str(jonas.account_id)


async def test_a_responsible_named_later_takes_waiting_chats(chat: Running, firm: Any) -> None:
    """F182: chats that nobody has answered go to the new responsible; others stay where they are."""
    jonas, petra = await firm.staff(), await firm.staff()
    julia = await firm.customer()
    waiting, answered = await julia.start(), await julia.start()
    await jonas.send(answered, "Ich kümmere mich.")
    event = ResponsibleChanged(
        tenant_id=str(firm.tenant_id), customer_id=str(julia.customer_id), account_ids=[str(petra.account_id)]
    )
    async with chat.platform.work.work(Principal.of_service("chat", firm.tenant_id)) as tx:
        await CONSUMERS[ResponsibleChanged](tx, event, None)  # type: ignore[arg-type]  # the envelope is not read
        await tx.commit()
    assert (await petra.get(waiting)).operator_account_id == str(petra.account_id)
    assert (await petra.get(answered)).operator_account_id == str(jonas.account_id)


async def test_staff_start_chats_only_with_active_customers(firm: Any) -> None:
    """F180: no chat with a customer who could not read it; the starter is the operator if nobody is responsible."""
    jonas, julia = await firm.staff(), await firm.customer()
    chat = await jonas.start("Ihre neue Police", customer_id=julia.customer_id, subject="Hausrat")
    assert (chat.operator_account_id, chat.subject) == (str(jonas.account_id), "Hausrat")
    assert await julia.chats() == [chat.chat_id]
    refusal = await refused(jonas.start("Hallo?", customer_id=await firm.customer_without_access()))
    assert (refusal.kind, refusal.reason) == (ErrorKind.PRECONDITION, "NO_ACTIVE_ACCESS")


async def test_a_message_is_numbered_signed_and_sent_once(firm: Any) -> None:
    """F189: the same request id sends one message; numbers have no gaps even under concurrency."""
    jonas, julia = await firm.staff(), await firm.customer()
    chat = await julia.start("eins")
    request_id = str(new_id())
    first, again = [await julia.send(chat, "zwei", request_id=request_id) for _ in range(2)]
    assert first == again
    assert (first.number, first.sender_name, first.sender_is_customer) == (2, "Julia Brandt", True)
    await asyncio.gather(*(person.send(chat, "gleichzeitig") for person in [jonas, julia] * 5))
    listed = await julia.stub.ListMessages(pb.ListMessagesRequest(chat_id=chat.chat_id, page_size=100))
    assert [message.number for message in listed.messages] == list(range(12, 0, -1))


async def test_messages_page_back_by_key(firm: Any) -> None:
    """F189: newest first; the token leads to older ones, also while new ones arrive."""
    julia = await firm.customer()
    chat = await julia.start("1")
    for number in range(2, 6):
        await julia.send(chat, str(number))
    page = await julia.stub.ListMessages(pb.ListMessagesRequest(chat_id=chat.chat_id, page_size=3))
    await julia.send(chat, "6")
    older = await julia.stub.ListMessages(
        pb.ListMessagesRequest(chat_id=chat.chat_id, page_size=3, page_token=page.next_page_token)
    )
    texts = [message.text for message in [*page.messages, *older.messages]]
    assert (texts, older.next_page_token) == (["5", "4", "3", "2", "1"], "")


async def test_texts_are_checked(firm: Any) -> None:
    """F189: a message says something, in at most 10,000 characters."""
    julia = await firm.customer()
    chat = await julia.start("x" * 10_000)
    for text in ("", "   ", "x" * 10_001, "a\x00b"):
        assert (await refused(julia.send(chat, text))).kind is ErrorKind.INVALID


async def test_unread_counters(firm: Any, outbox: Any) -> None:
    """F186, F191: each side counts the other's messages; reading never moves backwards and is told once."""
    jonas, petra = await firm.staff(), await firm.administrator()
    julia = await firm.customer(jonas)
    chat = await julia.start("eins")
    second = await julia.send(chat, "zwei")
    assert [await person.unread() for person in (jonas, petra, julia)] == [(2, 1), (0, 0), (0, 0)]
    read = await jonas.read(second)
    assert (read.unread_count, read.firm_read_message_id) == (0, second.message_id)
    answer = await jonas.send(chat, "Antwort")
    third = await julia.send(chat, "drei")
    assert [await person.unread() for person in (jonas, julia)] == [(1, 1), (1, 1)]
    assert (await julia.read(answer)).customer_read_message_id == answer.message_id
    await jonas.read(third)
    await jonas.read(second)
    assert [await person.unread() for person in (jonas, julia)] == [(0, 0), (0, 0)]
    events = await outbox.events("ChatRead")
    assert [(event.reader_is_customer, event.up_to_number) for event in events] == [(False, 2), (True, 3), (False, 4)]


async def test_administrators_count_chats_without_operator(firm: Any) -> None:
    """F184: what nobody answers counts as unread for administrators, and only for them."""
    petra, jonas = await firm.administrator(), await firm.staff()
    await (await firm.customer()).start()
    assert [await person.unread() for person in (petra, jonas)] == [(1, 1), (0, 0)]


async def test_archive_hides_from_the_customer(firm: Any, outbox: Any) -> None:
    """F188: gone for the customer, no messages, restored by the filter and by reopening."""
    jonas = await firm.staff()
    julia = await firm.customer(jonas)
    chat = await julia.start()
    for _ in range(2):
        archived = await jonas.stub.ArchiveChat(pb.ArchiveChatRequest(chat_id=chat.chat_id))
        assert archived.archived
    assert await julia.chats() == []
    for call in (
        julia.get(chat),
        julia.send(chat, "Hallo?"),
        julia.stub.ListMessages(pb.ListMessagesRequest(chat_id=chat.chat_id)),
    ):
        assert (await refused(call)).kind is ErrorKind.NOT_FOUND
    assert (await refused(jonas.send(chat, "Hallo?"))).reason == "CHAT_ARCHIVED"
    assert await jonas.chats() == []
    assert await jonas.chats(state=pb.ListChatsRequest.STATE_ARCHIVED) == [chat.chat_id]
    assert await julia.chats(state=pb.ListChatsRequest.STATE_ARCHIVED) == []
    await jonas.stub.ReopenChat(pb.ReopenChatRequest(chat_id=chat.chat_id))
    assert await julia.chats() == [chat.chat_id]
    assert len(await outbox.events("ChatArchived")) == len(await outbox.events("ChatReopened")) == 1


async def test_filters_and_order(firm: Any) -> None:
    """F191: own or all, unassigned, of customers found by name, new or old first, in pages."""
    jonas, petra = await firm.staff(), await firm.administrator()
    julia, mehmet, sabine = await firm.customer(jonas), await firm.customer(petra), await firm.customer()
    of_julia, of_mehmet, of_sabine = [(await person.start()).chat_id for person in (julia, mehmet, sabine)]
    assert await jonas.chats() == [of_sabine, of_mehmet, of_julia]
    assert await jonas.chats(oldest_first=True) == [of_julia, of_mehmet, of_sabine]
    assert await jonas.chats(only_own=True) == [of_julia]
    assert await jonas.chats(only_unassigned=True) == [of_sabine]
    assert await jonas.chats(customer_ids=[str(mehmet.customer_id)]) == [of_mehmet]
    for oldest_first in (False, True):
        seen: list[str] = []
        token = ""
        while True:
            request = pb.ListChatsRequest(page_size=2, page_token=token, oldest_first=oldest_first)
            page = await jonas.stub.ListChats(request)
            seen += [chat.chat_id for chat in page.chats]
            token = page.next_page_token
            if not token:
                break
        assert seen == await jonas.chats(oldest_first=oldest_first)


async def test_nobody_else_sees_a_chat(firm: Any, other_firm: Any) -> None:
    """F194, F180: other customers and firms get NOT_FOUND; staff without the right are refused."""
    julia = await firm.customer()
    chat = await julia.start()
    for person in (await firm.customer(), await other_firm.staff(), await other_firm.administrator()):
        assert await person.chats() == []
        for call in (person.get(chat), person.send(chat, "Hallo"), person.read(chat.last_message)):
            assert (await refused(call)).kind is ErrorKind.NOT_FOUND
    without = await firm.staff(Right.RIGHT_BILLING)
    assert (await refused(without.get(chat))).kind is ErrorKind.FORBIDDEN
    stranger = await firm.customer()
    assert (await refused(stranger.start(customer_id=julia.customer_id))).kind is ErrorKind.NOT_FOUND


async def test_row_level_security_holds_without_any_filter(chat: Running, firm: Any, other_firm: Any) -> None:
    """Every table: a query that forgets its filter sees one firm, for a customer his own open chats."""
    julia, jonas = await firm.customer(), await firm.staff()
    started = await julia.start()
    await julia.read(started.last_message)
    gone = await julia.start()
    await jonas.stub.ArchiveChat(pb.ArchiveChatRequest(chat_id=gone.chat_id))
    await (await firm.customer()).start()

    async def counted(principal: Principal) -> list[int]:
        async with chat.platform.work.work(principal) as tx:
            statements = [select(func.count()).select_from(table) for table in (Chat, Message, ReadMark)]
            return [int((await tx.session.execute(statement)).scalar_one()) for statement in statements]

    def customer(customer_id: UUID | None) -> Principal:
        return Principal(tenant_id=firm.tenant_id, customer_id=customer_id, roles=frozenset({Role.ROLE_CUSTOMER}))

    assert await counted(Principal.of_service("chat", firm.tenant_id)) == [3, 3, 1]
    assert await counted(customer(julia.customer_id)) == [1, 2, 1]
    for nobody in (Principal.of_service("chat", other_firm.tenant_id), customer(None), Principal()):
        assert await counted(nobody) == [0, 0, 0]


async def test_events_carry_no_text(firm: Any, outbox: Any) -> None:
    """F181: events name ids and recipients, never what was written."""
    julia = await firm.customer()
    await julia.start("Geheimnis 4711", subject="Betreff 4711")
    published = [*await outbox.events("ChatStarted"), *await outbox.events("MessagePosted")]
    assert len(published) == 2
    assert not any("4711" in str(event) for event in published)
