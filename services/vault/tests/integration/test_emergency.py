"""What trusted persons see after an emergency release: exactly the folders in scope, to read, while it is in force.

The real identity decides beside it, on a clock of its own; its events are delivered when a test says so.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import accounts_pb2, emergency_pb2, events_pb2, internal_pb2, people_pb2, signin_pb2
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceStub
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceStub
from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceStub
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.clock import FixedClock
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_chassis.testing.waiting import eventually
from kontor_tools.embedded.nats import EmbeddedNats
from kontor_vault.consumers import consumers
from sqlalchemy import text

from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

if TYPE_CHECKING:  # the generated stubs know this name only for type checkers
    from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceAsyncStub

pytestmark = pytest.mark.integration

PASSWORD = "Regenschirm-Laterne-47"
WAITING = timedelta(hours=3)
HANDLERS = consumers(0)


@pytest.fixture
async def identity(
    service_database: ServiceDatabases, nats: EmbeddedNats, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """An identity service whose clock the test moves."""
    key = tmp_path_factory.mktemp("identity") / "kek"
    key.write_text(os.urandom(32).hex())
    async with running(
        "kontor_identity",
        database_url=service_database("identity").url,
        nats_url=nats.url,
        clock=FixedClock(datetime(2026, 7, 1, 10, tzinfo=UTC)),
        work=True,
        public_url="http://localhost:8080",
        key_encryption_key_file=key,
    ) as identity:
        yield identity


@dataclass
class Emergency:
    """A customer with a folder tree, and the people he trusts with parts of it."""

    office: Office
    customer: Person
    trusted: list[Person] = field(default_factory=list)
    _delivered: int = 0

    @property
    def clock(self) -> FixedClock:
        """Identity's clock."""
        clock = self.office.identity.platform.clock
        assert isinstance(clock, FixedClock)
        return clock

    def api(self, person: Person, role: Role.ValueType) -> EmergencyAccessServiceAsyncStub:
        """Identity's API of emergency access for somebody."""
        token = token_for(
            roles=[role],
            tenant_id=person.tenant_id,
            customer_id=self.customer.customer_id,
            account_id=person.account_id,
        )
        return self.office.identity.stub(EmergencyAccessServiceStub, token)

    async def trust(self, name: str, *folder_ids: str) -> Person:
        """Name somebody for some folders, who accepts."""
        given = emergency_pb2.TrustedPerson(name=name, email=f"{new_id().hex}@mail.example", folder_ids=folder_ids)
        asked = emergency_pb2.CreateTrustedPersonRequest(customer_id=self.customer.cid, person=given)
        named = await self.api(self.customer, Role.ROLE_CUSTOMER).CreateTrustedPerson(asked)
        statement = text("SELECT invitation_id FROM trusted_persons WHERE trusted_person_id = :id")
        async with self.office.identity.platform.work.work(Principal.of_service("identity")) as tx:
            invitation_id = await tx.session.scalar(statement, {"id": named.trusted_person_id})
        account_id = await accept(self.office, self.customer.tenant_id, str(invitation_id))
        person = self.office.person(
            self.customer.tenant_id,
            Role.ROLE_TRUSTED_PERSON,
            customer_id=self.customer.customer_id,
            account_id=account_id,
        )
        self.trusted.append(person)
        return person

    async def release(self) -> None:
        """Let the first trusted person ask, nobody answer, and the clock do the rest."""
        asked = emergency_pb2.CreateEmergencyRequestRequest(
            customer_id=self.customer.cid, reason="Mutter liegt auf der Intensivstation."
        )
        await self.api(self.trusted[0], Role.ROLE_TRUSTED_PERSON).CreateEmergencyRequest(asked)
        before = await self._grants()
        self.clock.advance(WAITING)
        await self._released(before)

    async def _released(self, before: int) -> None:
        """Wait until identity's job has done what the clock demanded."""

        async def is_released() -> bool:
            return await self._grants() > before

        await eventually(is_released, seconds=30)

    async def _grants(self) -> int:
        statement = text("SELECT count(*) FROM outbox WHERE type LIKE '%EmergencyAccessGranted'")
        async with self.office.identity.platform.work.work(Principal.of_service("identity")) as tx:
            return int(await tx.session.scalar(statement) or 0)

    async def undo(self) -> None:
        """Let the customer take the access back."""
        api = self.api(self.customer, Role.ROLE_CUSTOMER)
        found = await api.ListEmergencyRequests(
            emergency_pb2.ListEmergencyRequestsRequest(customer_id=self.customer.cid)
        )
        stop = emergency_pb2.StopEmergencyRequestRequest(
            customer_id=self.customer.cid, emergency_request_id=found.requests[0].emergency_request_id
        )
        await api.StopEmergencyRequest(stop)

    async def deliver(self) -> None:
        """Deliver identity's events about emergency access that were not delivered yet, in order."""
        statement = text("SELECT position, type, payload FROM outbox WHERE position > :after ORDER BY position")
        async with self.office.identity.platform.work.work(Principal.of_service("identity")) as tx:
            found = (await tx.session.execute(statement, {"after": self._delivered})).all()
        for row in found:
            self._delivered = row.position
            kind = getattr(events_pb2, row.type.rpartition(".")[2])
            if kind in HANDLERS:
                principal = Principal.of_service("vault", self.customer.tenant_id)
                async with self.office.running.platform.work.work(principal) as tx:
                    meta = EventMeta(new_id(), row.type, "identity", "", self.customer.tenant_id, tx.now, row.position)
                    await HANDLERS[kind](tx, kind.FromString(bytes(row.payload)), meta)
                    await tx.commit()


