"""Firms, staff, customers and invitations through the RPCs, on a real database as the application role."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, internal_pb2, people_pb2, signin_pb2, tenants_pb2
from kontor_chassis.interceptors.errors import refused_with
from kontor_identity.directory import DIRECTORY
from kontor_identity.invitations import expire_invitations
from kontor_identity.memberships import memberships_of

from services.identity.tests.identity_office import PASSWORD, Identity, all_of, registration

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.identity_pb2_grpc import IdentityServiceAsyncStub

pytestmark = pytest.mark.integration


def _operator(identity: Identity) -> IdentityServiceAsyncStub:
    return identity.as_person(roles=[Role.ROLE_OPERATOR], tenant_id=uuid4())


async def _firm(identity: Identity, slug: str) -> tuple[UUID, str]:
    """Activate a firm; returns its id and the administrator's invitation."""
    answer = await identity.public.RegisterTenant(registration(slug))
    asked = tenants_pb2.ActivateTenantRequest(tenant_id=answer.tenant_id)
    tenant = await _operator(identity).ActivateTenant(asked)
    return UUID(answer.tenant_id), tenant.administrator_invitation_id


def _staff(identity: Identity, tenant_id: UUID, **claims: Any) -> IdentityServiceAsyncStub:
    roles = [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]
    return identity.as_person(**{"roles": roles, "tenant_id": tenant_id, **claims})


def _customer(**changes: Any) -> people_pb2.CreateCustomerRequest:
    given: dict[str, Any] = {"salutation": people_pb2.SALUTATION_FRAU, "given_name": "Julia", "family_name": "Brandt"}
    return people_pb2.CreateCustomerRequest(customer=people_pb2.Customer(**{**given, **changes}))


