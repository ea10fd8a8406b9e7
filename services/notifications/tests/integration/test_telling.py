"""Who is told what: real events in, real mails and bells out, with two workers side by side."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.billing.v1 import events_pb2 as billing
from kontor.chat.v1 import events_pb2 as chat
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor.experts.v1 import events_pb2 as experts
from kontor.experts.v1.orders_pb2 import OrderState
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually
from kontor_notifications.sending import SERVICE
from sqlalchemy import text

from services.notifications.tests.post_office import PostOffice, Someone, html_of, text_of

pytestmark = pytest.mark.integration


@pytest.fixture
async def hansen(office: PostOffice) -> Someone:
    """The administrator of a firm, with an account."""
    return await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")


def posted(office: PostOffice, chat_id: UUID, sender: Someone, to: Someone, number: int) -> chat.MessagePosted:
    """Return the event of a chat message."""
    time = Timestamp()
    time.FromDatetime(office.clock.now())
    return chat.MessagePosted(
        tenant_id=str(sender.tenant_id),
        chat_id=str(chat_id),
        message_id=str(new_id()),
        customer_id=str(sender.customer_id or to.customer_id),
        sender_account_id=str(sender.account_id),
        sender_is_customer=sender.customer_id is not None,
        recipient_account_ids=[str(to.account_id)],
        post_time=time,
        number=number,
    )


async def unread(office: PostOffice, person: Someone, role: Role.ValueType) -> list[pb.Notification]:
    """Return a person's unread notifications."""
    answer = await office.bell(person, role).ListNotifications(pb.ListNotificationsRequest(unread_only=True))
    assert answer.unread_count == len(answer.notifications)
    return list(answer.notifications)


async def test_invitations_in_the_firms_name(office: PostOffice, hansen: Someone) -> None:
    """F170, F172, F174: staff and customers are invited once, in the firm's name, formally or informally."""
    [staff_mail] = office.mailbox.to(hansen.email)
    assert str(staff_mail["From"].addresses[0].display_name) == "Hansen & Partner"
    assert staff_mail["Auto-Submitted"] == "auto-generated"
    assert "Hansen &amp; Partner" in html_of(staff_mail)
    assert "für Hansen & Partner wurde Ihnen ein Zugang zum digitalen Büro eingerichtet." in text_of(staff_mail)

    await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    await office.customer(hansen, "Tom", "Lindner", "tom.lindner@mail.example", informal=True)
    [formal], [informal] = office.mailbox.to("julia.brandt@"), office.mailbox.to("tom.lindner@")
    assert "Sehr geehrte Frau Brandt," in text_of(formal)
    assert "lädt Sie in Ihr digitales Büro ein" in text_of(formal)
    assert "lädt dich in dein digitales Büro ein" in text_of(informal)
    assert " Sie " not in text_of(informal)
    assert formal["Message-ID"] != informal["Message-ID"]


async def test_unread_for_five_minutes_is_one_mail(office: PostOffice, hansen: Someone) -> None:
    """F142, F181, F186: the bell at once; after five unread minutes one mail for all messages of the chat, once."""
    customer = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    before, chat_id = len(office.mailbox.mails), new_id()
    for number in (1, 2, 3):
        await office.publish("chat", posted(office, chat_id, customer, hansen, number), hansen.tenant_id)
    [bell] = await eventually(lambda: unread(office, hansen, Role.ROLE_STAFF))
    assert (bell.kind, bell.title) == (pb.NOTIFICATION_KIND_CHAT_MESSAGE, "Neue Nachricht im Chat")
    assert (bell.link, bell.subject_id) == (f"/makler/chat/{chat_id}", str(chat_id))

    office.clock.advance(timedelta(minutes=4, seconds=59))
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before
    office.clock.advance(timedelta(seconds=1))
    [mail] = await eventually(lambda: office.mailbox.to(hansen.email)[1:])
    assert mail["Subject"] == "Neue Nachricht bei Hansen & Partner"
    assert f"http://localhost:8080/makler/chat/{chat_id}" in text_of(mail)
    office.clock.advance(timedelta(minutes=30))
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before + 1

    await office.publish("chat", posted(office, chat_id, customer, hansen, 4), hansen.tenant_id)
    office.clock.advance(timedelta(minutes=5))
    await eventually(lambda: len(office.mailbox.mails) == before + 2)


