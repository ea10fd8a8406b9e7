"""Grants to the firm, releases by category and rule, and that the operator has no way to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb

from services.vault.tests.vault_office import Edge, Office, refused, upload

pytestmark = pytest.mark.integration


def stamp(moment: datetime | None) -> Timestamp | None:
    """Return an instant as a message."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message


async def test_adding_needs_more_than_seeing(office: Office, edge: Edge, tenant: UUID) -> None:
    """F3: with a grant to view nobody adds; with one to contribute he does, until its end, to the second."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    folder = await customer.vault.CreateFolder(
        pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name="Haus"))
    )
    paper = await upload(edge, customer, b"1", folder_id=folder.folder_id)
    new = pb.CreateUploadRequest(
        customer_id=customer.cid, file_name="Plan.txt", size_bytes=1, folder_id=folder.folder_id
    )
    version = pb.CreateUploadRequest(
        customer_id=customer.cid, file_name="Neu.txt", size_bytes=1, document_id=paper.document_id
    )
    end = office.clock.now() + timedelta(days=1)
    for may_contribute in (False, True):
        given = pb.Grant(folder_id=folder.folder_id, may_contribute=may_contribute, expire_time=stamp(end))
        await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=given))
        for wanted in (new, version):
            if may_contribute:
                await petra.vault.CreateUpload(wanted)
            else:
                assert await refused(petra.vault.CreateUpload(wanted)) is StatusCode.PERMISSION_DENIED
    grants = await customer.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid))
    assert [grant.may_contribute for grant in grants.grants] == [True]
    office.clock.advance(timedelta(days=1))
    assert await refused(petra.vault.CreateUpload(new)) is StatusCode.NOT_FOUND
    assert not (await customer.vault.ListGrants(pb.ListGrantsRequest(customer_id=customer.cid))).grants
    over = pb.Grant(folder_id=folder.folder_id, expire_time=stamp(end))
    late = pb.CreateGrantRequest(customer_id=customer.cid, grant=over)
    assert await refused(customer.vault.CreateGrant(late)) is StatusCode.INVALID_ARGUMENT


async def test_release_by_category_and_by_rule(office: Office, edge: Edge, tenant: UUID) -> None:
    """F171, F176: the firm opens the eye for all policies of a customer, or for every invoice to come."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    kinds = (pb.DOCUMENT_KIND_POLICY, pb.DOCUMENT_KIND_INVOICE, pb.DOCUMENT_KIND_POLICY)
    for kind in kinds:
        await upload(edge, petra, b"1", customer.cid, kind=kind)
    listed = pb.ListDocumentsRequest(customer_id=customer.cid)
    assert not (await customer.vault.ListDocuments(listed)).documents
    request = pb.ReleaseDocumentsRequest(customer_id=customer.cid, kinds=[pb.DOCUMENT_KIND_POLICY])
    assert [(await petra.vault.ReleaseDocuments(request)).released for _ in range(2)] == [2, 0]
    assert len((await customer.vault.ListDocuments(listed)).documents) == 2
    boss = office.person(tenant, Role.ROLE_ADMINISTRATOR)
    rules = pb.ReleaseRules(kinds=[pb.DOCUMENT_KIND_INVOICE])
    change = pb.UpdateReleaseRulesRequest(rules=rules)
    assert await refused(petra.vault.UpdateReleaseRules(change)) is StatusCode.PERMISSION_DENIED
    await boss.vault.UpdateReleaseRules(change)
    assert await petra.vault.GetReleaseRules(pb.GetReleaseRulesRequest()) == rules
    filed = await upload(edge, petra, b"2", customer.cid, kind=pb.DOCUMENT_KIND_INVOICE)
    assert filed.released
    assert len((await customer.vault.ListDocuments(listed)).documents) == 3
    told = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))
    assert [entry.action for entry in told.sightings] == [pb.SIGHTING_ACTION_RELEASE] * 3


def test_the_operator_has_no_way_to_read() -> None:
    """F2: no call of the vault is open to the operator or the network but what counts and never shows."""
    from kontor.common.v1 import access_pb2
    from kontor.vault.v1 import internal_pb2

    for file in (pb.DESCRIPTOR, internal_pb2.DESCRIPTOR):
        for service in file.services_by_name.values():
            for method in service.methods:
                access = method.GetOptions().Extensions[access_pb2.access]
                assert not {Role.ROLE_OPERATOR, Role.ROLE_NETWORK, Role.ROLE_SCAN_CENTRE} & set(access.roles), (
                    method.full_name
                )
                assert not access.anonymous, method.full_name


async def test_the_operator_s_rows_are_none(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: and as operator the database's application role is shown no row of any table with customers' things."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    document = await upload(edge, customer, b"1")
    grant = pb.Grant(document_id=document.document_id)
    await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=grant))
    await edge.client.get(f"/files/documents/{document.document_id}", headers=petra.headers)
    connection = await asyncpg.connect(office.database.url)
    tables = ("folders", "documents", "versions", "uploads", "grants", "sightings", "sight_seals", "emergency_grants")
    for role in ("operator", "network", "expert", "anonymous", "scan_centre"):
        for name, value in (("tenant_id", tenant), ("account_id", petra.account_id), ("role", role)):
            await connection.execute("SELECT set_config($1, $2, false)", f"kontor.{name}", str(value))
        for table in tables:
            count = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE true")  # noqa: S608 - named above
            assert count == 0, (role, table)
    attributes = await connection.fetchrow("SELECT rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user")
    assert attributes is not None
    assert tuple(attributes) == (False, False)
    await connection.close()
