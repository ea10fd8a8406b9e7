"""Portfolio imports: from a GDV file to customers and contracts, repeatable at every step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.identity.v1.events_pb2 import TenantActivated
from kontor.identity.v1.master_data_pb2 import ChangeBankAccountRequest, GetMasterDataRequest
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceStub
from kontor.identity.v1.people_pb2 import Salutation
from kontor_chassis.errors import ErrorKind
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.refusals import refused
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import token_for
from kontor_contracts import imports
from kontor_contracts.adapters.identity import IdentityCustomers
from kontor_contracts.consumers import CONSUMERS

pytestmark = pytest.mark.integration

OFFICIAL = Path(__file__).parents[5] / "shared" / "data" / "gdv" / "musterdatei_041222.txt"


def importer(firm: Any, account_id: Any = None) -> Any:
    """Return the RPCs as somebody calls them who may import."""
    return firm.staff(Right.RIGHT_EXPORT, account_id=account_id)


async def portfolio(firm: Any) -> list[pb.Contract]:
    """Return all contracts of the firm."""
    return list((await firm.staff().ListPortfolio(pb.ListPortfolioRequest(page_size=100))).contracts)


async def test_customers_and_contracts_appear(firm: Any, identity: Running, sample: bytes, outbox: Any) -> None:
    """F130, F63, F156: people go to identity, contracts get their line, and nothing is released yet (F176)."""
    done = await importer(firm).ImportPortfolio(pb.ImportPortfolioRequest(content=sample, file_name="bestand.gdv"))
    assert (done.packages, done.customers, done.contracts, done.contracts_created) == (2, 4, 6, 6)
    assert [(skipped.record_type, skipped.count) for skipped in done.skipped] == [("0210", 6)]
    found = {contract.number: contract for contract in await portfolio(firm)}
    household = found["HR-77.345.12"]
    assert (household.line_of_business_name, household.insurer_name) == ("Hausrat", "Nordlicht Versicherung AG")
    assert (household.premium.minor_units, household.premium.currency) == (10401, "EUR")
    assert (household.begin_day, household.expiry_day) == ("2024-01-01", "2027-01-01")
    assert (household.origin, household.released) == (pb.CONTRACT_ORIGIN_IMPORT, False)
    assert found["RV90017765"].payment_interval == pb.PAYMENT_INTERVAL_MONTHLY
    bakery = found["TV3300912"]
    assert (bakery.account_masked, household.account_masked) == ("DE89 •••• 3000", "")
    assert (bakery.credit_account_masked, household.credit_account_masked) == ("DE02 •••• 2051", "")
    assert bakery.credit_account_reference not in ("", bakery.account_reference)
    desk = identity.stub(MasterDataServiceStub, token_for(roles=[Role.ROLE_STAFF], tenant_id=firm.tenant_id))
    account = ChangeBankAccountRequest(customer_id=bakery.customer_id, iban="DE89 3704 0044 0532 0130 00")
    await desk.ChangeBankAccount(account)
    page = await desk.GetMasterData(GetMasterDataRequest(customer_id=bakery.customer_id))
    assert [one.reference for one in page.bank_accounts] == [bakery.account_reference], "the same name (F156)"
    ingrid = next(one for one in await firm.customers() if one.customer_id == household.customer_id)
    assert (ingrid.given_name, ingrid.salutation, ingrid.birth_date) == (
        "Ingrid",
        Salutation.SALUTATION_FRAU,
        "1961-09-03",
    )
    assert await outbox.types() == ["PortfolioImported"]
    listed = await importer(firm).ListPortfolioImports(pb.ListPortfolioImportsRequest())
    assert list(listed.imports) == [done]
    assert done == await importer(firm).GetPortfolioImport(pb.GetPortfolioImportRequest(import_id=done.import_id))


async def test_a_broken_file_imports_nothing(firm: Any, gdv: ModuleType, outbox: Any) -> None:
    """F130: refused with record number and field; neither customers nor contracts nor events."""
    broken = gdv.patched(gdv.gdv_file(gdv.NORDLICHT), 7, 116, "0000000O8740")
    refusal = await refused(importer(firm).ImportPortfolio(pb.ImportPortfolioRequest(content=broken)))
    assert (refusal.kind, refusal.reason) == (ErrorKind.INVALID, "GDV_FILE_REFUSED")
    assert refusal.fields[0].field == "content.records[7].Gesamtbeitrag (Netto) in Währungseinheiten"
    assert refusal.metadata["record_number"] == "7"
    assert "Satz 7, Gesamtbeitrag" in refusal.message
    assert await firm.customers() == []
    assert await portfolio(firm) == []
    assert await outbox.types() == []


async def test_checking_stores_nothing(firm: Any, sample: bytes) -> None:
    """F130: a file can be checked and counted first."""
    request = pb.ImportPortfolioRequest(content=sample, validate_only=True)
    checked = await importer(firm).ImportPortfolio(request)
    assert (checked.import_id, checked.customers, checked.contracts) == ("", 4, 6)
    assert await firm.customers() == []
    assert await portfolio(firm) == []


async def test_the_same_file_again_changes_nothing(firm: Any, sample: bytes) -> None:
    """F130: imports are idempotent by insurer and number; descriptions and releases stay."""
    request = pb.ImportPortfolioRequest(content=sample)
    await importer(firm).ImportPortfolio(request)
    before = await portfolio(firm)
    again = await importer(firm).ImportPortfolio(request)
    assert (again.contracts_created, again.contracts_updated, again.contracts_unchanged) == (0, 0, 6)
    assert await portfolio(firm) == before


async def test_a_newer_file_updates(firm: Any, gdv: ModuleType) -> None:
    """F130: premium and status follow the insurer; a policy that passed to somebody else is hidden again (F176)."""
    await importer(firm).ImportPortfolio(pb.ImportPortfolioRequest(content=gdv.gdv_file(gdv.ELBE)))
    before = {contract.number: contract for contract in await portfolio(firm)}
    pension = before["RV90017765"]
    ids = {"customer_id": pension.customer_id, "contract_id": pension.contract_id}
    await firm.staff().ReleaseContract(pb.ReleaseContractRequest(**ids))
    heir = replace(
        gdv.AYDIN,
        given_name="Emine",
        customer_number="L77121",
        policies=[replace(gdv.AYDIN.policies[0], premium=13000, status="4")],
    )
    newer = gdv.gdv_file(replace_people(gdv, [heir]))
    done = await importer(firm).ImportPortfolio(pb.ImportPortfolioRequest(content=newer))
    assert (done.contracts_created, done.contracts_updated) == (0, 1)
    after = next(contract for contract in await portfolio(firm) if contract.number == "RV90017765")
    assert (after.contract_id, after.premium.minor_units) == (pension.contract_id, 13000)
    assert (after.status, after.released) == (pb.CONTRACT_STATUS_ENDED, False)
    assert after.customer_id != pension.customer_id


def replace_people(gdv: ModuleType, people: list[Any]) -> Any:
    """Return Elbe's package with other people."""
    return gdv.Package(gdv.ELBE.insurer, gdv.ELBE.sender, people)