async def accept(office: Office, tenant_id: UUID, invitation_id: str) -> UUID:
    """Follow the link of an invitation; returns the account."""
    mail = office.identity.stub(IdentityInternalServiceStub, service_token_for("notifications", tenant_id))
    minted = await mail.MintInvitationLink(internal_pb2.MintInvitationLinkRequest(invitation_id=invitation_id))
    edge = office.identity.stub(SignInInternalServiceStub, service_token_for("identity-http"))
    token = minted.url.rsplit("/", 1)[-1]
    session = await edge.AcceptInvitation(signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD))
    return UUID(session.account_id)


async def folder(customer: Person, name: str, parent_id: str = "") -> str:
    """Create a folder and return its id."""
    made = await customer.vault.CreateFolder(
        pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name=name, parent_id=parent_id))
    )
    return made.folder_id


@pytest.fixture
async def emergency(office: Office, tenant: UUID) -> Emergency:
    """A customer with an account of his own."""
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant)
    staff = office.identity.stub(IdentityServiceStub, token)
    given = people_pb2.Customer(given_name="Julia", family_name="Brandt", email=f"{new_id().hex}@mail.example")
    created = await staff.CreateCustomer(people_pb2.CreateCustomerRequest(customer=given))
    invitation = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=created.customer_id))
    account_id = await accept(office, tenant, invitation.invitation_id)
    customer = office.person(tenant, Role.ROLE_CUSTOMER, customer_id=UUID(created.customer_id), account_id=account_id)
    found = Emergency(office, customer)
    rules = emergency_pb2.EmergencyPlan(quorum=1, waiting_hours=3, access_days=30)
    await found.api(customer, Role.ROLE_CUSTOMER).UpdateEmergencyPlan(
        emergency_pb2.UpdateEmergencyPlanRequest(customer_id=customer.cid, plan=rules)
    )
    return found


async def folder_names(person: Person) -> list[str]:
    """Return the folders that somebody sees of the customer."""
    return [one.name for one in (await person.vault.ListFolders(pb.ListFoldersRequest(customer_id=person.cid))).folders]


async def titles(person: Person, **more: Any) -> list[str]:
    """Return the documents that somebody sees of the customer."""
    answer = await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=person.cid, **more))
    return sorted(document.title for document in answer.documents)


