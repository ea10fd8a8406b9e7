"""Everything a customer has as an archive, and the way back into another vault."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import StatusCode
from grpc.aio import AioRpcError
from hypothesis import HealthCheck, given, settings
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.epost_pb2 import E_POST_DECISION_GIVEN
from kontor.vault.v1 import deliveries_pb2, emergency_folder_pb2
from kontor.vault.v1 import imports_pb2 as pb_imports
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceStub
from kontor.vault.v1.imports_pb2_grpc import ImportServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.testing.refusals import refusal
from kontor_vault import jobs
from kontor_vault.archive_format import Archive
from kontor_vault.commands import import_archive
from kontor_vault.filing_rules import learn
from kontor_vault.filing_tables import ProposalState
from kontor_vault.lessons import Lesson
from kontor_vault.proposals import Proposals
from kontor_vault.recognising.letters import Facts
from kontor_vault.scan_tables import Original, OriginalState, OriginalStep, ScanSheet
from kontor_vault.tables import Document

from services.vault.tests.archives import (
    bag_of,
    brought_along,
    contents_of,
    exported,
    files_of,
    households,
    importer_of,
    keys_of,
    meant,
    metadata,
    reader_of,
    repacked,
)
from services.vault.tests.integration.test_deliveries import decide, deliveries, with_access
from services.vault.tests.vault_office import Edge, Office, Person, pdf, refused, upload

if TYPE_CHECKING:  # the generated stub knows this name only for type checkers
    from kontor.vault.v1.imports_pb2_grpc import ImportServiceAsyncStub

pytestmark = pytest.mark.integration


async def household(office: Office, edge: Edge, customer: Person) -> None:
    """Fill a vault: folders, versions, a restored one, the trash, labels, the emergency folder, looks, a delivery,
    scanned paper, what was learned.
    """

    async def folder(name: str, parent_id: str = "") -> str:
        made = pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name=name, parent_id=parent_id))
        return (await customer.vault.CreateFolder(made)).folder_id

    tax = await folder("Steuer 100%")
    car = await folder("Auto", tax)
    first = await upload(edge, customer, b"".join(pdf(2_500_000)), folder_id=car, file_name="Schein.pdf")
    await upload(edge, customer, b"zwei", document_id=first.document_id, file_name="Schein.pdf", reason="neu")
    restored = pb.RestoreDocumentVersionRequest(customer_id=customer.cid, document_id=first.document_id, version=1)
    await customer.vault.RestoreDocumentVersion(restored)
    second = await upload(edge, customer, b"", file_name="Schein.pdf", folder_id=tax)
    said = pb.Document(
        customer_id=customer.cid, document_id=second.document_id, tags=["Kfz"], note="für später", due_on="2026-08-01",
        dated_on="2026-03-14",
    )  # fmt: skip
    mask = FieldMask(paths=["tags", "note", "due_on", "dated_on"])
    await customer.vault.UpdateDocument(pb.UpdateDocumentRequest(document=said, update_mask=mask))
    gone = await upload(edge, customer, b"weg", file_name="Weg.txt")
    await customer.vault.TrashDocument(pb.TrashDocumentRequest(customer_id=customer.cid, document_id=gone.document_id))
    await customer.vault.CreateGrant(
        pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(document_id=first.document_id))
    )
    item = emergency_folder_pb2.EmergencyItem(
        customer_id=customer.cid,
        kind=emergency_folder_pb2.EMERGENCY_ITEM_KIND_LIVING_WILL,
        title="Testament",
        place="Tresor",
        folder_id=tax,
    )
    items = office.running.stub(EmergencyFolderServiceStub, customer.token)
    await items.CreateEmergencyItem(
        emergency_folder_pb2.CreateEmergencyItemRequest(customer_id=customer.cid, item=item)
    )
    await edge.client.get(f"/files/documents/{first.document_id}", headers=customer.headers)
    petra = await office.employee(customer.tenant_id)
    policy = await upload(edge, petra, b"%PDF-1.7 Police", customer.cid, kind=pb.DOCUMENT_KIND_POLICY)
    await decide(office, customer, E_POST_DECISION_GIVEN)
    wanted = deliveries_pb2.DeliverDocumentRequest(customer_id=customer.cid, document_id=policy.document_id)
    await deliveries(office, petra).DeliverDocument(wanted)
    await beside(office, customer, UUID(first.document_id), UUID(second.document_id), UUID(tax))


async def beside(office: Office, customer: Person, paper: UUID, letter: UUID, folder: UUID) -> None:
    """Write down what the scan centre and recognition would."""
    now = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    owner = {"tenant_id": customer.tenant_id, "customer_id": customer.customer_id}
    original = {"original_id": new_id(), **owner}
    proposals = Proposals(keys_of(office))
    async with office.running.platform.work.work(jobs.SERVICE.within(customer.tenant_id)) as tx:
        where = {"box": "K-17", "position": 4, "pages": 3, "sheets": 2, "period": "2026-05"}
        state = {"scan_time": now, "keep_until": date(2027, 5, 4), "state": OriginalState.STORED}
        tx.session.add(Original(**original, document_id=paper, **where, **state))
        await tx.session.flush()
        tx.session.add(OriginalStep(**original, number=1, state="STORED", account_id=None, account_name="", time=now))
        times = {"create_time": now, "expire_time": now, "revoke_time": None}
        who = {"label": "Steuer", "creator_account_id": customer.account_id}
        tx.session.add(ScanSheet(sheet_id=new_id(), **owner, number=new_id().hex[:12], **who, **times))
        kept = await tx.session.get_one(Document, letter)
        facts = Facts(sender="Allianz", dated_on=date(2026, 3, 14), numbers=("AS4711",))
        await proposals.keep(tx, kept, facts, ProposalState.CONFIRMED, (now, now))
        kept.end_on = date(2031, 1, 1)
        lesson = Lesson("Allianz", "Beitragsrechnung", pb.DOCUMENT_KIND_INVOICE, str(folder), "{name} {date}", 2)
        customer_id = UUID(customer.cid)
        await learn(tx, customer_id, await proposals.lessons_key(tx, customer_id), lesson)
        await tx.commit()


async def test_an_archive_comes_back_without_loss(
    office: Office, edge: Edge, tenant: UUID, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """F2, export of everything: what lives goes out and comes in again, and what only the former installation can
    answer for is kept as it came, through a third installation, too. Nothing of it is a firm's, so no firm sees it.
    """
    customer, other = await with_access(office, tenant), await office.customer(await office.firm())
    await household(office, edge, customer)
    export, archive = await exported(office, edge, customer)
    assert (export.documents, export.damaged_files) == (4, 0)
    seen = (await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))).sightings
    assert [each.action for each in seen].count(pb.SIGHTING_ACTION_EXPORT) == 1
    theirs = await edge.client.get(export.download_path, headers=other.headers)
    assert theirs.status_code == 404
    before = metadata(archive)
    filed = {each["title"]: each for each in before["documents"]}
    assert filed["Police"]["retention"]["protected_until"] == "2036-12-31"
    assert [each["stage"] for each in before["deliveries"][0]["steps"]] == ["PROVIDED"]
    assert files_of(archive)[before["deliveries"][0]["proof_path"]].startswith(b"%PDF")
    assert (before["originals"][0]["box"], before["scan_sheets"][0]["label"]) == ("K-17", "Steuer")

    file = tmp_path / "archive.zip"
    file.write_bytes(archive)
    arguments = [str(other.tenant_id), other.cid, str(file)]
    await import_archive(office.settings(default_quota_bytes=1 << 30), office.running.platform, arguments)
    said = capsys.readouterr().out
    assert said == "4 documents with 6 versions in 2 folders, 1 entries of the emergency folder, 1 ledgers\n"
    _, again = await exported(office, edge, other)
    after = metadata(again)
    assert meant(after) == meant(before)
    assert after["ledgers"][1] == {**before["ledgers"][0], "path": after["ledgers"][1]["path"], "seals": []}
    assert contents_of(again) == contents_of(archive)
    assert brought_along(archive).items() <= files_of(again).items()
    assert [after[what] for what in ("grants", "deliveries", "originals")] == [[], [], []]
    staff = office.person(other.tenant_id, Role.ROLE_STAFF)
    assert not (await staff.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=other.cid))).documents
    free = await other.vault.GetQuota(pb.GetQuotaRequest(customer_id=other.cid))
    assert free.used_bytes == 2_500_000 + 4 + 3 + len(b"%PDF-1.7 Police")

    with pytest.raises(SystemExit):
        await import_archive(office.settings(default_quota_bytes=1 << 30), office.running.platform, arguments)
    assert capsys.readouterr().out == "not read in: this archive was read in before\n"
    third = await office.customer(await office.firm())
    await importer_of(office).read_in(io.BytesIO(again), third.tenant_id, UUID(third.cid))
    _, at_last = await exported(office, edge, third)
    assert meant(metadata(at_last)) == meant(before)
    assert (brought_along(archive) | brought_along(again)).items() <= files_of(at_last).items()


async def test_any_household_comes_back(office: Office, edge: Edge, tenant: UUID) -> None:
    """Export of everything, for households drawn at random: what came in goes out again, and nothing else."""
    customers = [await office.customer(tenant) for _ in range(4)]
    loop = asyncio.get_running_loop()
    drawn: list[tuple[Archive, dict[str, bytes]]] = []

    @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(households())
    def draw(household: tuple[Archive, dict[str, bytes]]) -> None:
        drawn.append(household)

    await loop.run_in_executor(None, draw)
    for customer, (said, files) in zip(customers, drawn, strict=False):
        archive = bag_of(said, files)
        await importer_of(office).read_in(io.BytesIO(archive), tenant, UUID(customer.cid))
        _, again = await exported(office, edge, customer)
        assert meant(metadata(again)) == meant(metadata(archive))
        assert sorted(contents_of(again).values()) == sorted(files.values())
        assert brought_along(archive).items() <= files_of(again).items()


def imports(office: Office, person: Person) -> ImportServiceAsyncStub:
    """Return somebody's stub."""
    return office.running.stub(ImportServiceStub, person.token)