async def test_an_interrupted_import_is_completed_by_repeating(
    firm: Any, cut_off: Running, contracts: Running, sample: bytes
) -> None:
    """F130: identity away, or customers there and contracts not yet: the same request completes it, once."""
    account = new_id()
    request = pb.ImportPortfolioRequest(content=sample, request_id=str(new_id()))
    refusal = await refused(importer(firm.on(cut_off), account).ImportPortfolio(request))
    assert refusal.kind is ErrorKind.UNAVAILABLE
    assert await portfolio(firm) == []
    people = (await imports.read_file(sample)).holders
    await IdentityCustomers(contracts.platform.callers).take_in(firm.tenant_id, new_id(), people)
    done = await importer(firm, account).ImportPortfolio(request)
    assert done == await importer(firm, account).ImportPortfolio(request)
    assert len(await portfolio(firm)) == 6
    assert len(await firm.customers()) == 4


async def test_two_imports_at_once_do_not_collide(firm: Any, sample: bytes) -> None:
    """F130: two people import the same file at the same moment."""
    request = pb.ImportPortfolioRequest(content=sample)
    done = await asyncio.gather(*(importer(firm).ImportPortfolio(request) for _ in range(3)))
    assert sorted(one.contracts_created for one in done) == [0, 0, 6]
    assert len(await portfolio(firm)) == 6


async def test_who_may_import(firm: Any, sample: bytes) -> None:
    """F130: staff need the right to import and export portfolios."""
    request = pb.ImportPortfolioRequest(content=sample)
    for stub in (firm.staff(), firm.customer(new_id())):
        assert (await refused(stub.ImportPortfolio(request))).kind is ErrorKind.FORBIDDEN


@pytest.fixture
def official(sample: bytes) -> bytes:
    """The association's sample portfolio, where it lies beside the project, else our own."""
    return OFFICIAL.read_bytes() if OFFICIAL.exists() else sample


async def test_official_sample(firm: Any, official: bytes, sample: bytes) -> None:
    """F130: a portfolio that others wrote is imported completely."""
    done = await importer(firm).ImportPortfolio(pb.ImportPortfolioRequest(content=official))
    assert done.contracts_created == done.contracts == (6 if official == sample else 14)
    assert done.customers == (4 if official == sample else 10)


async def test_a_new_firm_gets_the_default_lines(contracts: Any) -> None:
    """F72: the default tree is supplied when a firm is activated."""
    tenant = new_id()
    meta = EventMeta(new_id(), "", "identity", "", tenant, contracts.platform.clock.now(), 1)
    async with contracts.platform.work.work(Principal.of_service("contracts", tenant)) as tx:
        for _ in range(2):
            await CONSUMERS[TenantActivated](tx, TenantActivated(tenant_id=str(tenant)), meta)
        await tx.commit()
    stub = contracts.stub(ContractsServiceStub, token_for(roles=[Role.ROLE_STAFF], tenant_id=tenant))
    lines = (await stub.ListLinesOfBusiness(pb.ListLinesOfBusinessRequest())).lines_of_business
    first = await stub.ListLinesOfBusiness(pb.ListLinesOfBusinessRequest(page_size=20))
    request = pb.ListLinesOfBusinessRequest(page_size=20, page_token=first.next_page_token)
    rest = await stub.ListLinesOfBusiness(request)
    assert [*first.lines_of_business, *rest.lines_of_business] == list(lines)
    names = {line.name: line for line in lines}
    assert names["Hausrat"].parent_id == names["Wohnen"].line_of_business_id
    assert names["Unfall"].gdv_key == "030"
    seen: set[str] = set()
    for line in lines:
        assert not line.parent_id or line.parent_id in seen
        seen.add(line.line_of_business_id)


async def test_a_firm_that_asks_early_gets_the_default_lines(firm: Any) -> None:
    """F72: nobody waits for the event of the activation."""
    answer = await firm.staff().ListLinesOfBusiness(pb.ListLinesOfBusinessRequest())
    assert "Haftpflicht" in {line.name for line in answer.lines_of_business}
