"""Paper binders: from the order to folders of registers, and what becomes of the paper."""

from __future__ import annotations

from uuid import UUID

import grpc
import pytest
from kontor.vault.v1 import binders_pb2 as pb
from kontor.vault.v1 import events_pb2, scan_centre_pb2, vault_pb2
from kontor.vault.v1.binders_pb2_grpc import BinderServiceStub
from kontor_chassis.principal import Principal
from kontor_vault.scan_codes import DIVIDER
from PIL import Image
from sqlalchemy import text

from services.vault.tests.piles import blank, letter, sheet
from services.vault.tests.scan_desk import Centre
from services.vault.tests.vault_office import Edge, Office, Person, refused

_HOME = "Julia Brandt\nDeichstraße 9\n20459 Hamburg"


@pytest.fixture
def centre(office: Office, edge: Edge) -> Centre:
    """The scan centre, at work for all firms."""
    return Centre(office, edge)


async def ordered(office: Office, person: Person, customer_id: str) -> pb.BinderOrder:
    """Order the scanning of a binder."""
    calls = office.running.stub(BinderServiceStub, person.token)
    wanted = pb.CreateBinderOrderRequest(
        customer_id=customer_id, name="Versicherungen", pickup_address=_HOME, wish_on="2026-07-10"
    )
    return await calls.CreateBinderOrder(wanted)


async def scanned(
    centre: Centre, order_id: str, pages: list[Image.Image], register: int, *, first: int = 1, duplex: bool = False
) -> None:
    """Scan sheets of a register."""
    wanted = pb.CreateBinderBatchRequest(binder_order_id=order_id, register=register, first_sheet=first, duplex=duplex)
    await centre.send(await centre.binders.CreateBinderBatch(wanted), pages)


async def brought_in(centre: Centre, order_id: str) -> pb.BinderWork:
    """Fetch a binder and write down its registers."""
    about = {"binder_order_id": order_id}
    await centre.binders.PlanBinderPickup(pb.PlanBinderPickupRequest(**about, pickup_on="2026-07-09"))
    await centre.binders.ReceiveBinder(pb.ReceiveBinderRequest(**about, box="O-0007"))
    return await centre.binders.SetBinderIndex(pb.SetBinderIndexRequest(**about, titles=["Kfz", "Hausrat"]))