async def brought(office: Office, edge: Edge, person: Person, archive: bytes, room: int = 1 << 30) -> pb_imports.Import:
    """Let somebody upload an archive and have it read in; return what became of it."""
    document = await upload(edge, person, archive, file_name="Kontor 2026-06-30.zip")
    wanted = pb_imports.CreateImportRequest(customer_id=person.cid, document_id=document.document_id)
    asked = await imports(office, person).CreateImport(wanted)
    assert (await imports(office, person).CreateImport(wanted)).import_id == asked.import_id, "one at a time"
    while await reader_of(office, room).read_next():
        pass
    found = pb_imports.GetImportRequest(customer_id=person.cid, import_id=asked.import_id)
    return await imports(office, person).GetImport(found)


async def test_a_customer_brings_his_archive(office: Office, edge: Edge, tenant: UUID) -> None:
    """Export of everything: he uploads it and has it read in; the upload goes with that, so that room for it is room
    for its content. What the former installation says can be read and opens nothing. Nobody else sees any of it."""
    customer, other = await with_access(office, tenant), await office.customer(await office.firm())
    await household(office, edge, customer)
    _, archive = await exported(office, edge, customer)
    done = await brought(office, edge, other, archive, room=len(archive) + 1000)
    assert (done.state, done.documents, done.versions) == (pb_imports.IMPORT_STATE_DONE, 4, 6)
    assert (done.done_bytes, done.title) == (len(archive), "Kontor 2026-06-30")
    listed = await other.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=other.cid))
    assert done.document_id not in {each.document_id for each in listed.documents}
    asked = pb_imports.GetFormerInstallationRequest(customer_id=other.cid, import_id=done.import_id)
    former = await imports(office, other).GetFormerInstallation(asked)
    assert [(grant.title, grant.grantee_name) for grant in former.grants] == [("Schein", "")]
    assert [each.place for each in former.originals] == ["K-17 / 4"]
    (delivery,) = former.deliveries
    proof = await edge.client.get(delivery.proof_path, headers=other.headers)
    assert (proof.status_code, proof.headers["Content-Disposition"][:10]) == (200, "attachment")
    assert proof.content == files_of(archive)[metadata(archive)["deliveries"][0]["proof_path"]]
    assert (await edge.client.get(delivery.proof_path, headers=customer.headers)).status_code == 404
    assert await refused(imports(office, customer).GetFormerInstallation(asked)) is StatusCode.NOT_FOUND

    second = await brought(office, edge, other, archive)
    assert (second.state, second.refusal) == (
        pb_imports.IMPORT_STATE_REFUSED, pb_imports.IMPORT_REFUSAL_READ_BEFORE,
    )  # fmt: skip
    letter = await upload(edge, other, b"kein Archiv", file_name="Brief.txt")
    wanted = pb_imports.CreateImportRequest(customer_id=other.cid, document_id=letter.document_id)
    with pytest.raises(AioRpcError) as error:
        await imports(office, other).CreateImport(wanted)
    assert refusal(error.value).reason == "NO_ARCHIVE"


