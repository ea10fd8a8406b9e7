"""Contracts that customers enter: staff hear of them, and the customer that they were checked."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.contracts.v1 import events_pb2 as contracts
from kontor.notifications.v1 import notifications_pb2 as pb
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually

from services.notifications.tests.post_office import PostOffice, Someone

pytestmark = pytest.mark.integration


async def test_entries_of_customers_are_told(office: PostOffice) -> None:
    """F50, F177: entered and changed contracts ring for who looks after the customer, a confirmed one for him."""
    admin = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    julia = await office.customer(admin, "Julia", "Brandt", "julia@mail.example", informal=False)
    contract = str(new_id())
    about = {"tenant_id": str(admin.tenant_id), "customer_id": str(julia.customer_id), "contract_id": contract}
    for event in (contracts.ContractEntered(**about), contracts.ContractCorrected(**about)):
        await office.publish("contracts", event, admin.tenant_id)
    await office.publish("contracts", contracts.ContractConfirmed(**about), admin.tenant_id)

    async def told(person: Someone, role: Role.ValueType, count: int) -> list[Any]:
        found = await office.bell(person, role).ListNotifications(pb.ListNotificationsRequest(page_size=20))
        mine = [one for one in found.notifications if one.kind == pb.NOTIFICATION_KIND_CONTRACT_ENTRY]
        return mine if len(mine) == count else []

    rung = await eventually(partial(told, admin, Role.ROLE_STAFF, 2))
    assert {one.title for one in rung} == {"Vertrag vom Kunden eingetragen", "Vertrag vom Kunden geändert"}
    assert {one.link for one in rung} == {f"/makler/kunden/{julia.customer_id}"}
    [confirmed] = await eventually(partial(told, julia, Role.ROLE_CUSTOMER, 1))
    assert (confirmed.title, confirmed.link) == ("Ihr Vertrag ist geprüft", f"/kunde/vertraege/{contract}")
