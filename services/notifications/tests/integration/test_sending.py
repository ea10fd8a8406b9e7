"""Sending under load and with odd mails: the real sender, database and SMTP adapter; identity's answers are given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from kontor_chassis.clock import FixedClock
from kontor_chassis.database import Database
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.waiting import eventually
from kontor_notifications.adapters.smtp import SmtpServer
from kontor_notifications.deliveries import Planned, plan_mail, take_due
from kontor_notifications.mails import Addressee, Firm
from kontor_notifications.people import MailDirectory, Person, SignInCode
from kontor_notifications.preparing import Preparer
from kontor_notifications.sending import SENDERS, SERVICE, Sender
from kontor_notifications.wording import Form, Side
from kontor_tools.embedded.process import free_port
from sqlalchemy import text

from services.notifications.tests.post_office import Mailbox, mail_server

pytestmark = pytest.mark.integration

FIRM_ID = new_id()
FIRM = Firm("Hansen & Partner", "buero@hansen.example", "", "Hamburg")


@dataclass
class KnownPeople:
    """Answers as identity would: everybody has the address noted for him; the account without one is a defect."""

    addresses: dict[UUID, str] = field(default_factory=dict)

    async def firm(self, _tenant_id: UUID) -> Firm:
        """Return the firm."""
        return FIRM

    async def people(self, tenant_id: UUID, account_ids: list[str]) -> list[Person]:
        """Return the people; raises KeyError, which nobody expects, for one who was not noted."""
        return [
            Person(UUID(one), tenant_id, Side.STAFF, Addressee(self.addresses[UUID(one)], "Anna", "Hallo", Form.SIE))
            for one in account_ids
        ]

    async def sign_in_code(self, _tenant_id: UUID, _ticket_id: str) -> SignInCode:
        """Return a code."""
        return SignInCode("123456", "heute")


class CountingMailbox(Mailbox):
    """Also counts connections, and holds mails back while `gate` is closed; serves in a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.connections: set[tuple[str, int]] = set()
        self.waiting = 0
        self.gate = threading.Event()
        self.gate.set()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail once the gate is open."""
        self.connections.add(session.peer)
        self.waiting += 1
        await asyncio.to_thread(self.gate.wait)
        self.waiting -= 1
        return await super().handle_DATA(server, session, envelope)


@dataclass
class Desk:
    """Everything a test needs."""

    context: JobContext
    sender: Sender
    people: KnownPeople
    mailbox: CountingMailbox
    clock: FixedClock

    async def plan(self, address: str | None, template: str = "password_changed") -> UUID:
        """Plan a mail to a new account; returns the account."""
        account_id = new_id()
        if address is not None:
            self.people.addresses[account_id] = address
        planned = Planned(FIRM_ID, template, str(new_id()), {"ticket_id": "x", "path": "/"}, account_id=account_id)
        async with self.context.work.work(SERVICE) as tx:
            await plan_mail(tx, planned)
            await tx.commit()
        return account_id

    async def fate(self, account_id: UUID) -> tuple[str, int, str]:
        """Return state, attempts and the last problem of the mail to an account."""
        async with self.context.work.work(SERVICE) as tx:
            statement = text("SELECT state, attempts, last_problem FROM deliveries WHERE account_id = :account")
            row = (await tx.session.execute(statement, {"account": account_id})).one()
            return row.state, row.attempts, row.last_problem

    async def run(self, statement: str) -> Any:
        """Run a statement for the sender."""
        async with self.context.work.work(SERVICE) as tx:
            result = await tx.session.execute(text(statement))
            await tx.commit()
            return result


@pytest.fixture
async def desk(service_database: ServiceDatabases) -> AsyncIterator[Desk]:
    """A sender with a mail server."""
    clock, mailbox, port = FixedClock(datetime(2026, 7, 1, 10, tzinfo=UTC)), CountingMailbox(), free_port()
    database = Database(service_database("notifications").url, service="notifications", clock=clock)
    people = KnownPeople()
    preparer = Preparer(cast(MailDirectory, people), "http://localhost:8080")
    sender = Sender(SmtpServer("127.0.0.1", port), preparer, "post@kontor.example")
    async with mail_server(mailbox, port):
        yield Desk(JobContext(database.work, clock), sender, people, mailbox, clock)
    await database.close()


@pytest.mark.parametrize("odd", ["anna..x@mail.example", ".a@b.example", "a.@b.example", "nobody", "ä@b.example\n"])
async def test_an_odd_address_fails_alone(desk: Desk, odd: str, capsys: pytest.CaptureFixture[str]) -> None:
    """F142: a mail that cannot be written is given up at once; those behind it go out, and no log names the address."""
    strange = await desk.plan(odd)
    await desk.plan("julia@mail.example")
    assert await desk.sender.send_due(desk.context) == 2
    assert len(desk.mailbox.to("julia@mail.example")) == 1
    state, attempts, problem = await desk.fate(strange)
    assert (state, attempts) == ("FAILED", 1)
    assert problem.startswith("cannot be written: ")
    assert odd.strip() not in problem + capsys.readouterr().out


async def test_a_defect_with_one_mail_leaves_the_others(desk: Desk) -> None:
    """F142: what nobody expected postpones that mail only."""
    strange = await desk.plan(None)
    await desk.plan("julia@mail.example")
    assert await desk.sender.send_due(desk.context) == 2
    assert len(desk.mailbox.mails) == 1
    assert await desk.fate(strange) == ("PENDING", 1, "KeyError")
    assert await desk.sender.send_due(desk.context) == 0, "it waits for its pause"


async def test_codes_overtake_invoices_on_few_connections(desk: Desk) -> None:
    """F142: at month end a code to sign in goes out among the first, and a connection carries many mails."""
    for number in range(30):
        await desk.plan(f"customer{number}@mail.example", "chat_unread")
    await desk.plan("tom@mail.example", "sign_in_code")
    assert await desk.sender.send_due(desk.context) == 31
    assert any("tom@mail.example" in str(mail["To"]) for mail in desk.mailbox.mails[:SENDERS])
    assert len(desk.mailbox.connections) <= SENDERS


async def test_no_transaction_is_open_while_the_server_answers(desk: Desk) -> None:
    """F142: several mails are on their way at once, none of them in a transaction; a second worker takes none twice."""
    for number in range(SENDERS + 2):
        await desk.plan(f"customer{number}@mail.example")
    desk.mailbox.gate.clear()
    first = asyncio.create_task(desk.sender.send_due(desk.context))
    await eventually(lambda: desk.mailbox.waiting == SENDERS)
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    assert (await desk.run(open_ones)).scalar_one() == 0
    leased = "SELECT count(*) FROM deliveries WHERE lease_id IS NOT NULL"
    assert (await desk.run(leased)).scalar_one() == SENDERS
    second = asyncio.create_task(desk.sender.send_due(desk.context))
    await eventually(lambda: desk.mailbox.waiting == SENDERS + 2)
    desk.mailbox.gate.set()
    assert await first + await second == SENDERS + 2
    assert len({str(mail["To"]) for mail in desk.mailbox.mails}) == len(desk.mailbox.mails) == SENDERS + 2


async def test_a_lost_sender_is_noticed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """F142: after a crash the mail goes out once its lease is over; that is counted and logged, and ends some day."""
    account_id = await desk.plan("julia@mail.example")
    async with desk.context.work.work(SERVICE) as tx:
        assert await take_due(tx) is not None
        await tx.commit()
    assert await desk.sender.send_due(desk.context) == 0, "the lease is not over"
    over = "UPDATE deliveries SET leased_until = clock_timestamp() - interval '1 second'"
    await desk.run(over)
    assert await desk.sender.send_due(desk.context) == 1
    assert await desk.fate(account_id) == ("SENT", 2, "")
    poison = await desk.plan("poison@mail.example")
    await desk.run(
        "UPDATE deliveries SET attempts = 13, lease_id = delivery_id, leased_until = now() - interval '1 s'"
        " WHERE state = 'PENDING'"
    )
    assert await desk.sender.send_due(desk.context) == 1
    assert (await desk.fate(poison))[0] == "FAILED"
    assert len(desk.mailbox.mails) == 1


async def test_a_connection_that_broke_is_made_anew(desk: Desk) -> None:
    """F142: a refusal leaves the connection usable, and a temporary one is no loss for the mails behind it."""
    desk.mailbox.answers.append("550 no such user")
    accounts = [await desk.plan(f"one{number}@mail.example") for number in range(SENDERS * 3)]
    assert await desk.sender.send_due(desk.context) == len(accounts)
    states = sorted([(await desk.fate(account))[0] for account in accounts])
    assert states == ["FAILED", *["SENT"] * (len(accounts) - 1)]
    assert len(desk.mailbox.connections) <= SENDERS