async def test_reading_in_time_prevents_the_mail(office: PostOffice, hansen: Someone) -> None:
    """F186: what was read, or is not wanted by mail, is not mailed; reading clears the bell, too."""
    customer = await office.customer(hansen, "Tom", "Lindner", "tom.lindner@mail.example", informal=True)
    before, read_chat, muted_chat = len(office.mailbox.mails), new_id(), new_id()
    await office.publish("chat", posted(office, read_chat, customer, hansen, 1), hansen.tenant_id)
    await eventually(lambda: unread(office, hansen, Role.ROLE_STAFF))
    await office.publish("chat", read_event(read_chat, hansen, 1), hansen.tenant_id)

    async def cleared() -> bool:
        return not await unread(office, hansen, Role.ROLE_STAFF)

    await eventually(cleared)
    mine = office.bell(customer, Role.ROLE_CUSTOMER)
    wishes = await mine.GetPreferences(pb.GetPreferencesRequest())
    assert wishes.chat_email
    changed = pb.Preferences(chat_email=False, etag=wishes.etag)
    await mine.UpdatePreferences(pb.UpdatePreferencesRequest(preferences=changed))
    await office.publish("chat", posted(office, muted_chat, hansen, customer, 1), hansen.tenant_id)
    [bell] = await eventually(lambda: unread(office, customer, Role.ROLE_CUSTOMER))
    assert bell.text == "Du hast eine neue Nachricht im Chat."
    assert bell.link == f"/kunde/chat/{muted_chat}"
    office.clock.advance(timedelta(minutes=6))
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before

    late = posted(office, read_chat, customer, hansen, 1)
    await office.publish("chat", late, hansen.tenant_id)
    office.clock.advance(timedelta(minutes=6))
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before, "a message that comes after it was read is not announced"


def read_event(chat_id: UUID, reader: Someone, number: int) -> chat.ChatRead:
    """Return the event of a chat having been read."""
    return chat.ChatRead(
        tenant_id=str(reader.tenant_id),
        chat_id=str(chat_id),
        reader_account_id=str(reader.account_id),
        up_to_message_id=str(new_id()),
        up_to_number=number,
    )


async def test_live_bell(office: PostOffice, hansen: Someone) -> None:
    """F142: an open page hears of a notification at once, and of its reading elsewhere; others hear nothing."""
    customer = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    stub = office.bell(hansen, Role.ROLE_STAFF)
    stream: Any = stub.WatchNotifications(pb.WatchNotificationsRequest())
    strangers: Any = office.bell(customer, Role.ROLE_CUSTOMER).WatchNotifications(pb.WatchNotificationsRequest())
    assert (await stream.read()).HasField("heartbeat")
    assert (await strangers.read()).HasField("heartbeat")
    await office.publish("chat", posted(office, new_id(), customer, hansen, 1), hansen.tenant_id)
    heard = await asyncio.wait_for(stream.read(), 5)
    assert (heard.notification.title, heard.unread_count) == ("Neue Nachricht im Chat", 1)
    chat_id = UUID(heard.notification.subject_id)
    await office.publish("chat", posted(office, chat_id, customer, hansen, 2), hansen.tenant_id)
    await eventually(lambda: waiting(office, chat_id, 2))
    office.clock.advance(timedelta(minutes=1))
    await office.publish("chat", posted(office, chat_id, customer, hansen, 3), hansen.tenant_id)
    again = await asyncio.wait_for(stream.read(), 5)
    assert (again.notification.subject_id, again.unread_count) == (str(chat_id), 1), "once after a minute, not twice"
    await stub.MarkRead(pb.MarkReadRequest(notification_ids=[heard.notification.notification_id]))
    again = await asyncio.wait_for(stream.read(), 5)
    assert again.HasField("heartbeat")
    assert again.unread_count == 0
    foreign = pb.MarkReadRequest(all=True)
    assert (await office.bell(customer, Role.ROLE_CUSTOMER).MarkRead(foreign)).unread_count == 0
    stream.cancel()
    strangers.cancel()


