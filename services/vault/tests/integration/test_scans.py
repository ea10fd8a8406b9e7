"""Paper post through the scan centre: from a printed sheet to a document, and what cannot be assigned."""

from __future__ import annotations

import io
from datetime import UTC, timedelta
from uuid import UUID

import grpc
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from kontor.vault.v1 import events_pb2, originals_pb2, scan_centre_pb2, scan_sheets_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2 import SetQuotaRequest
from kontor.vault.v1.originals_pb2_grpc import OriginalServiceStub
from kontor.vault.v1.scan_sheets_pb2_grpc import ScanSheetServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from sqlalchemy import text

from services.vault.tests.piles import blank, forged, letter, sheet
from services.vault.tests.scan_desk import Centre
from services.vault.tests.vault_office import DEFAULT_QUOTA, Edge, Office, Person, refused

_STATES = scan_centre_pb2


@pytest.fixture
def centre(office: Office, edge: Edge) -> Centre:
    """The scan centre, at work for all firms."""
    return Centre(office, edge)


async def printed(office: Office, person: Person) -> scan_sheets_pb2.PrintedScanSheet:
    """Make a sheet for a customer and return what is printed on it."""
    sheets = office.running.stub(ScanSheetServiceStub, person.token)
    made = await sheets.CreateScanSheet(scan_sheets_pb2.CreateScanSheetRequest(customer_id=person.cid, label="Brandt"))
    wanted = scan_sheets_pb2.GetScanSheetRequest(customer_id=person.cid, sheet_id=made.sheet_id)
    return await sheets.GetScanSheet(wanted)


async def documents_of(person: Person) -> list[pb.Document]:
    """Return what lies in a customer's folder."""
    return list((await person.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=person.cid))).documents)


