"""What an invitation releases: all of the customer's contracts, or none, by the event of identity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.identity.v1.events_pb2 import ReleaseRequested
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_contracts.consumers import CONSUMERS

pytestmark = pytest.mark.integration


async def _seen(firm: Any, customer_id: UUID) -> list[str]:
    answer = await firm.customer(customer_id).ListContracts(pb.ListContractsRequest(customer_id=str(customer_id)))
    return [contract.number for contract in answer.contracts]


@pytest.mark.parametrize(
    ("release", "expected"),
    [({"everything": True}, 2), ({"categories": ["POLICY", "CONTRACTS"]}, 2), ({"categories": ["POLICY"]}, 0)],
)
async def test_an_invitation_releases_contracts(firm: Any, outbox: Any, release: dict[str, Any], expected: int) -> None:
    """F171, F176: with everything, or with the category of contracts; once, and nobody else's."""
    julia, mehmet = await firm.person(), await firm.person("Mehmet")
    for number in ("HR-1", "HR-2"):
        await firm.contract(julia, number=number)
    await firm.contract(mehmet)
    event = ReleaseRequested(tenant_id=str(firm.tenant_id), customer_id=str(julia), **release)
    platform = firm.service.platform
    meta = EventMeta(new_id(), "", "identity", "", firm.tenant_id, platform.clock.now(), 1)
    for _ in range(2):
        async with platform.work.work(Principal.of_service("contracts", firm.tenant_id)) as tx:
            await CONSUMERS[ReleaseRequested](tx, event, meta)
            await tx.commit()
    assert len(await _seen(firm, julia)) == expected
    assert await _seen(firm, mehmet) == []
    assert await outbox.types() == ["ContractReleased"] * expected