async def waiting(office: PostOffice, chat_id: UUID, messages: int) -> bool:
    """Whether so many messages of a chat wait for their reader."""
    async with office.notifications.platform.work.work(SERVICE) as tx:
        statement = text("SELECT count(*) FROM unread_messages WHERE chat_id = :chat")
        return bool((await tx.session.execute(statement, {"chat": chat_id})).scalar_one() == messages)


async def test_the_bell_keeps_ringing(office: PostOffice, hansen: Someone) -> None:
    """F142: also when its statements run for so long that PostgreSQL plans them once for all (from the sixth on)."""
    customer = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    for _ in range(60):
        await office.publish("chat", posted(office, new_id(), customer, hansen, 1), hansen.tenant_id)
    stub = office.bell(hansen, Role.ROLE_STAFF)

    async def has_rung_for_all() -> bool:
        answer = await stub.ListNotifications(pb.ListNotificationsRequest(unread_only=True))
        return answer.unread_count == 60

    await eventually(has_rung_for_all)


async def test_expert_orders_and_invoices(office: PostOffice, hansen: Someone) -> None:
    """F113, F115, F116, F123: consent, order, each change and rating come by bell and mail; so do invoices.

    Who has chosen English for his office is written to in English from then on.
    """
    customer = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    expert = await office.firm("Dr. Wolff Gewerbeschutz", "wolff", "clara.wolff@wolff.example")
    order = {
        "tenant_id": str(hansen.tenant_id),
        "order_id": str(new_id()),
        "service_title": "Gefährdungsbeurteilung",
        "client_account_id": str(hansen.account_id),
    }
    with_expert: dict[str, Any] = {**order, "expert_account_id": str(expert.account_id)}
    asked = experts.ConsentRequested(**order, customer_id=str(customer.customer_id), expert_firm_name="Dr. Wolff")
    await office.publish("experts", asked, hansen.tenant_id)
    consent = (await eventually(lambda: office.mailbox.to(customer.email)[1:]))[0]
    assert f"http://localhost:8080/kunde/einwilligungen/{order['order_id']}" in text_of(consent)
    await office.publish("experts", experts.OrderPlaced(**with_expert), hansen.tenant_id)
    placed = (await eventually(lambda: office.mailbox.to(expert.email)[1:]))[0]
    assert placed["Subject"] == "Neuer Auftrag: Gefährdungsbeurteilung"
    assert str(placed["From"].addresses[0].display_name) == "Hansen & Partner"
    [bell] = await eventually(lambda: unread(office, expert, Role.ROLE_EXPERT))
    assert bell.link == f"/experte/auftraege/{order['order_id']}"
    began = experts.OrderStatusChanged(**with_expert, to_state=OrderState.ORDER_STATE_IN_PROGRESS)
    await office.publish("experts", began, hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(hansen.email)) == 2)
    finished = experts.OrderStatusChanged(**with_expert, to_state=OrderState.ORDER_STATE_COMPLETED)
    await office.publish("experts", finished, hansen.tenant_id)
    await office.publish("experts", experts.OrderCompleted(**with_expert), hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(hansen.email)) == 3)
    subjects = [mail["Subject"] for mail in office.mailbox.to(hansen.email)[1:]]
    assert subjects == [
        "Auftrag „Gefährdungsbeurteilung“: in Bearbeitung",
        "Auftrag „Gefährdungsbeurteilung“: abgeschlossen – bitte bewerten",
    ]
    issued = billing.InvoiceIssued(
        tenant_id=str(hansen.tenant_id),
        invoice_id=str(new_id()),
        customer_id=str(customer.customer_id),
        number="2026-000123",
        gross=Money(minor_units=123456, currency="EUR"),
    )
    await office.publish("billing", issued, hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(customer.email)) == 3)
    assert "Ihre Rechnung 2026-000123 über 1.234,56 €" in text_of(office.mailbox.to(customer.email)[2])
    overdue = billing.DunningStarted(
        tenant_id=issued.tenant_id,
        dunning_id=str(new_id()),
        customer_id=issued.customer_id,
        invoice_id=issued.invoice_id,
        number=issued.number,
        open=Money(minor_units=4200, currency="EUR"),
        due_on="2026-08-15",
    )
    await office.publish("billing", overdue, hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(customer.email)) == 4)
    reminder = office.mailbox.to(customer.email)[3]
    assert "Rechnung 2026-000123 war bis zum 15.08.2026 zu bezahlen. Offen sind noch 42,00" in " ".join(
        text_of(reminder).split()
    )
    assert "Hansen" in str(reminder["From"]), "in the firm's name"
    second = billing.DunningEscalated(
        tenant_id=issued.tenant_id,
        dunning_id=overdue.dunning_id,
        customer_id=issued.customer_id,
        invoice_id=issued.invoice_id,
        number=issued.number,
        open=Money(minor_units=4300, currency="EUR"),
        fee=Money(minor_units=100, currency="EUR"),
        due_on="2026-08-15",
    )
    await office.publish("billing", second, hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(customer.email)) == 5)
    assert "Offen sind noch 43,00 €. Darin enthalten ist eine Mahngebühr von 1,00" in " ".join(
        text_of(office.mailbox.to(customer.email)[4]).split()
    )
    await office.choose_english(customer)
    issued.is_cancellation, issued.number = True, "2026-000124"
    await office.publish("billing", issued, hansen.tenant_id)
    await eventually(lambda: len(office.mailbox.to(customer.email)) == 6)
    english = " ".join(text_of(office.mailbox.to(customer.email)[5]).split())
    assert english.startswith("Dear Ms Brandt, your cancellation invoice 2026-000124 over €1,234.56 is ready for you.")
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.to(hansen.email)) == 3


