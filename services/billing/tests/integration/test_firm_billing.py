"""The platform's invoices to firms, from what identity tells to the PDF."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import grpc
import pytest
from kontor.billing.v1 import firm_invoices_pb2 as pb
from kontor.billing.v1.firm_invoices_pb2_grpc import FirmInvoiceServiceStub
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1 import brand_pb2, firms_pb2
from kontor.identity.v1.brand_pb2_grpc import BrandServiceStub
from kontor.identity.v1.firms_pb2_grpc import FirmServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually

from .conftest import reason_of

if TYPE_CHECKING:
    from kontor.billing.v1.firm_invoices_pb2_grpc import FirmInvoiceServiceAsyncStub
    from kontor.identity.v1.firms_pb2_grpc import FirmServiceAsyncStub

    from .conftest import Firm, World

pytestmark = pytest.mark.integration
T = TypeVar("T")
JULY = "2026-07"
ISSUER = pb.Issuer(
    name="Kontor Betriebs GmbH",
    street="Speicherstadt 1",
    postal_code="20457",
    city="Hamburg",
    tax_number="DE123456789",
    iban="DE02 1203 0000 0000 2020 51",
)


def operator(world: World) -> FirmInvoiceServiceAsyncStub:
    """Return the RPCs as the platform's operator calls them."""
    return world.service.stub(FirmInvoiceServiceStub, _token(Role.ROLE_OPERATOR, None))


def administrator(firm: Firm) -> FirmInvoiceServiceAsyncStub:
    """Return the RPCs as the firm's administrator calls them."""
    return firm.service.stub(FirmInvoiceServiceStub, _token(Role.ROLE_ADMINISTRATOR, firm))


def in_identity(firm: Firm) -> FirmServiceAsyncStub:
    """Return identity's RPCs about the firm as its administrator calls them."""
    return firm.identity.stub(FirmServiceStub, _token(Role.ROLE_ADMINISTRATOR, firm))


def euros(cents: int) -> Money:
    """Return an amount."""
    return Money(minor_units=cents, currency="EUR")


async def order_everything(firm: Firm) -> None:
    """Let a firm with one customer extend its trial, choose pay per use, and book white label."""
    await firm.new_customer()
    await in_identity(firm).ExtendTrial(firms_pb2.ExtendTrialRequest(net=euros(7490)))
    await in_identity(firm).ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PAY_PER_USE))
    brands = firm.identity.stub(BrandServiceStub, _token(Role.ROLE_OPERATOR, None))
    await brands.SetWhiteLabel(brand_pb2.SetWhiteLabelRequest(tenant_id=str(firm.tenant_id), white_label=True))


async def test_a_firm_is_billed_for_plan_trial_and_white_label(eventful_world: World) -> None:
    """F79, F82, F86, F89: what identity told becomes one invoice per month, as soon as prices on request are agreed."""
    world = eventful_world
    run = pb.RunFirmBillingRequest(period=JULY)
    async with world.billing_worker():
        firm, other = await world.firm(), await world.firm()
        await order_everything(firm)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await operator(world).RunFirmBilling(run)
        assert reason_of(refused.value) == "PERIOD_NOT_OVER"
        world.clock.advance(timedelta(days=10))

        async def all_told() -> bool:
            postponed = (await operator(world).RunFirmBilling(run)).postponed
            return [(one.tenant_id, one.reason, one.detail) for one in postponed] == [
                (
                    str(firm.tenant_id),
                    pb.POSTPONE_REASON_PRICE_MISSING,
                    "Grundpreis Pay-per-Use, Einrichtung, White Label, White Label, Einrichtung",
                )
            ]

        await eventually(all_told)
    prices = pb.AgreedPrices(base=euros(3100), setup=euros(0), white_label=euros(6200), white_label_setup=euros(10000))
    wanted = pb.SetAgreedPricesRequest(tenant_id=str(firm.tenant_id), prices=prices)
    assert await operator(world).SetAgreedPrices(wanted) == prices
    missing = (await operator(world).RunFirmBilling(run)).postponed
    assert [one.reason for one in missing] == [pb.POSTPONE_REASON_ISSUER_MISSING]
    with pytest.raises(grpc.aio.AioRpcError):
        await operator(world).SetIssuer(pb.SetIssuerRequest(issuer=pb.Issuer(name="Ohne Anschrift")))
    assert await operator(world).SetIssuer(pb.SetIssuerRequest(issuer=ISSUER)) == ISSUER
    issued = await operator(world).RunFirmBilling(run)
    assert (issued.invoices_issued, issued.nothing_due, list(issued.postponed)) == (1, 1, [])
    again = await operator(world).RunFirmBilling(run)
    assert (again.invoices_issued, again.already_invoiced, again.nothing_due) == (0, 1, 1)

    [invoice] = (await administrator(firm).ListFirmInvoices(pb.ListFirmInvoicesRequest())).firm_invoices
    assert {line.title: line.net.minor_units for line in invoice.lines} == {
        "Grundpreis Pay-per-Use": 1000,
        "Kontakte": 16,
        "White Label": 2000,
        "White Label, Einrichtung": 10000,
        "Weitere Testphase": 7490,
    }
    net = 1000 + 16 + 2000 + 10000 + 7490
    assert (invoice.number, invoice.totals.net.minor_units) == ("P-2026-000001", net)
    assert invoice.totals.gross.minor_units == issued.gross.minor_units == round(net * 1.19)
    pdf = pb.GetFirmInvoicePdfRequest(firm_invoice_id=invoice.firm_invoice_id)
    first, second = [(await administrator(firm).GetFirmInvoicePdf(pdf)).data for _ in range(2)]
    assert first.startswith(b"%PDF")
    assert first == second
    assert list((await administrator(other).ListFirmInvoices(pb.ListFirmInvoicesRequest())).firm_invoices) == []
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await administrator(other).GetFirmInvoice(pb.GetFirmInvoiceRequest(firm_invoice_id=invoice.firm_invoice_id))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    everything = await operator(world).ListFirmInvoices(pb.ListFirmInvoicesRequest(tenant_id=str(firm.tenant_id)))
    assert [one.buyer_name for one in everything.firm_invoices] == ["Hansen & Partner"]


def _token(role: Role.ValueType, firm: Firm | None) -> str:
    roles = [Role.ROLE_STAFF, role] if firm else [role]
    return token_for(roles=roles, tenant_id=firm.tenant_id if firm else new_id())