async def test_a_binder_becomes_folders(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F16, F61: each document lies in its register's folder and tells its sheets; one binder is counted, no piece."""
    julia, petra = await office.customer(tenant), await office.employee(tenant)
    order = await ordered(office, petra, julia.cid)
    about = {"binder_order_id": order.binder_order_id}
    [waiting] = (await centre.binders.ListBinderWork(pb.ListBinderWorkRequest())).binders
    assert (waiting.address, waiting.wish_on, waiting.name) == (_HOME, "2026-07-10", "Versicherungen")
    work = await brought_in(centre, order.binder_order_id)
    assert (work.address, work.box) == ("", "O-0007")
    pages = [letter("eins"), letter("zwei"), sheet(DIVIDER), blank(), letter("drei"), blank()]
    await scanned(centre, order.binder_order_id, pages, 2, duplex=True)
    await scanned(centre, order.binder_order_id, [letter("vier"), letter("fünf")], 2, first=3)
    done = await centre.binders.CompleteBinder(pb.CompleteBinderRequest(**about))
    assert done.state == pb.BINDER_STATE_STORED
    assert not done.registers

    mine = office.running.stub(BinderServiceStub, julia.token)
    places = (await mine.ListBinderPlaces(pb.ListBinderPlacesRequest(customer_id=julia.cid))).places
    assert [(each.register, list(each.page_sheets)) for each in places] == [(2, [1, 1]), (2, [2]), (2, [3, 4])]
    first = await mine.ListBinderPlaces(pb.ListBinderPlacesRequest(customer_id=julia.cid, page_size=2))
    rest = pb.ListBinderPlacesRequest(customer_id=julia.cid, page_size=2, page_token=first.next_page_token)
    assert list((await mine.ListBinderPlaces(rest)).places) == list(places[2:])
    document = await julia.vault.GetDocument(
        vault_pb2.GetDocumentRequest(customer_id=julia.cid, document_id=places[2].document_id)
    )
    assert document.title == "Versicherungen, Hausrat, Blatt 3–4"
    folders = (await julia.vault.ListFolders(vault_pb2.ListFoldersRequest(customer_id=julia.cid))).folders
    assert {each.name for each in folders} == {"Ordner Versicherungen", "2 Hausrat"}
    assert document.folder_id == next(each.folder_id for each in folders if each.name == "2 Hausrat")
    seen = await office.running.stub(BinderServiceStub, petra.token).GetBinderOrder(
        pb.GetBinderOrderRequest(customer_id=julia.cid, **about)
    )
    assert [(each.documents, each.sheets, each.folder_id) for each in seen.registers] == [(0, 0, ""), (3, 4, "")]
    assert [step.state for step in seen.steps] == [1, 2, 3, 4, 5]
    async with office.jobs.work.work(Principal.of_service("vault")) as tx:
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE '%BinderScanned'"))
        [counted] = [events_pb2.BinderScanned.FromString(row.payload) for row in rows]
        others = await tx.session.scalar(text("SELECT count(*) FROM outbox WHERE type LIKE '%PieceScanned'"))
    assert (counted.customer_id, counted.documents, counted.sheets, counted.period) == (julia.cid, 3, 4, "2026-07")
    assert others == 0


async def test_what_is_unclear_in_a_binder_waits(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F16: a damaged code may be another customer's sheet; nothing is complete before somebody looked."""
    julia = await office.customer(tenant)
    order = await ordered(office, julia, julia.cid)
    await brought_in(centre, order.binder_order_id)
    await scanned(centre, order.binder_order_id, [letter("eins"), sheet(DIVIDER, damaged=True), letter("zwei")], 1)
    complete = pb.CompleteBinderRequest(binder_order_id=order.binder_order_id)
    assert await refused(centre.binders.CompleteBinder(complete)) is grpc.StatusCode.FAILED_PRECONDITION
    [unclear] = await centre.pieces()
    await centre.calls.AssignScanPiece(
        scan_centre_pb2.AssignScanPieceRequest(piece_id=unclear.piece_id, sheet_number=order.number.lower())
    )
    await centre.work()
    assert (await centre.binders.CompleteBinder(complete)).state == pb.BINDER_STATE_STORED


async def test_a_binder_has_a_fate(office: Office, edge: Edge, tenant: UUID, centre: Centre) -> None:
    """F16, F61: only the owner has it sent back or destroyed, and only what is scanned; others find no order."""
    julia, tom, petra = await office.customer(tenant), await office.customer(tenant), await office.employee(tenant)
    mine = office.running.stub(BinderServiceStub, julia.token)
    first = await ordered(office, julia, julia.cid)
    cancel = pb.CancelBinderOrderRequest(customer_id=julia.cid, binder_order_id=first.binder_order_id)
    assert (await mine.CancelBinderOrder(cancel)).pickup_address == ""
    late = pb.PlanBinderPickupRequest(binder_order_id=first.binder_order_id, pickup_on="2026-07-09")
    assert await refused(centre.binders.PlanBinderPickup(late)) is grpc.StatusCode.FAILED_PRECONDITION
    order = await ordered(office, julia, julia.cid)
    decide = pb.DecideBinderOrderRequest(
        customer_id=julia.cid, binder_order_id=order.binder_order_id, state=pb.BINDER_STATE_DESTRUCTION_ALLOWED
    )
    assert await refused(mine.DecideBinderOrder(decide)) is grpc.StatusCode.FAILED_PRECONDITION
    await brought_in(centre, order.binder_order_id)
    await scanned(centre, order.binder_order_id, [letter("eins")], 1)
    await centre.binders.CompleteBinder(pb.CompleteBinderRequest(binder_order_id=order.binder_order_id))
    theirs = office.running.stub(BinderServiceStub, tom.token)
    look = pb.GetBinderOrderRequest(customer_id=tom.cid, binder_order_id=order.binder_order_id)
    assert await refused(theirs.GetBinderOrder(look)) is grpc.StatusCode.NOT_FOUND
    desk = office.running.stub(BinderServiceStub, petra.token)
    assert await refused(desk.DecideBinderOrder(decide)) is grpc.StatusCode.PERMISSION_DENIED
    decide.state = pb.BINDER_STATE_RETURN_WANTED
    assert await refused(mine.DecideBinderOrder(decide)) is grpc.StatusCode.INVALID_ARGUMENT
    decide.return_address = _HOME
    await mine.DecideBinderOrder(decide)
    settle = pb.SettleBinderRequest(binder_order_id=order.binder_order_id)
    assert (await centre.binders.SettleBinder(settle)).address == ""
    assert not (await centre.binders.ListBinderWork(pb.ListBinderWorkRequest())).binders
