"""Staff who are away or have left: no chat waits for somebody who will not answer."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.events_pb2 import ResponsibleChanged, StaffAdded, StaffDeactivated
from kontor.identity.v1.staff_pb2 import CreateAbsenceRequest
from kontor.identity.v1.staff_pb2_grpc import StaffServiceStub
from kontor_chassis.principal import Principal
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import token_for
from kontor_chat.consumers import CONSUMERS

pytestmark = pytest.mark.integration


async def test_a_chat_goes_to_the_substitute_of_whoever_is_away(firm: Any, outbox: Any) -> None:
    """Known failure "chats assigned to absent staff": the substitute is the operator and is told."""
    jonas, petra = await firm.staff(), await firm.staff()
    julia = await firm.customer(jonas)
    token = token_for(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=firm.tenant_id)
    today = firm.identity.platform.clock.now().date().isoformat()
    away = CreateAbsenceRequest(
        account_id=str(jonas.account_id),
        starts_on=today,
        ends_on="2099-12-31",
        substitute_account_id=str(petra.account_id),
    )
    await firm.identity.stub(StaffServiceStub, token).CreateAbsence(away)
    chat = await julia.start("Ist jemand da?")
    assert (await petra.get(chat)).operator_account_id == str(petra.account_id)
    posted = await outbox.events("MessagePosted")
    assert [list(event.recipient_account_ids) for event in posted] == [[str(petra.account_id)]]


async def test_chats_of_somebody_who_left_have_a_new_operator(chat: Running, firm: Any) -> None:
    """F185: his chats go to the successor; without one they are anybody's who answers."""
    jonas, petra = await firm.staff(), await firm.staff()
    julia, mehmet = await firm.customer(jonas), await firm.customer(petra)
    his, hers = await julia.start(), await mehmet.start()
    for leaver, successor in ((jonas, petra), (petra, None)):
        event = StaffDeactivated(
            tenant_id=str(firm.tenant_id),
            account_id=str(leaver.account_id),
            successor_account_id=str(successor.account_id) if successor else "",
        )
        await _told(chat, firm, event)
        operators = {(await julia.get(his)).operator_account_id, (await mehmet.get(hers)).operator_account_id}
        assert operators == {str(successor.account_id) if successor else ""}


async def test_who_has_left_becomes_no_operator(chat: Running, firm: Any) -> None:
    """F181, F183: neither his living token nor a late event makes him one; back in the firm he can be again."""
    jonas, petra = await firm.staff(), await firm.staff()
    julia = await firm.customer()
    unanswered = await julia.start("Ist jemand da?")
    gone = StaffDeactivated(tenant_id=str(firm.tenant_id), account_id=str(jonas.account_id))
    named = ResponsibleChanged(
        tenant_id=str(firm.tenant_id),
        customer_id=str(julia.customer_id),
        account_ids=[str(jonas.account_id), str(petra.account_id)],
    )
    await _told(chat, firm, gone)
    await jonas.send(unanswered, "Noch schnell, bevor ich gehe.")
    started = await jonas.start("Und noch etwas", customer_id=julia.customer_id)
    assert (await petra.get(unanswered)).operator_account_id == (await petra.get(started)).operator_account_id == ""
    await _told(chat, firm, named)
    assert (await petra.get(unanswered)).operator_account_id == str(petra.account_id)
    await _told(chat, firm, StaffAdded(tenant_id=str(firm.tenant_id), account_id=str(jonas.account_id)))
    mehmet = await firm.customer()
    again = await mehmet.start("Guten Tag")
    await jonas.send(again, "Da bin ich wieder.")
    assert (await petra.get(again)).operator_account_id == str(jonas.account_id)


async def _told(chat: Running, firm: Any, event: Message) -> None:
    """Let chat hear an event of identity."""
    async with chat.platform.work.work(Principal.of_service("chat", firm.tenant_id)) as tx:
        await CONSUMERS[type(event)](tx, event, None)  # type: ignore[arg-type]  # the envelope is not read
        await tx.commit()