async def status(edge: Edge, person: Person, document_id: str) -> int:
    """Return what a download answers."""
    return (await edge.client.get(f"/files/documents/{document_id}", headers=person.headers)).status_code


async def test_a_release_opens_exactly_the_folders_in_scope(edge: Edge, emergency: Emergency) -> None:
    """F73, F74: each trusted person his own folders with all below them, nothing beside, and every look is recorded."""
    customer = emergency.customer
    directives, private = await folder(customer, "Vorsorge"), await folder(customer, "Privat")
    health, insurance = await folder(customer, "Patientenverfügung", directives), await folder(customer, "Policen")
    will = await upload(edge, customer, b"Testament", file_name="Testament.txt", folder_id=health)
    diary = await upload(edge, customer, b"Tagebuch", file_name="Tagebuch.txt", folder_id=private)
    policy = await upload(edge, customer, b"Police", file_name="Police.txt", folder_id=insurance)
    loose = await upload(edge, customer, b"lose", file_name="Lose.txt")
    anna, tom = await emergency.trust("Anna", directives), await emergency.trust("Tom", insurance)
    assert (await folder_names(anna), await titles(anna)) == ([], [])
    await emergency.release()
    await emergency.deliver()

    assert await folder_names(anna) == ["Patientenverfügung", "Vorsorge"]
    assert await titles(anna) == await titles(anna, folder_id=health) == ["Testament"]
    assert await titles(anna, folder_id=private) == []
    assert await titles(anna, trashed=True) == []
    assert (await folder_names(tom), await titles(tom)) == (["Policen"], ["Police"])
    [seen] = (await anna.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=customer.cid))).documents
    assert (seen.document_id, seen.folder_id) == (will.document_id, health)
    for document, expected in ((will, 200), (diary, 404), (policy, 404), (loose, 404)):
        assert await status(edge, anna, document.document_id) == expected, document.title
        get = pb.GetDocumentRequest(customer_id=customer.cid, document_id=document.document_id)
        if expected == 404:
            assert await refused(anna.vault.GetDocument(get)) is StatusCode.NOT_FOUND
    recorded = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))
    assert [(s.document_id, s.account_id, s.role) for s in recorded.sightings if s.document_id] == [
        (will.document_id, str(anna.account_id), Role.ROLE_TRUSTED_PERSON)
    ]
    opened = {s.party_account_id for s in recorded.sightings if s.action == pb.SIGHTING_ACTION_EMERGENCY_OPEN}
    assert opened == {str(anna.account_id), str(tom.account_id)}


async def test_trusted_persons_only_look(edge: Edge, emergency: Emergency) -> None:
    """F73: no change, no upload, no grant, no ledger, whatever was released."""
    customer = emergency.customer
    directives = await folder(customer, "Vorsorge")
    will = await upload(edge, customer, b"Testament", file_name="Testament.txt", folder_id=directives)
    anna = await emergency.trust("Anna", directives)
    await emergency.release()
    await emergency.deliver()
    of_will = {"customer_id": customer.cid, "document_id": will.document_id}
    changed = pb.Document(customer_id=customer.cid, document_id=will.document_id, title="Neu")
    writing = [
        anna.vault.UpdateDocument(pb.UpdateDocumentRequest(document=changed, update_mask=FieldMask(paths=["title"]))),
        anna.vault.TrashDocument(pb.TrashDocumentRequest(**of_will)),
        anna.vault.CreateFolder(
            pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name="Neu", parent_id=directives))
        ),
        anna.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(folder_id=directives))),
        anna.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid)),
    ]
    for call in writing:
        assert await refused(call) is StatusCode.PERMISSION_DENIED
    new = pb.CreateUploadRequest(customer_id=customer.cid, file_name="a.txt", size_bytes=1, folder_id=directives)
    assert await refused(anna.vault.CreateUpload(new)) is StatusCode.NOT_FOUND
    version = pb.CreateUploadRequest(
        customer_id=customer.cid, document_id=will.document_id, file_name="a.txt", size_bytes=1
    )
    assert await refused(anna.vault.CreateUpload(version)) is StatusCode.NOT_FOUND


