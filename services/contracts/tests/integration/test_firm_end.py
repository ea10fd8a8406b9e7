"""What is left of a firm in contracts when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kontor.common.v1.access_pb2 import Right
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor_contracts.consumers import CONSUMERS
from kontor_contracts.customer_end import CUSTOMER_END

from tests.firm_end import delete_customer, delete_firm, rows_of

pytestmark = pytest.mark.integration


async def test_a_deleted_firm_leaves_no_contract(firm: Any, other_firm: Any, database: Any, sample: bytes) -> None:
    """Decision 10: contracts, imports and lines of business are gone; another firm's are untouched."""
    for one in (firm, other_firm):
        await one.contract(await one.person())
        portfolio = pb.ImportPortfolioRequest(file_name="bestand.gdv", content=sample)
        await one.staff(Right.RIGHT_EXPORT).ImportPortfolio(portfolio)
    before = await rows_of(database.owner_url, other_firm.tenant_id)
    assert set(before) == {"contracts", "portfolio_imports", "lines_of_business"}
    await delete_firm(firm.service, "contracts", CONSUMERS[TenantDeleted], firm.tenant_id)
    assert await rows_of(database.owner_url, firm.tenant_id) == {}
    assert await rows_of(database.owner_url, other_firm.tenant_id) == before


async def test_a_deleted_customer_leaves_no_contract(firm: Any, database: Any) -> None:
    """F94: his contracts are gone, others' stay."""
    julia, other = await firm.person(), await firm.person("Tom")
    for one in (julia, julia, other):
        await firm.contract(one)
    await delete_customer(firm.service, "contracts", CUSTOMER_END, firm.tenant_id, julia)
    left = await rows_of(database.owner_url, firm.tenant_id)
    assert left["contracts"] == 1
