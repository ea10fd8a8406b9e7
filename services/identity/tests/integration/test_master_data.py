"""Customers' master data: checks, policy, requests, the block while a critical process runs, and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.billing.v1.events_pb2 import DunningEnded, DunningStarted
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import master_data_pb2 as pb
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceStub
from kontor_chassis.events import EventMeta
from kontor_chassis.testing.tokens import token_for
from kontor_identity.critical_processes import dunning_ended, dunning_started
from kontor_identity.directory import DIRECTORY
from sqlalchemy import text

from services.identity.tests.firms_in_tests import active_firm, customer, published, refusal, refused, staff
from services.identity.tests.identity_office import Identity

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceAsyncStub

pytestmark = pytest.mark.integration

IBAN = "DE89 3704 0044 0532 0130 00"
OTHER_IBAN = "DE02 1203 0000 0000 2020 51"
ELBE = tenants_pb2.Address(street="Elbchaussee 1", postal_code="22765", city="Hamburg")


class Desk:
    """A firm and one of its customers."""

    def __init__(self, identity: Identity, tenant_id: UUID, customer_id: str) -> None:
        self.identity = identity
        self.tenant_id = tenant_id
        self.customer_id = customer_id

    @property
    def julia(self) -> MasterDataServiceAsyncStub:
        """The service as the customer calls it."""
        token = token_for(
            roles=[Role.ROLE_CUSTOMER],
            tenant_id=self.tenant_id,
            customer_id=UUID(self.customer_id),
            name="Julia Brandt",
        )
        return self.identity.service.stub(MasterDataServiceStub, token)

    @property
    def broker(self) -> MasterDataServiceAsyncStub:
        """The service as the firm's administrator calls it."""
        roles = [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]
        token = token_for(roles=roles, tenant_id=self.tenant_id, name="Petra Hansen")
        return self.identity.service.stub(MasterDataServiceStub, token)

    async def page(self) -> pb.MasterData:
        """Return what the customer's page shows."""
        return await self.julia.GetMasterData(pb.GetMasterDataRequest(customer_id=self.customer_id))

    async def history(self) -> list[tuple[str, str, str, str]]:
        """Return field, old, new and who of every change, newest first."""
        asked = pb.ListMasterDataChangesRequest(customer_id=self.customer_id)
        found = (await self.julia.ListMasterDataChanges(asked)).changes
        return [(one.field, one.old_value, one.new_value, one.changed_by) for one in found]

    def person(self, **changes: Any) -> pb.ChangePersonRequest:
        """Return a change of the person."""
        return pb.ChangePersonRequest(customer_id=self.customer_id, **{"family_name": "Brandt", **changes})

    def address(self, address: tenants_pb2.Address = ELBE, **changes: Any) -> pb.ChangeAddressRequest:
        """Return a change of the address."""
        return pb.ChangeAddressRequest(customer_id=self.customer_id, address=address, **changes)

    def bank(self, iban: str, bank_account_id: str = "") -> pb.ChangeBankAccountRequest:
        """Return a change of a bank account."""
        return pb.ChangeBankAccountRequest(customer_id=self.customer_id, iban=iban, bank_account_id=bank_account_id)

    async def allow(self, **modes: pb.EditMode.ValueType) -> None:
        """Set the firm's policy."""
        await self.broker.SetEditPolicy(pb.SetEditPolicyRequest(policy=pb.EditPolicy(**modes)))


@pytest.fixture
async def desk(identity: Identity) -> Desk:
    """Julia Brandt of a firm."""
    tenant_id, _ = await active_firm(identity, f"daten-{uuid4().hex[:6]}")
    made = await staff(identity, tenant_id).CreateCustomer(customer(birth_date="1984-05-17"))
    return Desk(identity, tenant_id, made.customer_id)


async def test_the_person_is_changed_and_remembered(desk: Desk) -> None:
    """F148–F151: name, title and marital status with its day; each change with who, old and new."""
    married = pb.MARITAL_STATUS_MARRIED
    assert await refused(desk.julia.ChangePerson(desk.person(marital_status=married))) == "INVALID_FIELD"
    ahead = desk.person(marital_status=married, marital_since="2030-01-01")
    assert await refused(desk.julia.ChangePerson(ahead)) == "INVALID_FIELD"
    assert await refused(desk.julia.ChangePerson(desk.person(title="Baron"))) == "INVALID_REQUEST"
    change = desk.person(family_name="Brandt-Sommer", title="Dr.", marital_status=married, marital_since="2026-06-20")
    assert (await desk.julia.ChangePerson(change)).outcome == pb.OUTCOME_APPLIED
    page = await desk.page()
    assert page.customer.display_name == "Dr. Julia Brandt-Sommer"
    assert (page.marital_status, page.marital_since) == (married, "2026-06-20")
    assert (page.customer.given_name, page.customer.birth_date) == ("Julia", "1984-05-17"), "shown, not changed"
    assert ("family_name", "Brandt", "Brandt-Sommer", "Julia Brandt") in await desk.history()
    assert len(await desk.history()) == 4
    await desk.julia.ChangePerson(change)
    assert len(await desk.history()) == 4, "what stays the same is no change"


