"""Where e-mail addresses enter: one that no mail can be written to is refused at its field."""

from __future__ import annotations

from collections.abc import Awaitable
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import account_security_pb2, emergency_pb2, internal_pb2, people_pb2, tenants_pb2
from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceStub
from kontor_chassis.errors import ErrorKind
from kontor_chassis.testing.refusals import refused
from kontor_chassis.testing.tokens import token_for

from services.identity.tests.emergency_office import household
from services.identity.tests.firms_in_tests import ADMINISTRATOR, customer, staff
from services.identity.tests.identity_office import Identity, registration

pytestmark = pytest.mark.integration

ODD = "anna..x@mail.example"


async def field_of(call: Awaitable[object]) -> str:
    """Return the field that a call is refused for."""
    refusal = await refused(call)
    assert refusal.kind is ErrorKind.INVALID
    [problem] = refusal.fields
    assert problem.description == "Bitte geben Sie eine gültige E-Mail-Adresse an."
    return problem.field


async def test_an_address_without_mail_is_refused_wherever_it_enters(identity: Identity) -> None:
    """F142: registration, firm, customers by hand and by import, staff, trusted persons and changes of address."""
    home = await household(identity)
    office, tenant_id = staff(identity, home.tenant_id), str(home.tenant_id)
    assert await field_of(identity.public.RegisterTenant(registration("neu", contact_email=ODD))) == (
        "tenant.contact_email"
    )
    profile = tenants_pb2.TenantProfile(email=ODD)
    changed = tenants_pb2.UpdateTenantProfileRequest(profile=profile, update_mask=FieldMask(paths=["email"]))
    assert await field_of(office.UpdateTenantProfile(changed)) == "profile.email"
    assert await field_of(office.CreateCustomer(customer(email=ODD))) == "customer.email"
    known = await office.CreateCustomer(customer())
    known.email = ODD
    update = people_pb2.UpdateCustomerRequest(
        customer=known, customer_id=known.customer_id, update_mask=FieldMask(paths=["email"])
    )
    assert await field_of(office.UpdateCustomer(update)) == "customer.email"
    person = internal_pb2.ImportedCustomer(external_number="1", family_name="Muster", email=ODD)
    asked = internal_pb2.ImportCustomersRequest(tenant_id=tenant_id, import_id=str(uuid4()), customers=[person])
    imported = identity.internal("contracts", home.tenant_id).ImportCustomers(asked)
    assert await field_of(imported) == "customer.email"
    invited = people_pb2.InviteStaffRequest(display_name="Jonas Peters", email=ODD)
    assert await field_of(office.InviteStaff(invited)) == "email"
    trusted = emergency_pb2.TrustedPerson(name="Anna Brandt", email=ODD)
    named = emergency_pb2.CreateTrustedPersonRequest(customer_id=home.cid, person=trusted)
    assert await field_of(home.customer.CreateTrustedPerson(named)) == "person.email"
    token = token_for(roles=ADMINISTRATOR, tenant_id=home.tenant_id, account_id=home.account_id)
    account = identity.service.stub(AccountSecurityServiceStub, token)
    moved = account_security_pb2.RequestEmailChangeRequest(email=ODD)
    assert await field_of(account.RequestEmailChange(moved)) == "email"
