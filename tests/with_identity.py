"""The real identity beside the service that a test is about: it knows the firms and the people.

Everything is done by its RPCs, as the portal and the other services do it. A conftest that wants one identity for all
of its tests imports the fixture `identity`; every test then has a firm of its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import internal_pb2, people_pb2, signin_pb2, tenants_pb2
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.testing.plugin import PostgresForTests, ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_tools.embedded.nats import EmbeddedNats

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.identity_pb2_grpc import IdentityServiceAsyncStub

PASSWORD = "Regenschirm-Laterne-47"


@asynccontextmanager
async def serving_identity(
    service_database: ServiceDatabases, nats_url: str, folder: Path, **settings: Any
) -> AsyncIterator[Running]:
    """Serve identity on a fresh database; `settings` are those of `running`."""
    key = folder / "identity-key-encryption-key"
    key.write_text(os.urandom(32).hex(), encoding="ascii")
    async with running(
        "kontor_identity",
        database_url=service_database("identity").url,
        nats_url=nats_url,
        public_url="http://localhost:8080",
        key_encryption_key_file=key,
        **settings,
    ) as service:
        yield service


@pytest.fixture(scope="session")
async def identity(
    postgres: PostgresForTests, nats: EmbeddedNats, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """Identity that answers calls, for all tests; nothing happens by itself."""
    async with serving_identity(postgres.service_database, nats.url, tmp_path_factory.mktemp("identity")) as service:
        yield service


@dataclass(frozen=True)
class NewFirm:
    """A firm that the operator has activated."""

    tenant_id: UUID
    slug: str
    administrator_invitation_id: str


async def new_firm(identity: Running, name: str = "Hansen & Partner", **values: Any) -> NewFirm:
    """Register a firm and let the operator activate it; `values` are further fields of its registration."""
    slug = values.pop("slug", f"firm-{new_id().hex[-12:]}")
    given = {"contact_name": "Petra Hansen", "contact_email": f"petra@{slug}.example", **values}
    wanted = tenants_pb2.RegisterTenantRequest(tenant=tenants_pb2.NewTenant(name=name, slug=slug, **given))
    registered = await identity.stub(IdentityServiceStub).RegisterTenant(wanted)
    operator = identity.stub(IdentityServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=new_id()))
    request = tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id)
    activated = await operator.ActivateTenant(request)
    return NewFirm(UUID(registered.tenant_id), slug, activated.administrator_invitation_id)


def administrator_of(identity: Running, tenant_id: UUID) -> IdentityServiceAsyncStub:
    """Return identity's RPCs as an administrator of the firm calls them."""
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    return identity.stub(IdentityServiceStub, token)


async def new_customer(identity: Running, tenant_id: UUID, **values: Any) -> UUID:
    """Create Julia Brandt, a customer of the firm; `values` are further fields, or others."""
    julia = people_pb2.Customer(**{"given_name": "Julia", "family_name": "Brandt", **values})
    created = await administrator_of(identity, tenant_id).CreateCustomer(
        people_pb2.CreateCustomerRequest(customer=julia)
    )
    return UUID(created.customer_id)


async def accept_invitation(identity: Running, invitation_id: str) -> UUID:
    """Accept an invitation by the link in its mail; return the account."""
    mail = identity.stub(IdentityInternalServiceStub, service_token_for("notifications"))
    link = await mail.MintInvitationLink(internal_pb2.MintInvitationLinkRequest(invitation_id=invitation_id))
    return await follow_invitation(identity, link.url)


async def follow_invitation(identity: Running, url: str) -> UUID:
    """Follow the link of an invitation and choose a password; return the account."""
    edge = identity.stub(SignInInternalServiceStub, service_token_for("identity-http"))
    accept = signin_pb2.AcceptInvitationRequest(token=url.rpartition("/")[2], password=PASSWORD)
    return UUID((await edge.AcceptInvitation(accept)).account_id)
