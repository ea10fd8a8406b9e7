"""What is left of a firm in chat when it is deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor_chassis.customer_end import CustomerEnd
from kontor_chassis.customer_end import emptied as of_customer
from kontor_chassis.database import Transaction
from kontor_chassis.firm_end import FirmEnd, emptied
from kontor_chassis.jobs import JobContext
from kontor_chassis.one_by_one import SomeFailedError
from kontor_chassis.testing.server import Running
from kontor_chat.consumers import CONSUMERS
from kontor_chat.customer_end import CUSTOMER_END
from kontor_chat.firm_end import FIRM_END

from tests.firm_end import delete_customer, delete_firm, go_on, mark_deleted, rows_of, tables_that_say

pytestmark = pytest.mark.integration


async def _filled(firm: Any) -> Any:
    jonas = await firm.staff()
    julia = await firm.customer(jonas)
    chat = await julia.start("Das bleibt unter uns")
    await jonas.send(chat, "Selbstverständlich")
    await jonas.read(await julia.send(chat, "Danke"))
    return julia


async def test_a_deleted_firm_leaves_no_chat(chat: Running, database: Any, firm: Any, other_firm: Any) -> None:
    """Decision 10: messages and chats of the firm are gone, another's untouched; what comes late goes, too."""
    julia, other = await _filled(firm), await _filled(other_firm)
    before = await rows_of(database.owner_url, other_firm.tenant_id)
    assert set(before) == {"chats", "messages", "read_marks"}
    await delete_firm(chat, "chat", CONSUMERS[TenantDeleted], firm.tenant_id)
    assert await rows_of(database.owner_url, firm.tenant_id) == {}
    await julia.start("Mein Token lebt noch zehn Minuten")
    await go_on(chat, FIRM_END)
    assert await rows_of(database.owner_url, firm.tenant_id) == {}
    assert await rows_of(database.owner_url, other_firm.tenant_id) == before
    assert len(await other.chats()) == 1


async def test_a_large_firm_goes_in_portions(chat: Running, database: Any, firm: Any) -> None:
    """The event does one portion, the job the rest, one portion per transaction."""
    julia = await _filled(firm)
    for number in range(5):
        await julia.start(f"Frage {number}")
    small = FirmEnd("chat", [emptied("read_marks"), emptied("messages"), emptied("chats")], portion=2)
    await delete_firm(chat, "chat", small.begin, firm.tenant_id)
    assert await rows_of(database.owner_url, firm.tenant_id) != {}
    await go_on(chat, small)
    assert await rows_of(database.owner_url, firm.tenant_id) == {}


async def test_a_deleted_customer_leaves_no_chat(chat: Running, database: Any, firm: Any) -> None:
    """F94: his chats are gone with all that was written in them; the firm's others stay."""
    other = await _filled(firm)
    before = await rows_of(database.owner_url, firm.tenant_id)
    julia = await _filled(firm)
    await julia.start("Hier schreibt Tante Kunigunde", subject="Kunigunde")
    assert julia.customer_id
    assert await tables_that_say(database.owner_url, "Kunigunde") == ["chats", "messages"]
    await delete_customer(chat, "chat", CUSTOMER_END, firm.tenant_id, julia.customer_id, julia.account_id)
    assert await rows_of(database.owner_url, firm.tenant_id) == before
    assert len(await other.chats()) == 1
    assert await tables_that_say(database.owner_url, "Kunigunde") == []


async def test_one_whose_end_fails_stops_no_other(chat: Running, database: Any, firm: Any, other_firm: Any) -> None:
    """Decision 10, F94: what cannot be deleted is noticed and tried again; other firms and customers go meanwhile."""
    julia, other = await _filled(firm), await _filled(other_firm)
    failing = [firm.tenant_id, julia.customer_id]

    async def firm_step(tx: Transaction, tenant_id: UUID, portion: int) -> int:
        if tenant_id in failing:
            raise RuntimeError("cannot")
        return await emptied("read_marks")(tx, tenant_id, portion)

    async def customer_step(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> None:
        await firm_step(tx, customer_id, 1)
        await of_customer("read_marks")(tx, tenant_id, customer_id)

    await mark_deleted(database.owner_url, firm.tenant_id, julia.customer_id)
    await mark_deleted(database.owner_url, other_firm.tenant_id, other.customer_id)
    firms = FirmEnd("chat", [firm_step, emptied("messages"), emptied("chats")])
    customers = CustomerEnd("chat", [customer_step])
    context = JobContext(work=chat.platform.work, clock=chat.platform.clock)
    for end in (customers.look_after, firms.go_on):
        with pytest.raises(SomeFailedError, match="1 of 2 failed"):
            await end(context)
    assert set(await rows_of(database.owner_url, firm.tenant_id)) == {"chats", "messages", "read_marks"}
    assert await rows_of(database.owner_url, other_firm.tenant_id) == {}
    failing.clear()
    await firms.go_on(context)
    assert await rows_of(database.owner_url, firm.tenant_id) == {}