async def test_access_taken_back_ends_at_once_although_the_event_is_late(edge: Edge, emergency: Emergency) -> None:
    """F75: identity is asked at every access, so a revocation holds before its event has arrived, and after."""
    customer = emergency.customer
    directives = await folder(customer, "Vorsorge")
    will = await upload(edge, customer, b"Testament", file_name="Testament.txt", folder_id=directives)
    anna = await emergency.trust("Anna", directives)
    await emergency.release()
    assert await titles(anna) == [], "released, but the event is late: nothing yet, and no fault"
    await emergency.deliver()
    assert await status(edge, anna, will.document_id) == 200
    await emergency.undo()
    for _ in ("before the event", "after it"):
        assert await titles(anna) == []
        assert await status(edge, anna, will.document_id) == 404
        await emergency.deliver()


async def test_an_older_release_opens_nothing_any_more(edge: Edge, emergency: Emergency) -> None:
    """F75: even if its revocation never arrived, a later release with other folders does not bring it back."""
    customer = emergency.customer
    directives, private = await folder(customer, "Vorsorge"), await folder(customer, "Privat")
    await upload(edge, customer, b"Testament", file_name="Testament.txt", folder_id=directives)
    anna = await emergency.trust("Anna", private, directives)
    await emergency.release()
    await emergency.deliver()
    assert await folder_names(anna) == ["Privat", "Vorsorge"]
    await emergency.undo()
    api = emergency.api(customer, Role.ROLE_CUSTOMER)
    [person] = (await api.ListTrustedPersons(emergency_pb2.ListTrustedPersonsRequest(customer_id=customer.cid))).persons
    only_directives = emergency_pb2.TrustedPersonChange(folder_ids=[directives])
    await api.UpdateTrustedPerson(
        emergency_pb2.UpdateTrustedPersonRequest(
            customer_id=customer.cid,
            trusted_person_id=person.trusted_person_id,
            person=only_directives,
            update_mask=FieldMask(paths=["folder_ids"]),
        )
    )
    emergency.clock.advance(timedelta(days=2))
    await emergency.release()
    forget = "UPDATE emergency_grants SET revoke_time = NULL"
    await emergency.deliver()
    owner = await asyncpg.connect(emergency.office.database.owner_url)
    try:
        await owner.execute("SELECT set_config('kontor.role', 'service', false)")
        assert await owner.execute(forget) == "UPDATE 2"
    finally:
        await owner.close()
    assert await folder_names(anna) == ["Vorsorge"]


async def test_row_security_stands_behind_it(edge: Edge, emergency: Emergency) -> None:
    """F97: a query without any filter, as a trusted person, gives his folders only, and he writes nothing."""
    customer = emergency.customer
    directives, private = await folder(customer, "Vorsorge"), await folder(customer, "Privat")
    await upload(edge, customer, b"Testament", file_name="Testament.txt", folder_id=directives)
    await upload(edge, customer, b"Tagebuch", file_name="Tagebuch.txt", folder_id=private)
    anna = await emergency.trust("Anna", directives)
    await emergency.release()
    await emergency.deliver()
    connection = await asyncpg.connect(emergency.office.database.url)
    try:
        settings = {
            "tenant_id": customer.tenant_id,
            "customer_id": customer.customer_id,
            "account_id": anna.account_id,
            "role": "trusted",
        }
        for name, value in settings.items():
            await connection.execute("SELECT set_config($1, $2, false)", f"kontor.{name}", str(value))
        assert [row["name"] for row in await connection.fetch("SELECT name FROM folders")] == ["Vorsorge"]
        assert [row["title"] for row in await connection.fetch("SELECT title FROM documents")] == ["Testament"]
        assert await connection.execute("UPDATE documents SET title = 'x'") == "UPDATE 0"
        assert await connection.execute("DELETE FROM folders") == "DELETE 0"
        assert await connection.fetchval("SELECT count(*) FROM grants") == 0
    finally:
        await connection.close()