async def test_an_address_is_checked_and_confirmed(desk: Desk) -> None:
    """F152, F153: a misspelt place is not taken over silently; Germany only; the proposal comes from the directory."""
    wrong = tenants_pb2.Address(street="Marienplatz 1", postal_code="80331", city="Munchen")
    assert await refused(desk.julia.ChangeAddress(desk.address(wrong))) == "ADDRESS_NOT_CONFIRMED"
    found = await desk.julia.CheckAddress(pb.CheckAddressRequest(address=wrong))
    assert (found.verdict, found.proposals[0].city) == (pb.ADDRESS_VERDICT_PROPOSAL, "München")
    assert (await desk.page()).customer.address.city == "", "a proposal is no change"
    assert (await desk.julia.ChangeAddress(desk.address(found.proposals[0]))).outcome == pb.OUTCOME_APPLIED
    odd = tenants_pb2.Address(street="Neubau 1", postal_code="80331", city="Neustadt am Rande")
    assert (await desk.julia.ChangeAddress(desk.address(odd, confirmed=True))).outcome == pb.OUTCOME_APPLIED
    vienna = tenants_pb2.Address(street="Ring 1", postal_code="1010", city="Wien", country="AT")
    assert await refused(desk.julia.ChangeAddress(desk.address(vienna, confirmed=True))) == "GERMANY_ONLY"
    moved = [entry for entry in await desk.history() if entry[0] == "address"]
    assert moved[0][1:3] == ("Marienplatz 1, 80331 München", "Neubau 1, 80331 Neustadt am Rande")


async def test_a_broker_who_is_a_customer_keeps_his_address(desk: Desk) -> None:
    """F154: he cannot change his address here; his broker can."""
    marked = people_pb2.UpdateCustomerRequest(
        customer=people_pb2.Customer(is_intermediary=True, family_name="Brandt"),
        customer_id=desk.customer_id,
        update_mask=FieldMask(paths=["is_intermediary"]),
    )
    await staff(desk.identity, desk.tenant_id).UpdateCustomer(marked)
    assert await refused(desk.julia.ChangeAddress(desk.address())) == "INTERMEDIARY_ADDRESS"
    assert (await desk.broker.ChangeAddress(desk.address())).outcome == pb.OUTCOME_APPLIED


async def test_contacts_come_and_go(desk: Desk) -> None:
    """F155: numbers and addresses are added, changed and deleted."""
    primary = pb.ChangeContactRequest(customer_id=desk.customer_id, primary_phone=True, value="040 123456")
    await desk.julia.ChangeContact(primary)
    mail = pb.ChangeContactRequest(
        customer_id=desk.customer_id, kind=pb.CONTACT_KIND_EMAIL, value="Julia@Buero.example", label="Büro"
    )
    await desk.julia.ChangeContact(mail)
    wrong = pb.ChangeContactRequest(customer_id=desk.customer_id, kind=pb.CONTACT_KIND_EMAIL, value="julia")
    assert await refused(desk.julia.ChangeContact(wrong)) == "INVALID_FIELD"
    page = await desk.page()
    assert page.customer.phone == "040 123456"
    assert [(one.value, one.label) for one in page.contacts] == [("julia@buero.example", "Büro")]
    mail.contact_id, mail.value = page.contacts[0].contact_id, "neu@buero.example"
    await desk.julia.ChangeContact(mail)
    mail.value = ""
    await desk.julia.ChangeContact(mail)
    assert list((await desk.page()).contacts) == []
    assert ("contact", "neu@buero.example Büro", "", "Julia Brandt") in await desk.history()


