"""What is left of a firm in chat when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor_chassis.firm_end import FirmEnd, emptied
from kontor_chassis.testing.server import Running
from kontor_chat.consumers import CONSUMERS
from kontor_chat.customer_end import CUSTOMER_END
from kontor_chat.firm_end import FIRM_END

from tests.firm_end import delete_customer, delete_firm, go_on, rows_of

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
    assert julia.customer_id
    await delete_customer(chat, "chat", CUSTOMER_END, firm.tenant_id, julia.customer_id, julia.account_id)
    assert await rows_of(database.owner_url, firm.tenant_id) == before
    assert len(await other.chats()) == 1
