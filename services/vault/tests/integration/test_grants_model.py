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
from grpc import StatusCode
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.search_pb2 import SearchDocumentsRequest
from kontor.vault.v1.search_pb2_grpc import SearchServiceStub
from kontor.vault.v1.sharing_pb2 import ListOrderDocumentsRequest
from kontor.vault.v1.sharing_pb2_grpc import SharingServiceStub
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_vault.jobs import end_grants_that_are_over

from services.vault.tests.circle import Near, expert_of_order, holder, of_household, trusted
from services.vault.tests.integration.test_grants import stamp
from services.vault.tests.vault_office import Edge, Office, Person, refused, upload
from services.vault.tests.with_experts import experts as experts
from services.vault.tests.with_experts import experts_address as experts_address
from services.vault.tests.with_experts import experts_database as experts_database

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

pytestmark = pytest.mark.integration

STEPS, HISTORIES = 55, 2
FIRM = ""
ROLES = {"household_person_id": "insured", "trusted_person_id": "trusted", "order_id": "expert"}


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

    def granted(self, targets: list[str], *grantees: str, now: datetime) -> bool:
        """Whether one of these is open to one of them."""
        return any(
            grant.target in targets and grant.grantee in grantees and (grant.until is None or grant.until > now)
            for grant in self.grants.values()
        )

    def others_see(self, document: str, grantee: str, now: datetime) -> bool:
        """What the customer sees and did not throw away, where it is granted in just this capacity."""
        open_to_all = self.customer_sees(document) and document not in self.trashed
        return open_to_all and self.granted([document, *self.above(self.place[document])], grantee, now=now)

    def employee_sees(self, document: str, employee: str, now: datetime) -> bool:
        """What the firm filed, drafts even in the trash, and what is granted, by itself or by a folder above."""
        if document in self.trashed:
            return document in self.filed_by_firm and document not in self.released
        return document in self.filed_by_firm or self.granted(
            [document, *self.above(self.place[document])], FIRM, employee, now=now
        )

    def customer_sees(self, document: str) -> bool:
        """His own, and what the firm released."""
        return document not in self.filed_by_firm or document in self.released


class History:
    """One random history, lived through the API and in the model at once."""

    def __init__(
        self, office: Office, edge: Edge, customer: Person, employees: list[Person], others: list[Near], seed: int
    ) -> None:
        self.office, self.edge, self.customer, self.employees = office, edge, customer, employees
        self.others = {other.named: other for other in others}
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
        grantee = self.chance.choice([FIRM, *(str(person.account_id) for person in self.employees), *self.others])
        until = self.chance.choice([None, None, timedelta(days=1), timedelta(days=3)])
        end = None if until is None else self.office.clock.now() + until
        given = pb.Grant(expire_time=stamp(end))
        setattr(given, self.others[grantee].field if grantee in self.others else "grantee_account_id", grantee)
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
            mine = (FIRM, account)
            opened = {f for f in self.model.parent if self.model.granted(self.model.above(f), *mine, now=now)}
            assert {folder.folder_id for folder in folders.folders} == opened
            assert expected <= await self._let_through(person, now)
        strangers = await self._let_through(self.employees[0], now, tenant=UUID(int=1))
        assert strangers == set()
        for named, other in self.others.items():
            await self._agrees_with(named, other, now)

    async def _agrees_with(self, named: str, other: Near, now: datetime) -> None:
        """Compare lists, search, single documents, folders and row-level security for one of the further grantees."""
        expected = {d for d in self.model.place if self.model.others_see(d, named, now)}
        same = [key for key, each in self.others.items() if each.person is other.person]
        reached = {d for d in self.model.place for key in same if self.model.others_see(d, key, now)}
        assert await self._of_role(other.person, ROLES[other.field]) == reached
        if other.field == "order_id":
            sharing = self.office.running.stub(SharingServiceStub, other.person.token)
            shared = await sharing.ListOrderDocuments(ListOrderDocumentsRequest(order_id=named, page_size=100))
            assert {document.document_id for document in shared.documents} == expected
        else:
            assert await self._listed(other.person) == expected
            search = self.office.running.stub(SearchServiceStub, other.person.token)
            found = await search.SearchDocuments(SearchDocumentsRequest(query="Police", page_size=100))
            assert {hit.document.document_id for hit in found.hits} == expected
            request = pb.ListFoldersRequest(customer_id=self.customer.cid, page_size=100)
            folders = {folder.folder_id for folder in (await other.person.vault.ListFolders(request)).folders}
            assert folders == {f for f in self.model.parent if self.model.granted(self.model.above(f), named, now=now)}
        for document, status in ((self._one(reached), 200), (self._one(set(self.model.place) - reached), 404)):
            if document:
                answer = await self.edge.client.get(f"/files/documents/{document}", headers=other.person.headers)
                assert answer.status_code == status

    async def _listed(self, person: Person) -> set[str]:
        found: set[str] = set()
        for trashed in (False, True):
            request = pb.ListDocumentsRequest(customer_id=self.customer.cid, page_size=100, trashed=trashed)
            answer = await person.vault.ListDocuments(request)
            found |= {document.document_id for document in answer.documents}
        return found

    async def _let_through(self, person: Person, now: datetime, tenant: UUID | None = None) -> set[str]:
        """Return what a query without any filter gets as the application role; never another's private paper."""
        through = await self._of_role(person, "staff", tenant)
        account = str(person.account_id)
        for document in through:
            targets = [document, *self.model.above(self.model.place[document])]
            assert document in self.model.filed_by_firm or self.model.granted(targets, FIRM, account, now=now)
        return through

    async def _of_role(self, person: Person, role: str, tenant: UUID | None = None) -> set[str]:
        """Return the customer's documents that the database lets through to somebody in a role."""
        connection = await asyncpg.connect(self.office.database.url)
        said = {"tenant_id": tenant or person.tenant_id, "account_id": person.account_id, "role": role}
        for name, value in {**said, "now": self.office.clock.now().isoformat()}.items():
            await connection.execute("SELECT set_config($1, $2, false)", f"kontor.{name}", str(value))
        query = "SELECT document_id FROM documents WHERE customer_id = $1"
        rows = await connection.fetch(query, self.customer.customer_id)
        await connection.close()
        return {str(row[0]) for row in rows}

    def _one(self, of: object) -> str:
        """Return one at random, or nothing."""
        some = sorted(of)  # type: ignore[call-overload]  # any collection of ids
        return str(self.chance.choice(some)) if some else ""


@pytest.mark.timeout(240)
async def test_the_sql_agrees_with_the_model(
    office: Office, edge: Edge, tenant: UUID, experts_database: ServiceDatabase
) -> None:
    """F2, F3, F176: after every few steps of a random history everybody sees exactly what the model says."""
    employees = [await office.employee(tenant) for _ in range(2)]
    for seed in range(HISTORIES):
        customer = await holder(office, tenant)
        near = [await of_household(office, customer), await trusted(office, customer)]
        near.append(await expert_of_order(office, experts_database, customer))
        near.append(await expert_of_order(office, experts_database, customer, near[-1].person if seed else None))
        history = History(office, edge, customer, employees, near, seed)
        for number in range(STEPS):
            await history.step()
            if number % 5 == 4:
                await history.agrees()
