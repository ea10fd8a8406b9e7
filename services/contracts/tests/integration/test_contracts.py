"""Contracts of customers: who sees them, who changes them, and what is published."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor.contracts.v1 import contracts_pb2 as pb
from kontor.contracts.v1.events_pb2 import ContractReleased
from kontor.identity.v1.master_data_pb2 import EditMode, EditPolicy, SetEditPolicyRequest
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceStub
from kontor_chassis.errors import ErrorKind
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.refusals import refused
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import token_for
from kontor_contracts.tables import Contract, LineOfBusiness, PortfolioImport
from sqlalchemy import func, select

pytestmark = pytest.mark.integration


def named(customer_id: object, contract: pb.Contract) -> dict[str, str]:
    """Return the ids that requests name a contract by."""
    return {"customer_id": str(customer_id), "contract_id": contract.contract_id}


async def numbers(stub: Any, customer_id: object, **request: Any) -> list[str]:
    """Return the numbers of the contracts that a caller sees, in order."""
    listed = await stub.ListContracts(pb.ListContractsRequest(customer_id=str(customer_id), **request))
    return [contract.number for contract in listed.contracts]


async def test_a_customer_sees_exactly_what_was_released(firm: Any, outbox: Any) -> None:
    """F176, F63: not released means not listed and not found; withdrawn means gone again."""
    julia = await firm.person()
    hidden = await firm.contract(julia, number="HIDDEN")
    shown = await firm.contract(julia, released=True, number="SHOWN")
    customer = firm.customer(julia)
    assert await numbers(firm.staff(), julia) == ["SHOWN", "HIDDEN"]
    assert await numbers(customer, julia) == ["SHOWN"]
    refusal = await refused(customer.GetContract(pb.GetContractRequest(**named(julia, hidden))))
    assert refusal.kind is ErrorKind.NOT_FOUND
    withdrawn = await firm.staff().WithdrawContract(pb.WithdrawContractRequest(**named(julia, shown)))
    assert not withdrawn.released
    assert await numbers(customer, julia) == []
    assert await outbox.types() == ["ContractReleased", "ContractWithdrawn"]


async def test_nobody_sees_another_customers_or_firms_contracts(firm: Any, other_firm: Any) -> None:
    """F176: another customer and another firm get NOT_FOUND, as if there were nothing."""
    julia, mehmet = await firm.person(), await firm.person()
    contract = await firm.contract(julia, released=True)
    for stub in (firm.customer(mehmet), other_firm.customer(julia), other_firm.staff()):
        refusal = await refused(stub.GetContract(pb.GetContractRequest(**named(julia, contract))))
        assert refusal.kind is ErrorKind.NOT_FOUND
    refusal = await refused(firm.customer(mehmet).ListContracts(pb.ListContractsRequest(customer_id=str(julia))))
    assert refusal.kind is ErrorKind.NOT_FOUND
    assert await numbers(other_firm.staff(), julia) == []
    release = pb.ReleaseContractsRequest(contract_ids=[contract.contract_id])
    assert (await refused(other_firm.staff().ReleaseContracts(release))).kind is ErrorKind.NOT_FOUND


async def test_row_level_security_holds_without_any_filter(contracts: Running, firm: Any, other_firm: Any) -> None:
    """Every table: a query that forgets its filter sees one firm, and for a customer only what was released."""
    julia = await firm.person()
    await firm.contract(julia, released=True)
    await firm.contract(julia)
    await firm.contract(await firm.person(), released=True)

    async def counted(principal: Principal, table: Any) -> int:
        async with contracts.platform.work.work(principal) as tx:
            return int((await tx.session.execute(select(func.count()).select_from(table))).scalar_one())

    mine = Principal.of_service("contracts", firm.tenant_id)
    stranger = Principal.of_service("contracts", other_firm.tenant_id)
    customer = Principal(tenant_id=firm.tenant_id, customer_id=julia, roles=frozenset({Role.ROLE_CUSTOMER}))
    assert [await counted(who, Contract) for who in (mine, stranger, customer, Principal())] == [3, 0, 1, 0]
    assert await counted(stranger, LineOfBusiness) == 0
    assert await counted(customer, PortfolioImport) == 0


async def test_own_entries_wait_for_the_broker(firm: Any, outbox: Any) -> None:
    """F177: what a customer enters has the status "Start", is seen by both, and is confirmed by the broker."""
    julia = await firm.person()
    customer = firm.customer(julia)
    stated = firm.values(number="EIGENER", status=pb.CONTRACT_STATUS_ACTIVE)
    entered = await customer.CreateContract(pb.CreateContractRequest(customer_id=str(julia), contract=stated))
    assert (entered.status, entered.released, entered.origin) == (
        pb.CONTRACT_STATUS_START,
        True,
        pb.CONTRACT_ORIGIN_CUSTOMER,
    )
    ids = named(julia, entered)
    refusal = await refused(firm.staff().WithdrawContract(pb.WithdrawContractRequest(**ids)))
    assert refusal.reason == "CUSTOMERS_OWN"
    confirmed = await firm.staff().ConfirmContract(pb.ConfirmContractRequest(**ids))
    assert confirmed.status == pb.CONTRACT_STATUS_ACTIVE
    refusal = await refused(firm.staff().ConfirmContract(pb.ConfirmContractRequest(**ids)))
    assert refusal.reason == "NOT_TO_CONFIRM"
    assert await outbox.types() == ["ContractEntered", "ContractConfirmed"]


async def test_the_firm_decides_what_customers_enter(firm: Any, identity: Running) -> None:
    """Decision 1, F66, F177: at once, after a look, or not at all; staff are free of it."""
    julia = await firm.person()
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=firm.tenant_id)
    desk = identity.stub(MasterDataServiceStub, token)
    wanted = pb.CreateContractRequest(customer_id=str(julia), contract=firm.values())
    for mode, status in (
        (EditMode.EDIT_MODE_DIRECT, pb.CONTRACT_STATUS_ACTIVE),
        (EditMode.EDIT_MODE_REQUEST, pb.CONTRACT_STATUS_START),
    ):
        await desk.SetEditPolicy(SetEditPolicyRequest(policy=EditPolicy(contracts=mode)))
        entered = await firm.customer(julia).CreateContract(wanted)
        assert (entered.status, entered.released, entered.origin) == (status, True, pb.CONTRACT_ORIGIN_CUSTOMER)
    await desk.SetEditPolicy(SetEditPolicyRequest(policy=EditPolicy(contracts=EditMode.EDIT_MODE_OFF)))
    assert (await refused(firm.customer(julia).CreateContract(wanted))).reason == "EDIT_OFF"
    assert (await firm.staff().CreateContract(wanted)).status == pb.CONTRACT_STATUS_ACTIVE


async def test_customers_do_not_change_contracts(firm: Any) -> None:
    """F66: a customer cannot change, delete, confirm or release anything."""
    julia = await firm.person()
    contract = await firm.contract(julia, released=True)
    customer, ids = firm.customer(julia), named(julia, contract)
    changed = pb.UpdateContractRequest(contract=contract, update_mask=FieldMask(paths=["number"]))
    for call in (
        customer.UpdateContract(changed),
        customer.DeleteContract(pb.DeleteContractRequest(**ids)),
        customer.ConfirmContract(pb.ConfirmContractRequest(**ids)),
        customer.ReleaseContract(pb.ReleaseContractRequest(**ids)),
        customer.ListPortfolio(pb.ListPortfolioRequest()),
    ):
        assert (await refused(call)).kind is ErrorKind.FORBIDDEN


async def test_customers_change_what_they_entered(firm: Any, identity: Running) -> None:
    """F50, decision 1: their own entries, as the firm's policy says; a confirmed one is looked at again and stays."""
    julia, tom = await firm.person(), await firm.person("Tom")
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=firm.tenant_id)
    desk = identity.stub(MasterDataServiceStub, token)
    customer = firm.customer(julia)
    entered = await customer.CreateContract(pb.CreateContractRequest(customer_id=str(julia), contract=firm.values()))
    ids = named(julia, entered)
    await firm.staff().ConfirmContract(pb.ConfirmContractRequest(**ids))

    def change(number: str, field: str = "number") -> pb.UpdateContractRequest:
        new = pb.Contract(number=number, status=pb.CONTRACT_STATUS_ACTIVE)
        new.customer_id, new.contract_id = str(julia), entered.contract_id
        return pb.UpdateContractRequest(contract=new, update_mask=FieldMask(paths=[field]))

    assert (await refused(customer.DeleteContract(pb.DeleteContractRequest(**ids)))).reason == "CONFIRMED"
    assert (await refused(customer.UpdateContract(change("B", "status")))).reason == "STATUS_NOT_YOURS"
    assert (await refused(firm.customer(tom).UpdateContract(change("B")))).kind is ErrorKind.NOT_FOUND
    changed = await customer.UpdateContract(change("B"))
    assert (changed.number, changed.status) == ("B", pb.CONTRACT_STATUS_START)
    await desk.SetEditPolicy(SetEditPolicyRequest(policy=EditPolicy(contracts=EditMode.EDIT_MODE_OFF)))
    assert (await refused(customer.UpdateContract(change("C")))).reason == "EDIT_OFF"
    await desk.SetEditPolicy(SetEditPolicyRequest(policy=EditPolicy(contracts=EditMode.EDIT_MODE_DIRECT)))
    await customer.DeleteContract(pb.DeleteContractRequest(**ids))
    assert (await refused(customer.UpdateContract(change("D")))).kind is ErrorKind.NOT_FOUND


