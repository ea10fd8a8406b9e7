"""Who may see what: random histories of households against a model of a few lines, and the SQL must agree."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.jobs import JobContext
from kontor_vault.jobs import end_grants_that_are_over

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

pytestmark = pytest.mark.integration

STEPS, HISTORIES = 45, 3
FIRM = ""


@dataclass
class Allowed:
    """A grant in the model."""

    target: str
    grantee: str
    until: datetime | None


@dataclass
class Household:
    """The model: what exists, where it lies, and what was granted; `sees` is the whole rule."""

    parent: dict[str, str] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)
    filed_by_firm: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    trashed: set[str] = field(default_factory=set)
    grants: dict[str, Allowed] = field(default_factory=dict)

    def above(self, folder: str) -> list[str]:
        """Return a folder and all above it."""
        return [] if not folder else [folder, *self.above(self.parent[folder])]

    def granted(self, targets: list[str], employee: str, now: datetime) -> bool:
        """Whether one of these is open to an employee."""
        return any(
            grant.target in targets and grant.grantee in (FIRM, employee) and (grant.until is None or grant.until > now)
            for grant in self.grants.values()
        )

    def employee_sees(self, document: str, employee: str, now: datetime) -> bool:
        """What the firm filed, drafts even in the trash, and what is granted, by itself or by a folder above."""
        if document in self.trashed:
            return document in self.filed_by_firm and document not in self.released
        return document in self.filed_by_firm or self.granted(
            [document, *self.above(self.place[document])], employee, now
        )

    def customer_sees(self, document: str) -> bool:
        """His own, and what the firm released."""
        return document not in self.filed_by_firm or document in self.released


class History:
    """One random history, lived through the API and in the model at once."""

    def __init__(self, office: Office, edge: Edge, customer: Person, employees: list[Person], seed: int) -> None:
        self.office, self.edge, self.customer, self.employees = office, edge, customer, employees
        self.chance = random.Random(seed)  # noqa: S311 - a test's dice
        self.model = Household()

    async def step(self) -> None:
        """Let something happen."""
        acts: list[Callable[[], Coroutine[None, None, None]]] = [
            self.new_folder, self.new_document, self.new_filing, self.move_document, self.move_folder, self.grant,
            self.grant, self.grant, self.revoke, self.release, self.trash, self.restore, self.time_passes,
        ]  # fmt: skip
        await self.chance.choice(acts)()

    async def new_folder(self) -> None:
        parent = self.chance.choice(["", *self.model.parent])
        if len(self.model.above(parent)) > 3:
            return
        folder = pb.Folder(name=f"F{len(self.model.parent)}", parent_id=parent)
        made = await self.customer.vault.CreateFolder(
            pb.CreateFolderRequest(customer_id=self.customer.cid, folder=folder)
        )
        self.model.parent[made.folder_id] = parent

    async def new_document(self) -> None:
        folder = self.chance.choice(["", *self.model.parent])
        made = await upload(self.edge, self.customer, b"1", folder_id=folder)
        self.model.place[made.document_id] = folder

    async def new_filing(self) -> None:
        made = await upload(self.edge, self.employees[0], b"2", self.customer.cid)
        self.model.place[made.document_id] = ""
        self.model.filed_by_firm.add(made.document_id)

    async def move_document(self) -> None:
        document = self._one(d for d in self.model.place if self.model.customer_sees(d))
        if document and document not in self.model.trashed:
            folder = self.chance.choice(["", *self.model.parent])
            moved = pb.Document(customer_id=self.customer.cid, document_id=document, folder_id=folder)
            mask = FieldMask(paths=["folder_id"])
            await self.customer.vault.UpdateDocument(pb.UpdateDocumentRequest(document=moved, update_mask=mask))
            self.model.place[document] = folder

    async def move_folder(self) -> None:
        folder, parent = self._one(self.model.parent), self.chance.choice(["", *self.model.parent])
        if folder and folder not in self.model.above(parent):
            moved = pb.Folder(customer_id=self.customer.cid, folder_id=folder, parent_id=parent)
            mask = FieldMask(paths=["parent_id"])
            await self.customer.vault.UpdateFolder(pb.UpdateFolderRequest(folder=moved, update_mask=mask))
            self.model.parent[folder] = parent

    async def grant(self) -> None:
        document = self._one(d for d in self.model.place if self.model.customer_sees(d))
        target = self._one([*self.model.parent, *([document] if document else [])])
        if not target or target in self.model.trashed:
            return
        grantee = self.chance.choice([FIRM, *(str(person.account_id) for person in self.employees)])
        until = self.chance.choice([None, None, timedelta(days=1), timedelta(days=3)])
        end = None if until is None else self.office.clock.now() + until
        given = pb.Grant(grantee_account_id=grantee, expire_time=stamp(end))
        setattr(given, "folder_id" if target in self.model.parent else "document_id", target)
        made = await self.customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=self.customer.cid, grant=given))
        same = [key for key, known in self.model.grants.items() if (known.target, known.grantee) == (target, grantee)]
        for key in same:
            del self.model.grants[key]
        self.model.grants[made.grant_id] = Allowed(target, grantee, end)

    async def revoke(self) -> None:
        if grant := self._one(self.model.grants):
            request = pb.RevokeGrantRequest(customer_id=self.customer.cid, grant_id=grant)
            await self.customer.vault.RevokeGrant(request)
            del self.model.grants[grant]

    async def release(self) -> None:
        drafts = self.model.filed_by_firm - self.model.released - self.model.trashed
        if document := self._one(sorted(drafts)):
            request = pb.ReleaseDocumentRequest(customer_id=self.customer.cid, document_id=document)
            await self.employees[1].vault.ReleaseDocument(request)
            self.model.released.add(document)

    async def trash(self) -> None:
        if document := self._one(d for d in self.model.place if self.model.customer_sees(d)):
            request = pb.TrashDocumentRequest(customer_id=self.customer.cid, document_id=document)
            await self.customer.vault.TrashDocument(request)
            self.model.trashed.add(document)

    async def restore(self) -> None:
        if document := self._one(sorted(self.model.trashed)):
            request = pb.RestoreDocumentRequest(customer_id=self.customer.cid, document_id=document)
            await self.customer.vault.RestoreDocument(request)
            self.model.trashed.discard(document)

    async def time_passes(self) -> None:
        self.office.clock.advance(timedelta(days=1))
        if self.chance.random() < 0.5:  # the job may be late; nothing depends on it
            context: JobContext = self.office.jobs
            await end_grants_that_are_over(context)

    async def agrees(self) -> None:
        """Compare the lists, single documents, folders, and what row-level security alone lets through."""
        now = self.office.clock.now()
        assert await self._listed(self.customer) == {d for d in self.model.place if self.model.customer_sees(d)}
        for person in self.employees:
            account = str(person.account_id)
            expected = {d for d in self.model.place if self.model.employee_sees(d, account, now)}
            assert await self._listed(person) == expected
            hidden = self._one(set(self.model.place) - expected)
            if hidden:
                get = pb.GetDocumentRequest(customer_id=self.customer.cid, document_id=hidden)
                assert await refused(person.vault.GetDocument(get)) is StatusCode.NOT_FOUND
            folders = await person.vault.ListFolders(
                pb.ListFoldersRequest(customer_id=self.customer.cid, page_size=100)
            )
            opened = {f for f in self.model.parent if self.model.granted(self.model.above(f), account, now)}
            assert {folder.folder_id for folder in folders.folders} == opened
            assert expected <= await self._let_through(person, now)
        strangers = await self._let_through(self.employees[0], now, tenant=UUID(int=1))
        assert strangers == set()

    async def _listed(self, person: Person) -> set[str]:
        found: set[str] = set()
        for trashed in (False, True):
            request = pb.ListDocumentsRequest(customer_id=self.customer.cid, page_size=100, trashed=trashed)
            answer = await person.vault.ListDocuments(request)
            found |= {document.document_id for document in answer.documents}
        return found

    async def _let_through(self, person: Person, now: datetime, tenant: UUID | None = None) -> set[str]:
        """Return what a query without any filter gets as the application role; never another's private paper."""
        connection = await asyncpg.connect(self.office.database.url)
        said = {"tenant_id": tenant or person.tenant_id, "account_id": person.account_id, "role": "staff"}
        for name, value in {**said, "now": now.isoformat()}.items():
            await connection.execute("SELECT set_config($1, $2, false)", f"kontor.{name}", str(value))
        query = "SELECT document_id FROM documents WHERE customer_id = $1"
        rows = await connection.fetch(query, self.customer.customer_id)
        await connection.close()
        through = {str(row[0]) for row in rows}
        account = str(person.account_id)
        for document in through:
            targets = [document, *self.model.above(self.model.place[document])]
            assert document in self.model.filed_by_firm or self.model.granted(targets, account, now)
        return through

    def _one(self, of: object) -> str:
        """Return one at random, or nothing."""
        some = sorted(of)  # type: ignore[call-overload]  # any collection of ids
        return str(self.chance.choice(some)) if some else ""


def stamp(moment: datetime | None) -> Timestamp | None:
    """Return an instant as a message."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message


@pytest.mark.timeout(240)
async def test_the_sql_agrees_with_the_model(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2, F3, F176: after every few steps of a random history everybody sees exactly what the model says."""
    employees = [await office.employee(tenant) for _ in range(2)]
    for seed in range(HISTORIES):
        history = History(office, edge, await office.customer(tenant), employees, seed)
        for number in range(STEPS):
            await history.step()
            if number % 5 == 4:
                await history.agrees()


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