async def test_a_mail_server_that_refuses(office: PostOffice, hansen: Someone) -> None:
    """F142: a temporary refusal is repeated after a pause under the same Message-ID; a permanent one ends the mail."""
    customer = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=False)
    before = len(office.mailbox.mails)
    office.mailbox.answers += ["451 later", "550 no such user"]
    for chat_id in (new_id(), new_id()):
        await office.publish("chat", posted(office, chat_id, customer, hansen, 1), hansen.tenant_id)

    async def both() -> bool:
        return len(await unread(office, hansen, Role.ROLE_STAFF)) == 2

    await eventually(both)
    office.clock.advance(timedelta(minutes=5))
    await eventually(lambda: not office.mailbox.answers)
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before
    office.clock.advance(timedelta(seconds=31))
    await eventually(lambda: len(office.mailbox.mails) == before + 1)
    office.clock.advance(timedelta(days=3))
    await two_rounds_of_jobs(office)
    assert len(office.mailbox.mails) == before + 1


async def two_rounds_of_jobs(office: PostOffice) -> None:
    """Wait until both jobs have run twice more, whichever worker runs them."""
    jobs = ("announce_unread", "send_mails")

    async def runs() -> dict[str, int]:
        async with office.notifications.platform.work.work(SERVICE) as tx:
            found = await tx.session.execute(text("SELECT name, runs FROM job_runs"))
            return {row.name: row.runs for row in found}

    start = await runs()

    async def ran_twice() -> bool:
        now = await runs()
        return all(now.get(job, 0) >= start.get(job, 0) + 2 for job in jobs)

    await eventually(ran_twice, seconds=30)