async def test_update_changes_only_the_named_fields(firm: Any) -> None:
    """F130: premium and payment mode are changed under an etag; the rest stays."""
    julia = await firm.person()
    contract = await firm.contract(julia, number="HR-1", description="Für die Wohnung")
    wanted = pb.Contract(
        customer_id=str(julia),
        contract_id=contract.contract_id,
        premium=Money(minor_units=12345, currency="EUR"),
        payment_interval=pb.PAYMENT_INTERVAL_QUARTERLY,
        expiry_day="2027-01-01",
        etag=contract.etag,
    )
    request = pb.UpdateContractRequest(
        contract=wanted, update_mask=FieldMask(paths=["premium", "payment_interval", "expiry_day"])
    )
    changed = await firm.staff().UpdateContract(request)
    assert (changed.premium.minor_units, changed.expiry_day) == (12345, "2027-01-01")
    assert (changed.number, changed.description) == ("HR-1", "Für die Wohnung")
    assert changed.etag != contract.etag
    assert (await refused(firm.staff().UpdateContract(request))).reason == "ETAG_MISMATCH"
    wanted.begin_day, wanted.etag = "2028-01-01", ""
    request = pb.UpdateContractRequest(contract=wanted, update_mask=FieldMask(paths=["begin_day"]))
    assert (await refused(firm.staff().UpdateContract(request))).fields[0].field == "contract.expiry_day"
    request = pb.UpdateContractRequest(contract=wanted, update_mask=FieldMask(paths=["released"]))
    assert (await refused(firm.staff().UpdateContract(request))).fields[0].field == "update_mask"


