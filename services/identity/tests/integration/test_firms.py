"""The life of a firm: waiting list, trial, plan and its limits, processing agreement, directory, end."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Role
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1 import accounts_pb2, firms_pb2, internal_pb2, tenants_pb2
from kontor_identity.accounts import create_account
from kontor_identity.directory import DIRECTORY
from kontor_identity.firm_deletion import KEPT, STATEMENTS
from kontor_identity.memberships import add_membership, memberships_of
from kontor_identity.tables import Tenant
from sqlalchemy import text

from services.identity.tests.firms_in_tests import (
    active_firm,
    customer,
    firms,
    operator,
    own_firm,
    pass_time,
    published,
    refusal,
    refused,
    staff,
)
from services.identity.tests.identity_office import Identity, registration

pytestmark = pytest.mark.integration

WAITING = tenants_pb2.TENANT_STATE_WAITING


async def test_the_operator_enters_firms_and_orders_the_waiting_list(identity: Identity) -> None:
    """F45, F48: by form, mail or telephone; the list has an order, notes, and lets in one firm at a time."""
    at_desk = firms(identity)
    for slug in ("erste", "zweite"):
        await identity.public.RegisterTenant(registration(slug))
    given = registration("dritte").tenant
    entered = await at_desk.EnterFirm(
        firms_pb2.EnterFirmRequest(tenant=given, channel=firms_pb2.REGISTRATION_CHANNEL_PHONE, note="Rief am Montag an")
    )
    assert (entered.queue_position, entered.note) == (3, "Rief am Montag an")
    listed = (await at_desk.ListFirms(firms_pb2.ListFirmsRequest(state=WAITING))).firms
    assert [firm.tenant.slug for firm in listed] == ["erste", "zweite", "dritte"]
    moved = firms_pb2.MoveInQueueRequest(
        tenant_id=entered.tenant.tenant_id, before_tenant_id=listed[0].tenant.tenant_id
    )
    assert (await at_desk.MoveInQueue(moved)).queue_position == 1
    await at_desk.MoveInQueue(firms_pb2.MoveInQueueRequest(tenant_id=listed[0].tenant.tenant_id))
    await identity.public.RegisterTenant(registration("vierte"))
    first = await at_desk.ListFirms(firms_pb2.ListFirmsRequest(state=WAITING, page_size=3))
    rest = await at_desk.ListFirms(
        firms_pb2.ListFirmsRequest(state=WAITING, page_size=3, page_token=first.next_page_token)
    )
    assert [firm.tenant.slug for firm in [*first.firms, *rest.firms]] == ["dritte", "zweite", "erste", "vierte"]
    await operator(identity).ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=entered.tenant.tenant_id))
    assert await refused(at_desk.MoveInQueue(moved)) == "NOT_WAITING"


async def test_a_trial_is_announced_ends_and_the_firm_is_deleted(identity: Identity) -> None:
    """F88, decision 10: reminders 7 and 1 days before, then suspension, then deletion, all by the clock."""
    tenant_id, _ = await active_firm(identity, "probe")
    person = await staff(identity, tenant_id).CreateCustomer(
        customer(email="julia@mail.example", family_name="Verschwiegen")
    )
    await staff(identity, tenant_id).CreateInvitation(
        accounts_pb2.CreateInvitationRequest(
            customer_id=person.customer_id, release_choice=accounts_pb2.RELEASE_CHOICE_ALL
        )
    )
    await pass_time(identity, days=22)
    assert await published(identity, "TrialEndAnnounced") == 0
    await pass_time(identity, days=2)
    await pass_time(identity, days=1)
    assert await published(identity, "TrialEndAnnounced") == 1
    await pass_time(identity, days=4, hours=12)
    assert await published(identity, "TrialEndAnnounced") == 2
    await pass_time(identity, days=1)
    own = await own_firm(identity, tenant_id).GetOwnFirm(firms_pb2.GetOwnFirmRequest())
    assert own.state == tenants_pb2.TENANT_STATE_SUSPENDED
    assert await refused(staff(identity, tenant_id).CreateCustomer(customer())) == "FIRM_SUSPENDED"
    await pass_time(identity, days=13)
    assert await published(identity, "TenantDeleted") == 0
    await pass_time(identity, days=1)
    assert (await published(identity, "TenantSuspended"), await published(identity, "TenantDeleted")) == (1, 1)
    assert await refused(identity.public.GetBrand(tenants_pb2.GetBrandRequest(slug="probe"))) == "NOT_FOUND"
    assert await _texts_of(identity, tenant_id, ("Verschwiegen", "julia@mail.example", "petra@probe.example")) == []
    await identity.public.RegisterTenant(registration("probe"))


async def _texts_of(identity: Identity, tenant_id: UUID, secrets: tuple[str, ...]) -> list[str]:
    """Return which texts still stand in any row of any table of identity."""
    found: list[str] = []
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        for table in (await tx.session.execute(text(names))).scalars().all():
            rows = (await tx.session.execute(text(f'SELECT t::text FROM "{table}" t'))).scalars().all()  # noqa: S608
            found += [f"{table}: {secret}" for row in rows for secret in secrets if secret in row]
    return found


async def test_no_table_of_a_firm_is_forgotten_at_its_end(identity: Identity) -> None:
    """Decision 10: every table with rows of firms is emptied, made nameless, or kept for a reason that is written."""
    named = "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = :column"
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        tables = set((await tx.session.execute(text(named), {"column": "tenant_id"})).scalars())
    treated = {word for statement in STATEMENTS for word in statement.replace("(", " ").split()[:3]}
    assert tables - treated - set(KEPT) == set()


async def test_a_further_trial_costs_and_a_plan_ends_all_worry(identity: Identity) -> None:
    """F89, decision 10: 74.90 € buy 30 days; a plan chosen while suspended keeps everything."""
    tenant_id, _ = await active_firm(identity, "weiter")
    own = own_firm(identity, tenant_id)
    firm = await own.GetOwnFirm(firms_pb2.GetOwnFirmRequest())
    assert (firm.extension_net.minor_units, firm.extension_net.currency) == (7490, "EUR")
    wrong = firms_pb2.ExtendTrialRequest(net=Money(minor_units=1, currency="EUR"))
    assert await refused(own.ExtendTrial(wrong)) == "PRICE_CHANGED"
    order = firms_pb2.ExtendTrialRequest(net=firm.extension_net, request_id=str(uuid4()))
    longer = await own.ExtendTrial(order)
    assert await own.ExtendTrial(order) == longer
    assert (longer.trial_end_time.ToDatetime() - firm.trial_end_time.ToDatetime()).days == 30
    assert await published(identity, "TrialExtended") == 1
    await pass_time(identity, days=61)
    suspended = await own.GetOwnFirm(firms_pb2.GetOwnFirmRequest())
    assert suspended.HasField("deletion_due_time")
    chosen = await own.ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PREMIUM))
    assert (chosen.state, chosen.HasField("deletion_due_time")) == (tenants_pb2.TENANT_STATE_ACTIVE, False)
    await pass_time(identity, days=30)
    assert await published(identity, "TenantDeleted") == 0
    assert await refused(own.ExtendTrial(firms_pb2.ExtendTrialRequest(net=firm.extension_net))) == "NOT_IN_TRIAL"


async def test_limits_of_a_plan_are_data_and_name_themselves(identity: Identity) -> None:
    """F82–F85, F87: interfaces and contacts are refused beyond the plan, naming the limit; advice above 20."""
    tenant_id, _ = await active_firm(identity, "grenze")
    own, people = own_firm(identity, tenant_id), staff(identity, tenant_id)
    offered = (await own.GetPlanCatalogue(firms_pb2.GetPlanCatalogueRequest())).plans
    assert [(plan.max_contacts, plan.interfaces) for plan in offered] == [(0, False), (100, True), (1000, True)]
    assert [plan.plan for plan in offered if plan.recommended] == [firms_pb2.PLAN_PAY_PER_USE]
    with_interfaces = firms_pb2.GetPlanCatalogueRequest(with_interfaces=True)
    better = (await own.GetPlanCatalogue(with_interfaces)).plans
    assert [plan.plan for plan in better if plan.recommended] == [firms_pb2.PLAN_PREMIUM_STARTER]
    assert not any(plan.HasField("base_net") for plan in offered), "prices are given on request (F87)"
    await own.ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PAY_PER_USE))
    reason, sentence = await refusal(_import(identity, tenant_id, 1))
    assert (reason, "Schnittstellen" in sentence) == ("PLAN_LIMIT_INTERFACES", True)
    await own.ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PREMIUM_STARTER))
    await _import(identity, tenant_id, 100)
    too_many: list[Awaitable[object]] = [people.CreateCustomer(customer()), _import(identity, tenant_id, 101)]
    for call in too_many:
        reason, sentence = await refusal(call)
        assert (reason, "100 Kontakte" in sentence) == ("PLAN_LIMIT_CONTACTS", True)
    await _import(identity, tenant_id, 100)
    await own.ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PREMIUM))
    await people.CreateCustomer(customer())
    smaller = firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PREMIUM_STARTER)
    assert await refused(own.ChoosePlan(smaller)) == "PLAN_TOO_SMALL"


async def test_what_a_firm_says_when_it_registers_is_kept(identity: Identity) -> None:
    """F90, F103: name, address, telephone, register number, and the e-mail address that becomes the user name."""
    address = tenants_pb2.Address(street="Deichstraße 27", postal_code="20459", city="Hamburg")
    given = {"phone": "040 5550120", "ihk_number": "D-H7K2-QX4M1-09", "address": address}
    tenant_id, invitation_id = await active_firm(identity, "angaben", **given)
    desk = staff(identity, tenant_id)
    profile = await desk.GetProfile(tenants_pb2.GetProfileRequest())
    assert (profile.address.street, profile.address.country, profile.phone) == ("Deichstraße 27", "DE", "040 5550120")
    invitations = (await desk.ListInvitations(accounts_pb2.ListInvitationsRequest())).invitations
    assert [(one.invitation_id, one.email) for one in invitations] == [(invitation_id, "petra@angaben.example")]


async def test_the_operator_changes_plans_from_a_day_on(identity: Identity) -> None:
    """F82–F84, F86: limits and prices are data; new terms apply from their day, never backwards."""
    tenant_id, _ = await active_firm(identity, "tarife")
    own, at_desk = own_firm(identity, tenant_id), firms(identity)
    await own.ChoosePlan(firms_pb2.ChoosePlanRequest(plan=firms_pb2.PLAN_PREMIUM_STARTER))
    euros = Money(minor_units=4900, currency="EUR")
    terms = firms_pb2.PlanTerms(
        plan=firms_pb2.PLAN_PREMIUM_STARTER, max_contacts=150, storage_bytes=2 * 1024**3, base_net=euros
    )
    change = firms_pb2.SetPlanTermsRequest(terms=terms, valid_from="2026-07-14")
    assert await refused(at_desk.SetPlanTerms(change)) == "INVALID_FIELD"
    change.valid_from = "2026-07-20"
    await at_desk.SetPlanTerms(change)
    assert await refused(at_desk.SetPlanTerms(change)) == "TERMS_EXIST"
    assert (await own.GetOwnFirm(firms_pb2.GetOwnFirmRequest())).terms.max_contacts == 100
    identity.clock.advance(timedelta(days=5))
    now = (await own.GetOwnFirm(firms_pb2.GetOwnFirmRequest())).terms
    assert (now.max_contacts, now.interfaces, now.base_net.minor_units) == (150, False, 4900)


def _import(identity: Identity, tenant_id: UUID, count: int) -> Awaitable[object]:
    people = [internal_pb2.ImportedCustomer(external_number=f"V-{n}", family_name=f"Muster {n}") for n in range(count)]
    asked = internal_pb2.ImportCustomersRequest(tenant_id=str(tenant_id), import_id=str(uuid4()), customers=people)
    return identity.internal("contracts").ImportCustomers(asked)


async def test_the_processing_agreement_is_accepted_with_proof(identity: Identity) -> None:
    """F94: per firm and version, with who, when and the hash of the text; a new version asks anew."""
    tenant_id, _ = await active_firm(identity, "vertrag")
    own = own_firm(identity, tenant_id, name="Petra Hansen")
    asked = firms_pb2.GetProcessingAgreementRequest()
    shown = await own.GetProcessingAgreement(asked)
    assert "Art. 28 DSGVO" in shown.body
    assert not shown.HasField("accept_time")
    other = firms_pb2.AcceptProcessingAgreementRequest(version=shown.version, sha256="0" * 64)
    assert await refused(own.AcceptProcessingAgreement(other)) == "AGREEMENT_CHANGED"
    accept = firms_pb2.AcceptProcessingAgreementRequest(version=shown.version, sha256=shown.sha256)
    accepted = await own.AcceptProcessingAgreement(accept)
    assert accepted.accepted_by == "Petra Hansen"
    identity.clock.advance(timedelta(days=1))
    assert await own.AcceptProcessingAgreement(accept) == accepted
    firm = await firms(identity).GetFirm(firms_pb2.GetFirmRequest(tenant_id=str(tenant_id)))
    assert (firm.processing_version, firm.processing_accept_time) == (1, accepted.accept_time)
    at_desk = firms(identity)
    newer = firms_pb2.PublishProcessingAgreementRequest(body="Neue Fassung. " * 20)
    assert (await at_desk.PublishProcessingAgreement(newer)).version == 2
    assert not (await own.GetOwnFirm(firms_pb2.GetOwnFirmRequest())).processing_accepted


async def test_facts_are_verified_by_hand_and_lose_it_by_a_change(identity: Identity) -> None:
    """F92, F103: the directory finds firms by name and place and shows only what the operator has verified."""
    tenant_id, _ = await active_firm(identity, "suchbar", ihk_number="D-ABCD-12345-67")
    own = own_firm(identity, tenant_id)
    assert await _found(identity) == []
    change = firms_pb2.OwnFirm(homepage="https://suchbar.example", directory_listed=True, directory_text="Seit 1990")
    await own.UpdateOwnFirm(
        firms_pb2.UpdateOwnFirmRequest(
            firm=change, update_mask=FieldMask(paths=["homepage", "directory_listed", "directory_text"])
        )
    )
    profile = tenants_pb2.TenantProfile(address=tenants_pb2.Address(postal_code="20095", city="Hamburg"))
    await staff(identity, tenant_id).UpdateTenantProfile(
        tenants_pb2.UpdateTenantProfileRequest(profile=profile, update_mask=FieldMask(paths=["address"]))
    )
    assert [(a.homepage, a.ihk_number, a.text) for a in await _found(identity)] == [("", "", "Seit 1990")]
    verified = firms_pb2.VerifyFirmFactRequest(
        tenant_id=str(tenant_id), fact=firms_pb2.FIRM_FACT_HOMEPAGE, value="https://suchbar.example"
    )
    await firms(identity).VerifyFirmFact(verified)
    number = firms_pb2.VerifyFirmFactRequest(
        tenant_id=str(tenant_id), fact=firms_pb2.FIRM_FACT_IHK_NUMBER, value="D-ABCD-12345-67"
    )
    await firms(identity).VerifyFirmFact(number)
    found = (await _found(identity, query="firma such", place="hambu"))[0]
    assert (found.homepage, found.ihk_number) == ("https://suchbar.example", "D-ABCD-12345-67")
    assert len(await _found(identity, place="200")) == 1
    assert await _found(identity, place="München") == []
    moved = firms_pb2.OwnFirm(homepage="https://anders.example")
    await own.UpdateOwnFirm(firms_pb2.UpdateOwnFirmRequest(firm=moved, update_mask=FieldMask(paths=["homepage"])))
    assert [a.homepage for a in await _found(identity)] == [""]
    assert await refused(firms(identity).VerifyFirmFact(verified)) == "FACT_CHANGED"


async def _found(identity: Identity, query: str = "", place: str = "") -> list[firms_pb2.Adviser]:
    asked = firms_pb2.ListAdvisersRequest(query=query, place=place)
    return list((await firms(identity).ListAdvisers(asked)).advisers)


async def test_a_firm_takes_its_data_along(identity: Identity) -> None:
    """Decision 10: the export is a ZIP of JSON and CSV that holds this firm and no other."""
    tenant_id, _ = await active_firm(identity, "archiv")
    other_id, _ = await active_firm(identity, "fremd")
    await staff(identity, tenant_id).CreateCustomer(customer(family_name="Brandt", given_name="=Julia"))
    await staff(identity, other_id).CreateCustomer(customer(family_name="Nachbar"))
    pieces = [piece.data async for piece in own_firm(identity, tenant_id).ExportFirm(firms_pb2.ExportFirmRequest())]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    customers = json.loads(archive.read("kunden.json"))
    assert [row["nachname"] for row in customers] == ["Brandt"]
    table = list(csv.DictReader(io.StringIO(archive.read("kunden.csv").decode("utf-8-sig")), delimiter=";"))
    assert table[0]["vorname"] == "'=Julia", "a spreadsheet must not take it for a formula"
    assert json.loads(archive.read("firma.json"))["kurzname"] == "archiv"


async def test_the_operator_sees_size_and_activity_but_no_customers(identity: Identity) -> None:
    """F45, F91: overview with state, plan, size, signed contract; the operator's own token reaches no customer."""
    tenant_id, _ = await active_firm(identity, "groesse")
    await staff(identity, tenant_id).CreateCustomer(customer())
    listed = (await firms(identity).ListFirms(firms_pb2.ListFirmsRequest(query="GROE"))).firms
    assert [(firm.tenant.slug, firm.contacts, firm.staff) for firm in listed] == [("groesse", 1, 0)]
    signed = firms_pb2.RecordSignedContractRequest(tenant_id=str(tenant_id), signed_on="2026-07-14")
    assert (await firms(identity).RecordSignedContract(signed)).contract_signed_on == "2026-07-14"
    signed.signed_on = "2030-01-01"
    assert await refused(firms(identity).RecordSignedContract(signed)) == "INVALID_FIELD"


async def test_a_suspended_firm_lets_only_administrators_in(identity: Identity) -> None:
    """Decision 10: after the trial customers and staff stay outside; the administrator can choose, extend, export."""
    tenant_id, _ = await active_firm(identity, "zublieb")
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        boss = await create_account(tx, "boss@zublieb.example", "x")
        clerk = await create_account(tx, "clerk@zublieb.example", "x")
        for account, roles in ((boss, [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]), (clerk, [Role.ROLE_STAFF])):
            add_membership(
                tx, account_id=account, tenant_id=tenant_id, customer_id=None, roles=roles, rights=[], display_name="x"
            )
        await tx.commit()
    await pass_time(identity, days=31)
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        assert (await tx.session.get_one(Tenant, tenant_id)).state == tenants_pb2.TENANT_STATE_SUSPENDED
        assert len(await memberships_of(tx, boss)) == 1
        assert await memberships_of(tx, clerk) == []