async def test_post_reaches_its_customers(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F15: each piece lands with whom its sheet names, without blank pages, and is counted for billing."""
    julia, tom = await office.customer(tenant), await office.customer(await office.firm())
    hers, his = await printed(office, julia), await printed(office, tom)
    pages = [
        sheet(hers.code),
        blank(),
        letter("eins"),
        letter("zwei"),
        sheet(his.code),
        blank(),
        letter("drei"),
        blank(),
    ]
    pieces = await centre.scan(pages, duplex=True)
    assert [(p.state, p.pages, p.sheets, p.sheet_number) for p in pieces] == [
        (_STATES.SCAN_PIECE_STATE_FILED, 2, 1, hers.sheet.number),
        (_STATES.SCAN_PIECE_STATE_FILED, 1, 1, his.sheet.number),
    ]
    [document], [other] = await documents_of(julia), await documents_of(tom)
    assert document.title == "Post vom 01.07.2026 (K-0042/1)"
    assert other.title == "Post vom 01.07.2026 (K-0042/2)"
    file = await edge.client.get(f"/files/documents/{document.document_id}", headers=julia.headers)
    with pikepdf.open(io.BytesIO(file.content)) as pdf:
        assert len(pdf.pages) == 2
    assert (await edge.client.get(f"/files/documents/{document.document_id}", headers=tom.headers)).status_code == 404
    sheets = office.running.stub(ScanSheetServiceStub, julia.token)
    usage = await sheets.GetScanUsage(scan_sheets_pb2.GetScanUsageRequest(customer_id=julia.cid))
    assert (usage.period, usage.pieces, usage.sheets) == ("2026-07", 1, 1)
    async with office.jobs.work.work(Principal.of_service("vault")) as tx:
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE '%PieceScanned'"))
        counted = [events_pb2.PieceScanned.FromString(row.payload) for row in rows]
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE '%ScannedPostFiled'"))
        told = [events_pb2.ScannedPostFiled.FromString(row.payload).customer_id for row in rows]
    assert sorted(told) == sorted([julia.cid, tom.cid])
    assert sorted((event.customer_id, event.sheets) for event in counted) == sorted([(julia.cid, 1), (tom.cid, 1)])
    batch_files = [path for path in office.stored_files() if str(centre.person.tenant_id) in str(path)]
    assert not batch_files
    quota = await julia.vault.GetQuota(pb.GetQuotaRequest(customer_id=julia.cid))
    assert quota.used_bytes == document.size_bytes


async def test_what_nobody_can_be_assigned_to_is_not_lost(
    office: Office, edge: Edge, tenant: UUID, centre: Centre
) -> None:
    """F15: a missing, forged, revoked, unknown or damaged sheet leaves its piece, and nobody else's, to the centre."""
    julia = await office.customer(tenant)
    good, lost = await printed(office, julia), await printed(office, julia)
    sheets = office.running.stub(ScanSheetServiceStub, julia.token)
    await sheets.RevokeScanSheet(
        scan_sheets_pb2.RevokeScanSheetRequest(customer_id=julia.cid, sheet_id=lost.sheet.sheet_id)
    )
    end = good.sheet.expire_time.ToDatetime(UTC)
    pages = [letter("vorab")]
    for lead in (forged(good.sheet.sheet_id, end), lost.code, forged(str(new_id()), end)):
        pages += [sheet(lead), letter("Inhalt")]
    pages += [sheet(good.code, damaged=True), letter("Inhalt"), sheet(good.code), letter("gut")]
    pieces = await centre.scan(pages)
    assert [(p.problem, p.pages) for p in pieces] == [
        (_STATES.SCAN_PIECE_PROBLEM_NO_SHEET, 1),
        (_STATES.SCAN_PIECE_PROBLEM_FORGED, 2),
        (_STATES.SCAN_PIECE_PROBLEM_EXPIRED, 2),
        (_STATES.SCAN_PIECE_PROBLEM_UNKNOWN, 2),
        (_STATES.SCAN_PIECE_PROBLEM_UNCLEAR, 2),
        (_STATES.SCAN_PIECE_PROBLEM_UNSPECIFIED, 1),
    ]
    assert len(await documents_of(julia)) == 1
    waiting = await centre.pieces()
    assert {piece.position for piece in waiting} == {1, 2, 3, 4, 5}
    by_position = {piece.position: piece for piece in waiting}
    assign = scan_centre_pb2.AssignScanPieceRequest(piece_id=by_position[2].piece_id, sheet_number=lost.sheet.number)
    assert await refused(centre.calls.AssignScanPiece(assign)) is grpc.StatusCode.FAILED_PRECONDITION
    assign.sheet_number = good.sheet.number.lower().replace("-", " ")
    await centre.calls.AssignScanPiece(assign)
    for position in (1, 3, 4, 5):
        await centre.calls.DiscardScanPiece(
            scan_centre_pb2.DiscardScanPieceRequest(piece_id=by_position[position].piece_id, reason="neu gescannt")
        )
    await centre.work()
    assert not await centre.pieces()
    assert len(await documents_of(julia)) == 2
    assert not [path for path in office.stored_files() if str(centre.person.tenant_id) in str(path)]


async def test_without_room_a_piece_waits(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F15: storage stays bounded; a piece that does not fit waits, and is filed when there is room."""
    julia = await office.customer(tenant)
    lead = await printed(office, julia)
    billing = office.service("billing", tenant)
    await billing.SetQuota(SetQuotaRequest(tenant_id=str(tenant), customer_id=julia.cid, limit_bytes=10))
    [piece] = await centre.scan([sheet(lead.code), letter("zu groß")])
    assert piece.problem == _STATES.SCAN_PIECE_PROBLEM_NO_ROOM
    await billing.SetQuota(SetQuotaRequest(tenant_id=str(tenant), customer_id=julia.cid, limit_bytes=DEFAULT_QUOTA))
    await centre.calls.AssignScanPiece(
        scan_centre_pb2.AssignScanPieceRequest(piece_id=piece.piece_id, sheet_number=lead.sheet.number)
    )
    await centre.work()
    assert len(await documents_of(julia)) == 1


async def test_a_piece_whose_pages_are_gone_holds_up_no_other(
    office: Office, edge: Edge, tenant: UUID, centre: Centre
) -> None:
    """F15: what was lost in the store is scanned again; the pieces behind it are filed."""
    julia = await office.customer(tenant)
    lead = await printed(office, julia)
    first, _ = await centre.scan([letter("eins"), sheet(lead.code), letter("zwei")])
    next(path for path in office.stored_files() if path.name.startswith(first.piece_id)).unlink()
    await centre.calls.AssignScanPiece(
        scan_centre_pb2.AssignScanPieceRequest(piece_id=first.piece_id, sheet_number=lead.sheet.number)
    )
    await centre.work()
    [again] = await centre.pieces()
    assert again.problem == _STATES.SCAN_PIECE_PROBLEM_UNCLEAR
    assert len(await documents_of(julia)) == 1


async def test_the_paper_has_a_fate(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F15: the owner wants his paper back or lets it be destroyed, nobody else; each step says who took it."""
    julia, petra = await office.customer(tenant), await office.employee(tenant)
    lead = await printed(office, julia)
    await centre.scan([sheet(lead.code), letter("eins"), sheet(lead.code), letter("zwei")])
    mine = office.running.stub(OriginalServiceStub, julia.token)
    listed = originals_pb2.ListOriginalsRequest(customer_id=julia.cid)
    originals = sorted((await mine.ListOriginals(listed)).originals, key=lambda each: each.position)
    assert [(each.box, each.position, each.keep_until) for each in originals] == [
        ("K-0042", 1, "2027-07-01"),
        ("K-0042", 2, "2027-07-01"),
    ]
    seen = (await office.running.stub(OriginalServiceStub, petra.token).ListOriginals(listed)).originals
    assert {each.document_id for each in seen} == {""}
    settle = originals_pb2.SettleOriginalRequest(original_id=originals[0].original_id)
    assert await refused(centre.originals.SettleOriginal(settle)) is grpc.StatusCode.FAILED_PRECONDITION
    back = originals_pb2.DecideOriginalRequest(
        customer_id=julia.cid, original_id=originals[0].original_id, state=originals_pb2.ORIGINAL_STATE_RETURN_WANTED
    )
    assert await refused(mine.DecideOriginal(back)) is grpc.StatusCode.INVALID_ARGUMENT
    back.return_address = "Julia Brandt\nDeichstraße 9\n20459 Hamburg"
    await mine.DecideOriginal(back)
    shred = originals_pb2.DecideOriginalRequest(
        customer_id=julia.cid,
        original_id=originals[1].original_id,
        state=originals_pb2.ORIGINAL_STATE_DESTRUCTION_ALLOWED,
    )
    await mine.DecideOriginal(shred)
    wanted = (await centre.originals.ListWantedOriginals(originals_pb2.ListWantedOriginalsRequest())).originals
    assert {each.return_address for each in wanted} == {back.return_address, ""}
    for each in wanted:
        await centre.originals.SettleOriginal(originals_pb2.SettleOriginalRequest(original_id=each.original_id))
    assert not (await centre.originals.ListWantedOriginals(originals_pb2.ListWantedOriginalsRequest())).originals
    told = {each.position: each for each in (await mine.ListOriginals(listed)).originals}
    assert [step.state for step in told[2].steps] == [
        originals_pb2.ORIGINAL_STATE_STORED,
        originals_pb2.ORIGINAL_STATE_DESTRUCTION_ALLOWED,
        originals_pb2.ORIGINAL_STATE_DESTROYED,
    ]
    assert told[1].state == originals_pb2.ORIGINAL_STATE_RETURNED
    back.state = originals_pb2.ORIGINAL_STATE_STORED
    assert await refused(mine.DecideOriginal(back)) is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_printed_sheet_can_be_read(office: Office, edge: Edge, tenant: UUID) -> None:
    """F15: the sheet that comes out of the printer says twice what leads post to its customer, until it is too old."""
    julia, tom = await office.customer(tenant), await office.customer(tenant)
    lead = await printed(office, julia)
    path = f"/files/customers/{julia.cid}/scan-sheets/{lead.sheet.sheet_id}"
    drawn = await edge.client.get(path, headers=julia.headers)
    assert drawn.headers["Content-Type"] == "application/pdf"
    picture = pypdfium2.PdfDocument(drawn.content)[0].render(scale=2).to_pil()
    found = zxingcpp.read_barcodes(picture)
    assert [code.text for code in found] == [lead.code] * 2
    assert (await edge.client.get(path, headers=tom.headers)).status_code == 404
    office.clock.advance(timedelta(days=366))
    assert (await edge.client.get(path, headers=julia.headers)).status_code == 409


async def test_the_scan_centre_cannot_read(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F15: nothing that was filed can be opened, listed or found by those who filed it."""
    julia = await office.customer(tenant)
    lead = await printed(office, julia)
    await centre.scan([sheet(lead.code), letter("geheim")])
    [document] = await documents_of(julia)
    opened = await edge.client.get(f"/files/documents/{document.document_id}", headers=centre.person.headers)
    assert opened.status_code == 403
    listed = pb.ListDocumentsRequest(customer_id=julia.cid)
    assert await refused(centre.person.vault.ListDocuments(listed)) is grpc.StatusCode.PERMISSION_DENIED