async def _refused(call: Any) -> str:
    """Return the reason with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refused_with(caught.value)
    assert refusal is not None, caught.value
    return refusal.reason


async def _accept(identity: Identity, invitation_id: str, password: str = PASSWORD) -> signin_pb2.BrowserSession:
    token = await identity.link_of(invitation_id)
    asked = signin_pb2.AcceptInvitationRequest(token=token, password=password, client_address="192.0.2.1")
    return await identity.sign_in.AcceptInvitation(asked)


async def test_a_firm_goes_from_the_waiting_list_to_its_trial(identity: Identity) -> None:
    """F45, F88: activation starts 30 days of trial, invites the administrator, and happens once."""
    answer = await identity.public.RegisterTenant(registration("hansen"))
    assert await _refused(identity.public.GetBrand(tenants_pb2.GetBrandRequest(slug="hansen"))) == "NOT_FOUND"
    listed = await _operator(identity).ListTenants(
        tenants_pb2.ListTenantsRequest(state=tenants_pb2.TENANT_STATE_WAITING)
    )
    assert [tenant.slug for tenant in listed.tenants] == ["hansen"]
    asked = tenants_pb2.ActivateTenantRequest(tenant_id=answer.tenant_id)
    tenant = await _operator(identity).ActivateTenant(asked)
    assert tenant.state == tenants_pb2.TENANT_STATE_TRIAL
    assert (tenant.trial_end_time.ToDatetime() - tenant.activate_time.ToDatetime()).days == 30
    assert await _refused(_operator(identity).ActivateTenant(asked)) == "ALREADY_ACTIVATED"
    assert await _refused(identity.public.RegisterTenant(registration("hansen"))) == "SLUG_TAKEN"
    session = await _accept(identity, tenant.administrator_invitation_id)
    roles = list(session.memberships[0].roles)
    assert sorted(roles) == [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]


async def test_the_same_request_registers_once(identity: Identity) -> None:
    """ARCHITECTURE 4: the same request id gives the same answer, once."""
    request = registration("einmal")
    request.request_id = str(uuid4())
    first = await identity.public.RegisterTenant(request)
    assert await identity.public.RegisterTenant(request) == first


async def test_a_brand_is_checked_before_it_is_published(identity: Identity) -> None:
    """F37, F39: weak colours and active pictures are refused, the rest is public at once."""
    tenant_id, _ = await _firm(identity, "marke")
    staff = _staff(identity, tenant_id)
    weak = tenants_pb2.UpdateBrandRequest(brand=tenants_pb2.Brand(primary_color="#ffff00"))
    weak.update_mask.paths.append("primary_color")
    assert await _refused(staff.UpdateBrand(weak)) == "CONTRAST_TOO_LOW"
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    active = tenants_pb2.UpdateBrandRequest(brand=tenants_pb2.Brand(logo=script), update_mask=FieldMask(paths=["logo"]))
    assert await _refused(staff.UpdateBrand(active)) == "LOGO_UNSUITABLE"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
    good = tenants_pb2.UpdateBrandRequest(
        brand=tenants_pb2.Brand(primary_color="#12355B", heading="Moin!", logo=drawing),
        update_mask=FieldMask(paths=["primary_color", "heading", "logo"]),
    )
    await staff.UpdateBrand(good)
    brand = await identity.public.GetBrand(tenants_pb2.GetBrandRequest(slug="marke"))
    assert (brand.primary_color, brand.heading) == ("#12355b", "Moin!")
    logo = await identity.public.GetBrandLogo(tenants_pb2.GetBrandLogoRequest(slug="marke"))
    assert (logo.content_type, logo.data) == ("image/svg+xml", drawing)
    good.brand.etag = '"77"'
    assert await _refused(staff.UpdateBrand(good)) == "ETAG_MISMATCH"


async def test_customers_are_found_by_the_beginning_of_their_names(identity: Identity) -> None:
    """F191: search ignores case and umlauts; pages follow each other without a gap."""
    tenant_id, _ = await _firm(identity, "suche")
    staff = _staff(identity, tenant_id)
    for name in ("Krüger", "Kramer", "Lindner"):
        await staff.CreateCustomer(_customer(family_name=name, given_name="Sabine"))
    found = await staff.ListCustomers(people_pb2.ListCustomersRequest(query="sab KRUEG"))
    assert [customer.family_name for customer in found.customers] == ["Krüger"]
    by_number = await staff.ListCustomers(people_pb2.ListCustomersRequest(query="k-1002"))
    assert [customer.family_name for customer in by_number.customers] == ["Kramer"]
    first = await staff.ListCustomers(people_pb2.ListCustomersRequest(page_size=2))
    rest = await staff.ListCustomers(people_pb2.ListCustomersRequest(page_size=2, page_token=first.next_page_token))
    names = [customer.family_name for page in (first, rest) for customer in page.customers]
    assert names == ["Kramer", "Krüger", "Lindner"]
    assert rest.next_page_token == ""


async def test_another_firm_sees_nothing(identity: Identity) -> None:
    """ARCHITECTURE 5: customers, invitations and staff of one firm do not exist for another."""
    mine, invitation_id = await _firm(identity, "eigen")
    other, _ = await _firm(identity, "fremd")
    await _accept(identity, invitation_id)
    customer = await _staff(identity, mine).CreateCustomer(_customer())
    stranger = _staff(identity, other)
    asked = people_pb2.GetCustomerRequest(customer_id=customer.customer_id)
    assert await _refused(stranger.GetCustomer(asked)) == "NOT_FOUND"
    change = people_pb2.UpdateCustomerRequest(customer=customer, customer_id=customer.customer_id)
    change.update_mask.paths.append("phone")
    assert await _refused(stranger.UpdateCustomer(change)) == "NOT_FOUND"
    assert not (await stranger.ListCustomers(people_pb2.ListCustomersRequest())).customers
    assert not (await stranger.ListStaff(people_pb2.ListStaffRequest())).staff
    own = await stranger.ListInvitations(accounts_pb2.ListInvitationsRequest())
    assert [invitation.email for invitation in own.invitations] == ["petra@fremd.example"]
    revoke = accounts_pb2.RevokeInvitationRequest(invitation_id=invitation_id)
    assert await _refused(stranger.RevokeInvitation(revoke)) == "NOT_FOUND"


async def test_a_customer_sees_himself_and_changes_nothing_here(identity: Identity) -> None:
    """F149: his own changes go through MasterDataService with its checks; another customer does not exist for him."""
    tenant_id, _ = await _firm(identity, "selbst")
    staff = _staff(identity, tenant_id)
    mine, other = [await staff.CreateCustomer(_customer(given_name=name)) for name in ("Julia", "Tom")]
    me = identity.as_person(roles=[Role.ROLE_CUSTOMER], tenant_id=tenant_id, customer_id=UUID(mine.customer_id))
    change = people_pb2.UpdateCustomerRequest(
        customer=people_pb2.Customer(family_name="Brandt", phone="040 123"),
        customer_id=mine.customer_id,
        update_mask=FieldMask(paths=["phone"]),
    )
    assert await _refused(me.UpdateCustomer(change)) == "ROLE_NOT_ALLOWED"
    assert (await me.GetCustomer(people_pb2.GetCustomerRequest(customer_id=mine.customer_id))).given_name == "Julia"
    foreign = people_pb2.GetCustomerRequest(customer_id=other.customer_id)
    assert await _refused(me.GetCustomer(foreign)) == "NOT_FOUND"


async def test_responsibles_are_staff_of_the_firm_in_order(identity: Identity) -> None:
    """F182, F185: the first of the list comes first; who is no staff is refused; administrators stand by."""
    tenant_id, invitation_id = await _firm(identity, "ordnung")
    administrator = (await _accept(identity, invitation_id)).account_id
    staff = _staff(identity, tenant_id)
    invited = await staff.InviteStaff(
        people_pb2.InviteStaffRequest(
            display_name="Jonas Peters", email="jonas@ordnung.example", rights=[Right.RIGHT_CHAT]
        )
    )
    jonas = (await _accept(identity, invited.invitation_id)).account_id
    customer = await staff.CreateCustomer(_customer())
    wanted = people_pb2.SetResponsiblesRequest(customer_id=customer.customer_id, account_ids=[jonas, administrator])
    answer = await staff.SetResponsibles(wanted)
    assert [one.display_name for one in answer.responsibles] == ["Jonas Peters", "Petra Hansen"]
    wanted.account_ids[:] = [str(uuid4())]
    assert await _refused(staff.SetResponsibles(wanted)) == "NOT_STAFF"
    asked = internal_pb2.ResolveResponsibleRequest(tenant_id=str(tenant_id), customer_id=customer.customer_id)
    resolved = await identity.internal("chat", tenant_id).ResolveResponsible(asked)
    assert list(resolved.responsible_account_ids) == [jonas, administrator]
    assert list(resolved.administrator_account_ids) == [administrator]
    people = await identity.internal("chat").BatchGetRecipients(
        internal_pb2.BatchGetRecipientsRequest(account_ids=[jonas, str(uuid4())], tenant_id=str(tenant_id))
    )
    assert [(one.email, one.letter_greeting) for one in people.recipients] == [
        ("jonas@ordnung.example", "Guten Tag Jonas Peters")
    ]
    step_down = people_pb2.UpdateStaffRequest(
        staff=people_pb2.Staff(display_name="Petra Hansen", roles=[Role.ROLE_STAFF]),
        account_id=administrator,
        update_mask=FieldMask(paths=["roles"]),
    )
    assert await _refused(staff.UpdateStaff(step_down)) == "LAST_ADMINISTRATOR"


async def test_a_right_is_given_and_taken_away(identity: Identity) -> None:
    """F194: an administrator lets an employee chat, and no longer; the employee himself cannot."""
    tenant_id, invitation_id = await _firm(identity, "rechte")
    await _accept(identity, invitation_id)
    staff = _staff(identity, tenant_id)
    invited = await staff.InviteStaff(
        people_pb2.InviteStaffRequest(display_name="Jonas Peters", email="jonas@rechte.example")
    )
    jonas = (await _accept(identity, invited.invitation_id)).account_id

    def change(*rights: Right.ValueType) -> people_pb2.UpdateStaffRequest:
        mask = FieldMask(paths=["rights"])
        return people_pb2.UpdateStaffRequest(staff=people_pb2.Staff(rights=rights), account_id=jonas, update_mask=mask)

    for rights in ((Right.RIGHT_CHAT,), ()):
        await staff.UpdateStaff(change(*rights))
        async with identity.service.platform.work.work(DIRECTORY) as tx:
            [membership] = await memberships_of(tx, UUID(jonas))
        assert tuple(membership.rights) == rights
    himself = identity.as_person(roles=[Role.ROLE_STAFF], account_id=UUID(jonas), tenant_id=tenant_id)
    assert await _refused(himself.UpdateStaff(change(Right.RIGHT_CHAT))) == "ROLE_NOT_ALLOWED"


async def test_an_import_is_idempotent_by_number(identity: Identity) -> None:
    """The second import of a portfolio makes nobody new, updates what changed and keeps what it leaves empty."""
    tenant_id, _ = await _firm(identity, "bestand")
    contracts = identity.internal("contracts", tenant_id)
    people = [
        internal_pb2.ImportedCustomer(external_number=f"{number}", family_name="Muster", phone="0123")
        for number in range(3)
    ]
    asked = internal_pb2.ImportCustomersRequest(tenant_id=str(tenant_id), import_id=str(uuid4()), customers=people)
    first, second = await all_of(contracts.ImportCustomers(asked), contracts.ImportCustomers(asked))
    assert list(first.customer_ids) == list(second.customer_ids)
    assert sorted([first.created, second.created]) == [0, 3]
    asked.customers[0].family_name, asked.customers[0].phone = "Meyer", ""
    again = await contracts.ImportCustomers(asked)
    assert (list(again.customer_ids), again.created) == (list(first.customer_ids), 0)
    profile = await contracts.GetCustomer(
        internal_pb2.GetCustomerProfileRequest(tenant_id=str(tenant_id), customer_id=first.customer_ids[0])
    )
    assert (profile.family_name, profile.phone) == ("Meyer", "0123")
    stranger = identity.internal("contracts", uuid4())
    assert await _refused(stranger.ImportCustomers(asked)) == "OTHER_TENANT"


async def test_an_invitation_lives_once(identity: Identity) -> None:
    """F170–F174: mail needed, accepted once, replaced by a newer one, revocable, ends after 14 days."""
    tenant_id, _ = await _firm(identity, "einladung")
    staff = _staff(identity, tenant_id)
    customer = await staff.CreateCustomer(_customer())
    invite = accounts_pb2.CreateInvitationRequest(customer_id=customer.customer_id, form=people_pb2.ADDRESS_FORM_DU)
    assert await _refused(staff.CreateInvitation(invite)) == "EMAIL_MISSING"
    customer.email = "Julia@Mail.Example"
    await staff.UpdateCustomer(
        people_pb2.UpdateCustomerRequest(
            customer=customer, customer_id=customer.customer_id, update_mask=FieldMask(paths=["email"])
        )
    )
    older = await staff.CreateInvitation(invite)
    old_token = await identity.link_of(older.invitation_id)
    newer = await staff.CreateInvitation(invite)
    card = await identity.sign_in.GetInvitationByToken(signin_pb2.GetInvitationByTokenRequest(token=old_token))
    assert card.state == accounts_pb2.INVITATION_STATE_REVOKED
    token = await identity.link_of(newer.invitation_id)
    card = await identity.sign_in.GetInvitationByToken(signin_pb2.GetInvitationByTokenRequest(token=token))
    assert (card.letter_greeting, card.email) == ("Hallo Julia", "julia@mail.example")
    weak = signin_pb2.AcceptInvitationRequest(token=token, password="Sommer2026!")
    assert await _refused(identity.sign_in.AcceptInvitation(weak)) == "PASSWORD_TOO_COMMON"
    accept = signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD)
    session = await identity.sign_in.AcceptInvitation(accept)
    assert await _refused(identity.sign_in.AcceptInvitation(accept)) == "INVITATION_CLOSED"
    active = await staff.GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer.customer_id))
    assert (active.access_state, active.account_id) == (people_pb2.ACCESS_STATE_ACTIVE, session.account_id)
    assert await _refused(staff.CreateInvitation(invite)) == "ACCESS_ACTIVE"
    invite.replace_active_access = True
    third = await staff.CreateInvitation(invite)
    asked = signin_pb2.GetBrowserSessionRequest(session_id=session.session_id)
    assert await _refused(identity.sign_in.GetBrowserSession(asked)) == "SESSION_ENDED"
    await staff.RevokeInvitation(accounts_pb2.RevokeInvitationRequest(invitation_id=third.invitation_id))
    assert await _refused(identity.link_of(third.invitation_id)) == "NOT_FOUND"


async def test_an_invitation_ends_in_time(identity: Identity) -> None:
    """F174: after 14 days the link says so, and the job puts the customer back."""
    tenant_id, _ = await _firm(identity, "frist")
    staff = _staff(identity, tenant_id)
    customer = await staff.CreateCustomer(_customer(email="frist@mail.example"))
    invited = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=customer.customer_id))
    token = await identity.link_of(invited.invitation_id)
    identity.clock.advance(timedelta(days=14, seconds=1))
    card = await identity.sign_in.GetInvitationByToken(signin_pb2.GetInvitationByTokenRequest(token=token))
    assert card.state == accounts_pb2.INVITATION_STATE_EXPIRED
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        assert await expire_invitations(tx) >= 1
        await tx.commit()
    after = await staff.GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer.customer_id))
    assert after.access_state == people_pb2.ACCESS_STATE_NONE


async def test_one_person_has_one_account(identity: Identity) -> None:
    """F169, F175: a second firm's invitation asks for the present password and adds a membership."""
    for slug in ("erste", "zweite"):
        tenant_id, _ = await _firm(identity, slug)
        staff = _staff(identity, tenant_id)
        customer = await staff.CreateCustomer(_customer(email="eine@mail.example"))
        asked = accounts_pb2.CreateInvitationRequest(customer_id=customer.customer_id)
        invited = await staff.CreateInvitation(asked)
        if slug == "zweite":
            token = await identity.link_of(invited.invitation_id)
            wrong = signin_pb2.AcceptInvitationRequest(token=token, password="ein ganz anderes Wort")
            assert await _refused(identity.sign_in.AcceptInvitation(wrong)) == "WRONG_CREDENTIALS"
        session = await _accept(identity, invited.invitation_id)
    assert [one.tenant_slug for one in session.memberships] == ["erste", "zweite"]
    signed_in = await identity.sign_in.SignIn(
        signin_pb2.SignInRequest(email="eine@mail.example", password=PASSWORD, firm="zweite")
    )
    current = [one.tenant_slug for one in signed_in.memberships if one.current]
    assert current == ["zweite"]
