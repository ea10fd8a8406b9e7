"""What billing does when a firm is deleted."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from kontor.billing.v1 import billing_pb2 as pb
from kontor_billing.customer_end import CUSTOMER_END
from kontor_chassis.testing.waiting import eventually

from tests.firm_end import delete_customer, rows_of, tell_firm_end

if TYPE_CHECKING:
    from .conftest import Firm, World

pytestmark = pytest.mark.integration
JULY = pb.RunBillingRequest(period="2026-07")
AUGUST = pb.RunBillingRequest(period="2026-08")


async def test_a_deleted_firm_is_billed_no_more(eventful_world: World) -> None:
    """Decision 10: agreements end, no run looks at the firm again; what was issued stays for the law."""
    world = eventful_world
    async with world.billing_worker():
        firm, other = await world.firm(), await world.firm()
        customers = [await one.new_customer() for one in (firm, other)]
        agreements = [await one.sign(customer) for one, customer in zip((firm, other), customers, strict=True)]
        world.clock.advance(timedelta(days=10))
        await eventually(lambda: _invoiced(firm, 2))
        before = await rows_of(world.database.owner_url, firm.tenant_id)
        await tell_firm_end(world.identity, firm.tenant_id)
        wanted = pb.GetAgreementRequest(customer_id=str(customers[0]), agreement_id=agreements[0].agreement_id)
        await eventually(lambda: _ended(firm.customer(customers[0]).GetAgreement(wanted)))
    assert await rows_of(world.database.owner_url, firm.tenant_id) == before
    world.clock.advance(timedelta(days=31))
    ended = await firm.customer(customers[0]).GetAgreement(wanted)
    assert (ended.state, ended.ends_on) == (pb.AGREEMENT_STATE_ENDED, "2026-08-01")
    run = await other.operator().RunBilling(AUGUST)
    assert (run.tenants, run.invoices_issued, run.postponed) == (1, 1, 0)
    alone = await other.operator().RunBilling(pb.RunBillingRequest(period="2026-08", tenant_id=str(firm.tenant_id)))
    assert (alone.tenants, alone.invoices_issued) == (0, 0)


async def _invoiced(firm: Firm, count: int) -> bool:
    return (await firm.operator().RunBilling(JULY)).already_invoiced == count


async def _ended(call: Awaitable[pb.Agreement]) -> bool:
    return (await call).state != pb.AGREEMENT_STATE_ACTIVE


async def test_a_deleted_customer_has_no_agreement_any_more(world: World) -> None:
    """F94: it ends on that day, nothing of the books is deleted."""
    firm = await world.firm()
    julia, other = await firm.new_customer(), await firm.new_customer()
    signed = [await firm.sign(customer) for customer in (julia, other)]
    before = await rows_of(world.database.owner_url, firm.tenant_id)
    await delete_customer(firm.service, "billing", CUSTOMER_END, firm.tenant_id, julia)
    assert await rows_of(world.database.owner_url, firm.tenant_id) == before
    found = [
        await firm.customer(customer).GetAgreement(
            pb.GetAgreementRequest(customer_id=str(customer), agreement_id=agreement.agreement_id)
        )
        for customer, agreement in zip((julia, other), signed, strict=True)
    ]
    assert [one.state for one in found] == [pb.AGREEMENT_STATE_CANCELLED, pb.AGREEMENT_STATE_ACTIVE]
