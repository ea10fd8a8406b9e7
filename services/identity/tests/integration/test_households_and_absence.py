"""Staff who are away or leave, and several people in one household or behind one e-mail address."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, households_pb2, internal_pb2, people_pb2, signin_pb2, staff_pb2
from kontor.identity.v1.households_pb2_grpc import HouseholdServiceStub
from kontor.identity.v1.staff_pb2_grpc import StaffServiceStub
from kontor_chassis.testing.tokens import token_for
from kontor_identity.accounts import create_account
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import add_membership

from services.identity.tests.firms_in_tests import active_firm, customer, published, refused, staff
from services.identity.tests.identity_office import PASSWORD, Identity

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.households_pb2_grpc import HouseholdServiceAsyncStub
    from kontor.identity.v1.staff_pb2_grpc import StaffServiceAsyncStub

pytestmark = pytest.mark.integration


class Office:
    """A firm with two administrators and two clerks."""

    def __init__(self, identity: Identity, tenant_id: UUID, people: dict[str, UUID]) -> None:
        self.identity = identity
        self.tenant_id = tenant_id
        self.people = people

    def working(self, name: str = "petra", role: Role.ValueType = Role.ROLE_ADMINISTRATOR) -> StaffServiceAsyncStub:
        """StaffService as one of them calls it."""
        token = token_for(roles=[role], tenant_id=self.tenant_id, account_id=self.people[name])
        return self.identity.service.stub(StaffServiceStub, token)

    async def customer_of(self, *names: str) -> str:
        """Create a customer for whom these people are responsible, in order."""
        desk = staff(self.identity, self.tenant_id)
        made = await desk.CreateCustomer(customer())
        accounts = [str(self.people[name]) for name in names]
        await desk.SetResponsibles(
            people_pb2.SetResponsiblesRequest(customer_id=made.customer_id, account_ids=accounts)
        )
        return made.customer_id

    async def asked_today(self, customer_id: str) -> tuple[list[str], list[str]]:
        """Return who is asked for a customer, and which administrators, by their names."""
        asked = internal_pb2.ResolveResponsibleRequest(tenant_id=str(self.tenant_id), customer_id=customer_id)
        answer = await self.identity.internal("chat").ResolveResponsible(asked)
        names = {str(account): name for name, account in self.people.items()}
        responsible = [names[account] for account in answer.responsible_account_ids]
        return responsible, [names[account] for account in answer.administrator_account_ids]

    async def away(self, name: str, *, days: tuple[int, int] = (0, 2), substitute: str = "") -> staff_pb2.Absence:
        """Enter an absence from today on."""
        first, last = ((self.identity.clock.now() + timedelta(days=n)).date().isoformat() for n in days)
        asked = staff_pb2.CreateAbsenceRequest(account_id=str(self.people[name]), starts_on=first, ends_on=last)
        if substitute:
            asked.substitute_account_id = str(self.people[substitute])
        return await self.working().CreateAbsence(asked)


@pytest.fixture
async def office(identity: Identity) -> Office:
    """The firm."""
    tenant_id, _ = await active_firm(identity, f"team-{uuid4().hex[:6]}")
    people: dict[str, UUID] = {}
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        for name, administrator in (("petra", True), ("paul", True), ("jonas", False), ("karla", False)):
            people[name] = await create_account(tx, f"{name}@{tenant_id}.example", "x")
            roles = [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR] if administrator else [Role.ROLE_STAFF]
            add_membership(
                tx,
                account_id=people[name],
                tenant_id=tenant_id,
                customer_id=None,
                roles=roles,
                rights=[],
                display_name=name,
            )
        await tx.commit()
    return Office(identity, tenant_id, people)


async def test_nobody_who_is_away_is_asked(office: Office) -> None:
    """Known failure "chats assigned to absent staff": the substitute takes the place; at last the administrators."""
    his = await office.customer_of("jonas", "karla")
    assert await office.asked_today(his) == (["jonas", "karla"], ["petra", "paul"])
    absence = await office.away("jonas", substitute="paul")
    assert (await office.asked_today(his))[0] == ["paul", "karla"]
    await office.away("karla")
    assert (await office.asked_today(his))[0] == ["paul"]
    await office.working().CancelAbsence(staff_pb2.CancelAbsenceRequest(absence_id=absence.absence_id))
    await office.away("jonas", days=(0, 1))
    await office.away("petra")
    assert await office.asked_today(his) == ([], ["paul", "petra"]), "administrators who are there come first"
    office.identity.clock.advance(timedelta(days=2))
    assert (await office.asked_today(his))[0] == ["jonas"]
    office.identity.clock.advance(timedelta(days=1))
    assert (await office.asked_today(his))[0] == ["jonas", "karla"]


async def test_absences_are_ones_own_and_have_rules(office: Office) -> None:
    """F182: clerks enter their own absence only; a substitute must be there and of the firm; days must make sense."""
    stranger = staff_pb2.CreateAbsenceRequest(
        account_id=str(office.people["jonas"]), starts_on="2026-07-15", ends_on="2026-07-16"
    )
    clerk = office.working("karla", Role.ROLE_STAFF)
    assert await refused(clerk.CreateAbsence(stranger)) == "NOT_YOUR_ABSENCE"
    await office.away("karla", days=(1, 5))
    assert await refused(office.away("jonas", days=(3, 4), substitute="karla")) == "SUBSTITUTE_ABSENT"
    assert await refused(office.away("karla", days=(5, 6))) == "ABSENCE_OVERLAPS"
    assert await refused(office.away("jonas", days=(2, 1))) == "INVALID_FIELD"
    assert await refused(office.away("jonas", days=(-3, -2))) == "INVALID_FIELD"
    listed = (await clerk.ListAbsences(staff_pb2.ListAbsencesRequest())).absences
    assert [row.account_id for row in listed] == [str(office.people["karla"])]


async def test_whoever_leaves_hands_over(office: Office) -> None:
    """F185: no customer is left without anybody; customers, substitutions and chats go to the successor."""
    alone = await office.customer_of("jonas")
    shared = await office.customer_of("jonas", "karla")
    await office.away("karla", days=(5, 6), substitute="jonas")
    leave = staff_pb2.DeactivateStaffRequest(account_id=str(office.people["jonas"]))
    assert await refused(office.working().DeactivateStaff(leave)) == "SUCCESSOR_NEEDED"
    leave.successor_account_id = str(office.people["paul"])
    assert (await office.working().DeactivateStaff(leave)).customers == 2
    assert (await office.asked_today(alone))[0] == ["paul"]
    assert (await office.asked_today(shared))[0] == ["paul", "karla"]
    assert await refused(office.working().DeactivateStaff(leave)) == "NOT_FOUND"
    assert await published(office.identity, "StaffDeactivated") == 1
    paul = staff_pb2.DeactivateStaffRequest(
        account_id=str(office.people["paul"]), successor_account_id=str(office.people["karla"])
    )
    await office.working().DeactivateStaff(paul)
    petra = staff_pb2.DeactivateStaffRequest(account_id=str(office.people["petra"]))
    assert await refused(office.working().DeactivateStaff(petra)) == "LAST_ADMINISTRATOR"


class Home:
    """A customer with his household."""

    def __init__(self, identity: Identity, tenant_id: UUID, customer_id: str) -> None:
        self.identity = identity
        self.tenant_id = tenant_id
        self.customer_id = customer_id

    def as_person(self, account_id: str, role: Role.ValueType = Role.ROLE_CUSTOMER) -> HouseholdServiceAsyncStub:
        """HouseholdService as somebody of the household calls it."""
        token = token_for(
            roles=[role],
            tenant_id=self.tenant_id,
            customer_id=UUID(self.customer_id),
            account_id=UUID(account_id),
        )
        return self.identity.service.stub(HouseholdServiceStub, token)

    async def accept(self, invitation_id: str) -> signin_pb2.BrowserSession:
        """Follow the link of an invitation."""
        token = await self.identity.link_of(invitation_id)
        asked = signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD, client_address="192.0.2.1")
        return await self.identity.sign_in.AcceptInvitation(asked)

    async def invite(self, inviter: str, name: str, standing: households_pb2.Standing.ValueType) -> str:
        """Invite a person and let him in; returns his account."""
        asked = households_pb2.InviteHouseholdPersonRequest(
            customer_id=self.customer_id, display_name=name, email=f"{name}@mail.example", standing=standing
        )
        invited = await self.as_person(inviter).InviteHouseholdPerson(asked)
        return (await self.accept(invited.household_person_id)).account_id

    async def persons(self, who: str) -> list[households_pb2.HouseholdPerson]:
        """Return the household as somebody sees it."""
        asked = households_pb2.ListHouseholdPersonsRequest(customer_id=self.customer_id)
        return list((await self.as_person(who).ListHouseholdPersons(asked)).persons)

    def removal(self, person: households_pb2.HouseholdPerson) -> households_pb2.RemoveHouseholdPersonRequest:
        """Return the request that detaches a person."""
        return households_pb2.RemoveHouseholdPersonRequest(
            customer_id=self.customer_id, household_person_id=person.household_person_id
        )


async def _home(identity: Identity, tenant_id: UUID, email: str, name: str = "Brandt") -> tuple[Home, str]:
    """Create a customer with access; returns his home and his account."""
    desk = staff(identity, tenant_id)
    made = await desk.CreateCustomer(customer(email=email, family_name=name))
    invitation = await desk.CreateInvitation(
        accounts_pb2.CreateInvitationRequest(
            customer_id=made.customer_id, release_choice=accounts_pb2.RELEASE_CHOICE_ALL
        )
    )
    home = Home(identity, tenant_id, made.customer_id)
    return home, (await home.accept(invitation.invitation_id)).account_id


async def test_a_guardian_cannot_detach_the_account_holder(identity: Identity) -> None:
    """Decision 13, section 7: guardians act for the holder and detach others, never him; insured people nobody."""
    tenant_id, _ = await active_firm(identity, "haushalt")
    home, holder = await _home(identity, tenant_id, "julia@mail.example")
    guardian = await home.invite(holder, "vormund", households_pb2.STANDING_GUARDIAN)
    insured = await home.invite(holder, "emil", households_pb2.STANDING_INSURED)
    persons = await home.persons(guardian)
    assert [one.standing for one in persons] == [1, 3, 2]
    assert await refused(home.as_person(guardian).RemoveHouseholdPerson(home.removal(persons[0]))) == "HOLDER_STAYS"
    emil = home.as_person(insured, Role.ROLE_INSURED_PERSON)
    assert await refused(emil.RemoveHouseholdPerson(home.removal(persons[1]))) == "ONLY_HOLDER"
    listing = households_pb2.ListHouseholdPersonsRequest(customer_id=home.customer_id)
    assert await refused(emil.ListHouseholdPersons(listing)) == "ROLE_NOT_ALLOWED", "his view is reduced"
    again = households_pb2.InviteHouseholdPersonRequest(
        customer_id=home.customer_id,
        display_name="Noch jemand",
        email="x@mail.example",
        standing=households_pb2.STANDING_INSURED,
    )
    assert await refused(home.as_person(guardian).InviteHouseholdPerson(again)) == "ONLY_HOLDER"
    await home.as_person(guardian).RemoveHouseholdPerson(home.removal(persons[2]))
    await home.as_person(holder).RemoveHouseholdPerson(home.removal(persons[1]))
    assert [one.display_name for one in await home.persons(holder)] == ["Julia Brandt"]


async def test_several_customers_share_one_address(identity: Identity) -> None:
    """Known failure "several customers sharing one e-mail address": one account, two offices, and a choice."""
    tenant_id, _ = await active_firm(identity, "familie")
    _, mother = await _home(identity, tenant_id, "familie@mail.example", "Krüger")
    home, daughter = await _home(identity, tenant_id, "familie@mail.example", "Krüger-Lindt")
    assert mother == daughter
    me = identity.as_person(
        roles=[Role.ROLE_CUSTOMER], tenant_id=tenant_id, customer_id=UUID(home.customer_id), account_id=UUID(mother)
    )
    own = (await me.ListMemberships(accounts_pb2.ListMembershipsRequest())).memberships
    assert sorted(one.display_name for one in own) == ["Julia Krüger", "Julia Krüger-Lindt"]
    assert len({one.customer_id for one in own}) == 2