async def test_entries_are_checked(firm: Any) -> None:
    """F177: number, insurer and line are required, days and customers must exist; the field is named."""
    julia = await firm.person()
    for changes, field in (
        ({"number": " "}, "contract.number"),
        ({"insurer_name": ""}, "contract.insurer_name"),
        ({"line_of_business_id": str(new_id())}, "contract.line_of_business_id"),
        ({"begin_day": "2026-02-30"}, "contract.begin_day"),
        ({"begin_day": "2026-02-03", "expiry_day": "2026-01-01"}, "contract.expiry_day"),
        ({"status": pb.CONTRACT_STATUS_START}, "contract.status"),
    ):
        request = pb.CreateContractRequest(customer_id=str(julia), contract=firm.values(**changes))
        assert (await refused(firm.staff().CreateContract(request))).fields[0].field == field
    request = pb.CreateContractRequest(customer_id=str(new_id()), contract=firm.values())
    assert (await refused(firm.staff().CreateContract(request))).kind is ErrorKind.NOT_FOUND


async def test_list_has_offers_on_top_and_pages_by_key(firm: Any) -> None:
    """F178, F130: offers come first, ended contracts last; pages neither repeat nor miss anything."""
    julia = await firm.person()
    for number, status in (
        ("ended", pb.CONTRACT_STATUS_ENDED),
        ("old", pb.CONTRACT_STATUS_ACTIVE),
        ("offer", pb.CONTRACT_STATUS_OFFER),
        ("new", pb.CONTRACT_STATUS_PREMIUM_FREE),
    ):
        await firm.contract(julia, number=number, status=status)
    seen: list[str] = []
    token = ""
    while True:
        request = pb.ListContractsRequest(customer_id=str(julia), page_size=1, page_token=token)
        page = await firm.staff().ListContracts(request)
        seen += [contract.number for contract in page.contracts]
        token = page.next_page_token
        if not token:
            break
    assert seen == ["offer", "new", "old", "ended"]
    assert await numbers(firm.staff(), julia, statuses=[pb.CONTRACT_STATUS_ACTIVE]) == ["old"]


