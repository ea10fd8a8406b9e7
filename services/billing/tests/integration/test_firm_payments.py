"""Payments on the platform's invoices to firms, recorded by the operator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from kontor.billing.v1 import firm_payments_pb2 as pb
from kontor.billing.v1.firm_payments_pb2_grpc import FirmPaymentServiceStub
from kontor.billing.v1.receivables_pb2 import RECEIVABLE_STATE_OPEN, RECEIVABLE_STATE_PAID
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor_billing import firm_invoices, runs
from kontor_billing.firm_charges import Line
from kontor_billing.firm_tables import IssuerRow
from kontor_billing.parties import Party
from kontor_billing.periods import Period
from kontor_billing.tax_rates import rate_table
from kontor_chassis.ids import new_id
from kontor_chassis.testing.tokens import token_for
from sqlalchemy import text

from .conftest import reason_of

if TYPE_CHECKING:
    from kontor.billing.v1.firm_payments_pb2_grpc import FirmPaymentServiceAsyncStub

    from .conftest import Firm, World

pytestmark = pytest.mark.integration
PERIOD = Period(2026, 6)
GROSS = 15351
FIRM = Party("Hansen & Partner", "Hafenstraße 1", "20095", "Hamburg", "DE")


def calls(firm: Firm, role: Role.ValueType) -> FirmPaymentServiceAsyncStub:
    """Return the RPCs as the operator calls them, or the firm's administrator."""
    operator = role == Role.ROLE_OPERATOR
    roles = [role] if operator else [Role.ROLE_STAFF, role]
    token = token_for(roles=roles, tenant_id=new_id() if operator else firm.tenant_id, account_id=new_id())
    return firm.service.stub(FirmPaymentServiceStub, token)


async def charged(world: World, firm: Firm) -> str:
    """Return the id of an invoice of 129 euros to the firm."""
    async with world.service.platform.work.work(runs.SERVICE.within(firm.tenant_id)) as tx:
        issuer = IssuerRow(name="Kontor", street="x", postal_code="1", city="x", tax_number="1", iban="x", email="")
        invoice = await firm_invoices.issue(
            tx,
            firm.tenant_id,
            PERIOD,
            lines=(Line("Grundpreis PREMIUM", "ganzer Monat", 12900),),
            rates=(await rate_table(tx)).on(PERIOD.last_day),
            seller=issuer,
            buyer=FIRM,
        )
        firm_invoice_id = str(invoice.firm_invoice_id)
        await tx.commit()
    return firm_invoice_id


async def test_the_operator_records_what_firms_pay(world: World) -> None:
    """F82, F34: in parts, never too much, taken back by a counter-entry; a firm sees its own and records nothing."""
    firm, other = await world.firm(), await world.firm()
    firm_invoice_id = await charged(world, firm)
    operator, administrator = calls(firm, Role.ROLE_OPERATOR), calls(firm, Role.ROLE_ADMINISTRATOR)
    pay = pb.RecordFirmPaymentRequest(
        firm_invoice_id=firm_invoice_id, amount=Money(minor_units=10000, currency="EUR"), request_id=str(new_id())
    )
    for _ in range(2):
        part = await operator.RecordFirmPayment(pay)
    assert (part.open.minor_units, part.state, len(part.payments)) == (GROSS - 10000, RECEIVABLE_STATE_OPEN, 1)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await operator.RecordFirmPayment(
            pb.RecordFirmPaymentRequest(firm_invoice_id=firm_invoice_id, amount=Money(minor_units=6000, currency="EUR"))
        )
    assert reason_of(refused.value) == "PAYMENT_TOO_HIGH"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await administrator.RecordFirmPayment(pay)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    back = pb.ReverseFirmPaymentRequest(
        firm_invoice_id=firm_invoice_id, firm_payment_id=part.payments[0].firm_payment_id, note="Falscher Betrieb"
    )
    assert (await operator.ReverseFirmPayment(back)).open.minor_units == GROSS
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await operator.ReverseFirmPayment(back)
    assert reason_of(refused.value) == "PAYMENT_REVERSED"
    world.clock.advance(timedelta(days=20))
    open_items = await operator.ListFirmOpenItems(
        pb.ListFirmOpenItemsRequest(tenant_id=str(firm.tenant_id), open_only=True)
    )
    assert [item.overdue for item in open_items.open_items] == [True]
    assert (open_items.total_open.minor_units, open_items.total_overdue.minor_units) == (GROSS, GROSS)
    pay.amount.minor_units, pay.request_id = GROSS, ""
    assert (await operator.RecordFirmPayment(pay)).state == RECEIVABLE_STATE_PAID
    seen = await administrator.GetFirmOpenItem(pb.GetFirmOpenItemRequest(firm_invoice_id=firm_invoice_id))
    assert [(p.amount.minor_units, p.HasField("reverse_time"), p.reverse_note) for p in seen.payments] == [
        (GROSS, False, ""), (10000, True, ""),
    ]  # fmt: skip
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls(other, Role.ROLE_ADMINISTRATOR).GetFirmOpenItem(
            pb.GetFirmOpenItemRequest(firm_invoice_id=firm_invoice_id)
        )
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    async with world.service.platform.work.work(runs.SERVICE.within(firm.tenant_id)) as tx:
        rows = await tx.session.execute(text("SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account"))
        sums = {account: int(total) for account, total in rows}
    assert sums == {"FIRM_RECEIVABLE": 0, "PLATFORM_REVENUE": -12900, "VAT_PAYABLE": -2451, "BANK": GROSS}