async def test_bank_accounts_are_checked_and_sealed(desk: Desk) -> None:
    """F156–F158: IBAN with BIC and bank on entry; the holder is the customer; no number lies open in the database."""
    found = await desk.julia.CheckIban(pb.CheckIbanRequest(iban=IBAN))
    assert (found.bic, found.bank_name) == ("COBADEFFXXX", "Commerzbank")
    reason, sentence = await refusal(desk.julia.CheckIban(pb.CheckIbanRequest(iban=IBAN.replace("89", "88"))))
    assert (reason, "Prüfziffer" in sentence) == ("IBAN_INVALID", True)
    await desk.julia.ChangeBankAccount(desk.bank(IBAN))
    assert await refused(desk.julia.ChangeBankAccount(desk.bank(IBAN))) == "IBAN_KNOWN"
    account = (await desk.page()).bank_accounts[0]
    assert (account.holder, account.masked_iban) == ("Julia Brandt", "DE89 •••• 3000")
    await desk.julia.ChangeBankAccount(desk.bank(OTHER_IBAN, account.bank_account_id))
    assert [one.masked_iban for one in (await desk.page()).bank_accounts] == ["DE02 •••• 2051"]
    assert ("bank_account", "DE89 •••• 3000", "DE02 •••• 2051", "Julia Brandt") in await desk.history()
    async with desk.identity.service.platform.work.work(DIRECTORY) as tx:
        for table in ("bank_accounts", "customer_changes", "change_requests", "outbox"):
            rows = (await tx.session.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()  # noqa: S608
            assert not [row for row in rows if "0532" in row], table


async def test_commission_goes_to_one_account_of_a_broker(desk: Desk) -> None:
    """F156, F154: chosen by himself, one at a time, kept by the number that takes its place; nobody else has one."""
    await desk.julia.ChangeBankAccount(desk.bank(IBAN))
    [first] = (await desk.page()).bank_accounts
    wish = pb.ChooseCommissionAccountRequest(customer_id=desk.customer_id, bank_account_id=first.bank_account_id)
    assert await refused(desk.julia.ChooseCommissionAccount(wish)) == "NOT_INTERMEDIARY"
    marked = people_pb2.UpdateCustomerRequest(
        customer=people_pb2.Customer(is_intermediary=True, family_name="Brandt"),
        customer_id=desk.customer_id,
        update_mask=FieldMask(paths=["is_intermediary"]),
    )
    await staff(desk.identity, desk.tenant_id).UpdateCustomer(marked)
    await desk.julia.ChooseCommissionAccount(wish)
    await desk.julia.ChangeBankAccount(desk.bank(OTHER_IBAN, first.bank_account_id))
    await desk.julia.ChangeBankAccount(desk.bank(IBAN))
    accounts = (await desk.page()).bank_accounts
    assert {one.masked_iban: one.for_commission for one in accounts} == {
        "DE02 •••• 2051": True, "DE89 •••• 3000": False,
    }  # fmt: skip
    wish.bank_account_id = next(one.bank_account_id for one in accounts if not one.for_commission)
    await desk.julia.ChooseCommissionAccount(wish)
    chosen = [one.masked_iban for one in (await desk.page()).bank_accounts if one.for_commission]
    assert chosen == ["DE89 •••• 3000"]
    assert ("commission_account", "DE02 •••• 2051", "DE89 •••• 3000", "Julia Brandt") in await desk.history()
    wish.bank_account_id = first.bank_account_id
    assert await refused(desk.julia.ChooseCommissionAccount(wish)) == "NOT_FOUND"


async def test_the_firm_decides_how_its_customers_edit(desk: Desk) -> None:
    """Decision 1, F66: per group of fields at once, on request, or not at all; refusals carry a reason."""
    await desk.allow(person=pb.EDIT_MODE_OFF, address=pb.EDIT_MODE_REQUEST)
    policy = await desk.broker.GetEditPolicy(pb.GetEditPolicyRequest())
    assert (policy.contact, policy.contracts) == (pb.EDIT_MODE_DIRECT, pb.EDIT_MODE_REQUEST), "the defaults"
    assert await refused(desk.julia.ChangePerson(desk.person(title="Dr."))) == "EDIT_OFF"
    asked = await desk.julia.ChangeAddress(desk.address())
    assert asked.outcome == pb.OUTCOME_REQUESTED
    assert (await desk.page()).customer.address.street == ""
    assert [one.summary for one in (await desk.page()).open_requests] == ["Elbchaussee 1, 22765 Hamburg"]
    listing = pb.ListChangeRequestsRequest(state=pb.CHANGE_REQUEST_STATE_OPEN)
    waiting = (await desk.broker.ListChangeRequests(listing)).change_requests
    assert [(one.customer_name, one.is_case) for one in waiting] == [("Julia Brandt", False)]
    refusing = pb.DecideChangeRequestRequest(change_request_id=asked.change_request_id)
    assert await refused(desk.broker.DecideChangeRequest(refusing)) == "REASON_MISSING"
    refusing.reason = "Bitte senden Sie uns die Meldebescheinigung."
    await desk.broker.DecideChangeRequest(refusing)
    refusing.accept = True
    assert await refused(desk.broker.DecideChangeRequest(refusing)) == "REQUEST_CLOSED"
    again = await desk.julia.ChangeAddress(desk.address())
    accepting = pb.DecideChangeRequestRequest(change_request_id=again.change_request_id, accept=True)
    await desk.broker.DecideChangeRequest(accepting)
    assert (await desk.page()).customer.address.street == "Elbchaussee 1"
    assert ("address", "", "Elbchaussee 1, 22765 Hamburg", "Petra Hansen") in await desk.history()
    seen = (await desk.julia.ListChangeRequests(pb.ListChangeRequestsRequest())).change_requests
    assert [one.reason for one in seen] == ["Bitte senden Sie uns die Meldebescheinigung.", ""]


async def test_dunning_blocks_the_bank_account(desk: Desk) -> None:
    """F159, F160, decision 7: "received" instead of done, a case for a clerk, and free again when dunning has ended."""
    dunning_id = str(uuid4())
    tenant_id = str(desk.tenant_id)
    whose: dict[str, Any] = {"tenant_id": tenant_id, "dunning_id": dunning_id, "customer_id": desk.customer_id}
    await _told(desk, dunning_started, DunningStarted(**whose))
    answer = await desk.julia.ChangeBankAccount(desk.bank(IBAN))
    assert answer.outcome == pb.OUTCOME_RECEIVED
    assert list((await desk.page()).bank_accounts) == []
    assert await published(desk.identity, "ChangeRequested") == 1
    assert await refused(desk.broker.ChangeBankAccount(desk.bank(IBAN))) == "CRITICAL_PROCESS"
    case = (await desk.broker.ListChangeRequests(pb.ListChangeRequestsRequest())).change_requests[0]
    assert (case.is_case, case.summary) == (True, "DE89 •••• 3000")
    assert (await desk.julia.ChangeAddress(desk.address())).outcome == pb.OUTCOME_APPLIED, "only bank data stand still"
    decision = pb.DecideChangeRequestRequest(change_request_id=case.change_request_id, accept=True)
    await desk.broker.DecideChangeRequest(decision)
    assert [one.masked_iban for one in (await desk.page()).bank_accounts] == ["DE89 •••• 3000"]
    await _told(desk, dunning_ended, DunningEnded(**whose))
    assert (await desk.julia.ChangeBankAccount(desk.bank(OTHER_IBAN))).outcome == pb.OUTCOME_APPLIED


async def _told(desk: Desk, handler: Any, event: Any) -> None:
    """Let identity hear an event of billing, twice, as it may happen."""
    meta = EventMeta(
        event_id=uuid4(),
        event_type=event.DESCRIPTOR.full_name,
        source="billing",
        subject=event.dunning_id,
        tenant_id=desk.tenant_id,
        time=desk.identity.clock.now(),
        position=1,
    )
    for _ in range(2):
        async with desk.identity.service.platform.work.work(DIRECTORY.within(desk.tenant_id)) as tx:
            await handler(tx, event, meta)
            await tx.commit()


async def test_nobody_reads_or_changes_a_stranger(desk: Desk) -> None:
    """F97: another customer of the firm, and another firm's broker, find nothing."""
    other = await staff(desk.identity, desk.tenant_id).CreateCustomer(customer(family_name="Nachbar"))
    neighbour = Desk(desk.identity, desk.tenant_id, other.customer_id)
    asked = pb.GetMasterDataRequest(customer_id=desk.customer_id)
    assert await refused(neighbour.julia.GetMasterData(asked)) == "NOT_FOUND"
    assert await refused(neighbour.julia.ChangeAddress(desk.address())) == "NOT_FOUND"
    foreign_id, _ = await active_firm(desk.identity, f"fremd-{uuid4().hex[:6]}")
    foreign = Desk(desk.identity, foreign_id, desk.customer_id)
    assert await refused(foreign.broker.GetMasterData(asked)) == "NOT_FOUND"
    await desk.allow(address=pb.EDIT_MODE_REQUEST)
    wish = await desk.julia.ChangeAddress(desk.address())
    decision = pb.DecideChangeRequestRequest(change_request_id=wish.change_request_id, accept=True)
    assert await refused(foreign.broker.DecideChangeRequest(decision)) == "NOT_FOUND"
    assert list((await neighbour.julia.ListChangeRequests(pb.ListChangeRequestsRequest())).change_requests) == []