async def test_release_of_many_is_all_or_none(firm: Any, outbox: Any) -> None:
    """F176: one unknown contract releases none; releasing again changes nothing."""
    julia = await firm.person()
    ids = [(await firm.contract(julia, number=str(number))).contract_id for number in range(3)]
    missing = pb.ReleaseContractsRequest(contract_ids=[*ids, str(new_id())])
    assert (await refused(firm.staff().ReleaseContracts(missing))).kind is ErrorKind.NOT_FOUND
    assert await numbers(firm.customer(julia), julia) == []
    answer = await firm.staff().ReleaseContracts(pb.ReleaseContractsRequest(contract_ids=ids))
    assert answer.released == 3
    assert (await firm.staff().ReleaseContracts(pb.ReleaseContractsRequest(contract_ids=ids))).released == 0
    assert len(await numbers(firm.customer(julia), julia)) == 3
    unreleased = await firm.staff().ListPortfolio(pb.ListPortfolioRequest(only_unreleased=True))
    assert list(unreleased.contracts) == []
    assert await outbox.types() == ["ContractReleased"] * 3


async def test_delete_withdraws(firm: Any, outbox: Any) -> None:
    """F66: staff delete; a visible contract is withdrawn by it."""
    julia = await firm.person()
    contract = await firm.contract(julia, released=True)
    await firm.staff().DeleteContract(pb.DeleteContractRequest(**named(julia, contract), etag=contract.etag))
    refusal = await refused(firm.staff().GetContract(pb.GetContractRequest(**named(julia, contract))))
    assert refusal.kind is ErrorKind.NOT_FOUND
    assert await outbox.types() == ["ContractReleased", "ContractWithdrawn"]


async def test_the_same_request_creates_once(firm: Any) -> None:
    """F177: a repeated request id gives the same contract."""
    julia, account = await firm.person(), new_id()
    request = pb.CreateContractRequest(customer_id=str(julia), contract=firm.values(), request_id=str(new_id()))
    first = await firm.staff(account_id=account).CreateContract(request)
    again = await firm.staff(account_id=account).CreateContract(request)
    assert first == again
    assert len(await numbers(firm.staff(), julia)) == 1


async def test_a_release_is_told_to_others(firm: Any, working: Running) -> None:
    """F176: the event leaves the outbox and reaches whoever listens."""
    julia = await firm.person()
    async with working.platform.live.subscribe(ContractReleased, matching=lambda _event: True) as released:
        contract = await firm.on(working).contract(julia, released=True)
        async with asyncio.timeout(10):
            event = await anext(released)
    assert (event.tenant_id, event.contract_id, event.customer_id) == (
        str(firm.tenant_id),
        contract.contract_id,
        str(julia),
    )