async def test_nothing_stays_of_what_is_refused_or_stopped(office: Office, edge: Edge, tenant: UUID) -> None:
    """Hostile archives: altered, too large for the room, or not wanted any more: his vault is as it was."""
    customer = await office.customer(tenant)
    await upload(edge, customer, b"echt" * 1000, file_name="Brief.txt")
    _, archive = await exported(office, edge, customer)
    other = await office.customer(tenant)
    altered = repacked(archive, {"/data/Dokumente/Brief.txt": b"falsch"})
    document = await upload(edge, other, altered, file_name="Archiv.zip")
    before = sorted(office.stored_files())
    wanted = pb_imports.CreateImportRequest(customer_id=other.cid, document_id=document.document_id)
    asked = await imports(office, other).CreateImport(wanted)
    await reader_of(office).read_next()
    found = pb_imports.GetImportRequest(customer_id=other.cid, import_id=asked.import_id)
    ended = await imports(office, other).GetImport(found)
    assert (ended.refusal, ended.refused_path) == (
        pb_imports.IMPORT_REFUSAL_ALTERED, "data/Dokumente/Brief.txt",
    )  # fmt: skip
    again = await imports(office, other).CreateImport(wanted)
    assert again.import_id != asked.import_id
    forget = pb_imports.DeleteImportRequest(customer_id=other.cid, import_id=again.import_id)
    await imports(office, other).DeleteImport(forget)
    assert not await reader_of(office).read_next()
    listed = await imports(office, other).ListImports(pb_imports.ListImportsRequest(customer_id=other.cid))
    assert [each.import_id for each in listed.imports] == [asked.import_id]
    with pytest.raises(Exception, match="there is no room"):
        await importer_of(office, room=100).read_in(
            io.BytesIO(archive), tenant, (await office.customer(tenant)).customer_id or UUID(int=0)
        )
    assert sorted(office.stored_files()) == before
