"""ScanSheetService and OriginalService: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import originals_pb2, scan_sheets_pb2
from kontor.vault.v1.originals_pb2_grpc import OriginalServiceServicer
from kontor.vault.v1.scan_sheets_pb2_grpc import ScanSheetServiceServicer
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import originals, scan_sheets
from kontor_vault.keys import CustomerKeys
from kontor_vault.people import People
from kontor_vault.rpc import convert
from kontor_vault.scan_tables import Original, OriginalState, OriginalStep, ScanSheet

_STATE = "ORIGINAL_STATE_"


class ScanSheetRpc(ScanSheetServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork, keys: CustomerKeys, people: People, default_quota_bytes: int) -> None:
        self._work = work
        self._keys = keys
        self._people = people
        self._default_quota_bytes = default_quota_bytes

    async def CreateScanSheet(
        self, request: scan_sheets_pb2.CreateScanSheetRequest, context: Context
    ) -> scan_sheets_pb2.ScanSheet:
        customer_id = _customer(request)
        caller = current_principal()
        if caller.is_staff:
            await self._people.require_customer(caller.required_tenant(), customer_id)
        async with self._work.command(request) as tx:
            sheet = await scan_sheets.create_sheet(
                tx, customer_id=customer_id, label=request.label, default_limit=self._default_quota_bytes
            )
            return await tx.commit(_sheet(tx, sheet))

    async def ListScanSheets(
        self, request: scan_sheets_pb2.ListScanSheetsRequest, context: Context
    ) -> scan_sheets_pb2.ListScanSheetsResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await scan_sheets.list_sheets(
                tx, customer_id=_customer(request), before=cursor[0] if cursor else None, size=size + 1
            )
            token = encode_cursor(found[size - 1].sheet_id) if len(found) > size else ""
            sheets = [_sheet(tx, sheet) for sheet in found[:size]]
        return scan_sheets_pb2.ListScanSheetsResponse(sheets=sheets, next_page_token=token)

    async def GetScanSheet(
        self, request: scan_sheets_pb2.GetScanSheetRequest, context: Context
    ) -> scan_sheets_pb2.PrintedScanSheet:
        async with self._work.command(request) as tx:
            sheet = await scan_sheets.get_sheet(tx, customer_id=_customer(request), sheet_id=_sheet_id(request))
            code = await scan_sheets.printed_code(tx, self._keys, sheet)
            return await tx.commit(scan_sheets_pb2.PrintedScanSheet(sheet=_sheet(tx, sheet), code=code))

    async def RevokeScanSheet(
        self, request: scan_sheets_pb2.RevokeScanSheetRequest, context: Context
    ) -> scan_sheets_pb2.ScanSheet:
        async with self._work.command(request) as tx:
            sheet = await scan_sheets.revoke_sheet(tx, customer_id=_customer(request), sheet_id=_sheet_id(request))
            return await tx.commit(_sheet(tx, sheet))

    async def GetScanUsage(
        self, request: scan_sheets_pb2.GetScanUsageRequest, context: Context
    ) -> scan_sheets_pb2.ScanUsage:
        async with self._work.query() as tx:
            period, pieces, sheets = await scan_sheets.usage_of(
                tx, customer_id=_customer(request), period=request.period
            )
        return scan_sheets_pb2.ScanUsage(period=period, pieces=pieces, sheets=sheets)


class OriginalRpc(OriginalServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def ListOriginals(
        self, request: originals_pb2.ListOriginalsRequest, context: Context
    ) -> originals_pb2.ListOriginalsResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await originals.list_originals(
                tx,
                customer_id=_customer(request),
                document_id=convert.optional_id(request.document_id, "document_id"),
                before=cursor[0] if cursor else None,
                size=size + 1,
            )
            token = encode_cursor(found[size - 1].original_id) if len(found) > size else ""
            shown = found[:size]
            steps = await originals.steps_of(tx, [each.original_id for each in shown])
            answer = [_original(tx, each, steps[each.original_id]) for each in shown]
        return originals_pb2.ListOriginalsResponse(originals=answer, next_page_token=token)

    async def DecideOriginal(
        self, request: originals_pb2.DecideOriginalRequest, context: Context
    ) -> originals_pb2.Original:
        async with self._work.command(request) as tx:
            original = await originals.wish(
                tx,
                customer_id=_customer(request),
                original_id=parse_id(request.original_id, "original_id"),
                state=OriginalState(originals_pb2.OriginalState.Name(request.state).removeprefix(_STATE)),
                address=request.return_address,
                etag=request.etag,
            )
            steps = await originals.steps_of(tx, [original.original_id])
            return await tx.commit(_original(tx, original, steps[original.original_id]))

    async def ListWantedOriginals(
        self, request: originals_pb2.ListWantedOriginalsRequest, context: Context
    ) -> originals_pb2.ListWantedOriginalsResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            found = await originals.list_wanted(tx, after=cursor[0] if cursor else UUID(int=0), size=size + 1)
        token = encode_cursor(found[size - 1].original_id) if len(found) > size else ""
        return originals_pb2.ListWantedOriginalsResponse(
            originals=[_wanted(each) for each in found[:size]], next_page_token=token
        )

    async def SettleOriginal(
        self, request: originals_pb2.SettleOriginalRequest, context: Context
    ) -> originals_pb2.WantedOriginal:
        async with self._work.command(request) as tx:
            original = await originals.settle(tx, original_id=parse_id(request.original_id, "original_id"))
            return await tx.commit(_wanted(original))


def _customer(
    request: scan_sheets_pb2.CreateScanSheetRequest
    | scan_sheets_pb2.ListScanSheetsRequest
    | scan_sheets_pb2.GetScanSheetRequest
    | scan_sheets_pb2.RevokeScanSheetRequest
    | scan_sheets_pb2.GetScanUsageRequest
    | originals_pb2.ListOriginalsRequest
    | originals_pb2.DecideOriginalRequest,
) -> UUID:
    return parse_id(request.customer_id, "customer_id")


def _sheet_id(request: scan_sheets_pb2.GetScanSheetRequest | scan_sheets_pb2.RevokeScanSheetRequest) -> UUID:
    return parse_id(request.sheet_id, "sheet_id")


def _sheet(tx: Transaction, sheet: ScanSheet) -> scan_sheets_pb2.ScanSheet:
    return scan_sheets_pb2.ScanSheet(
        sheet_id=str(sheet.sheet_id),
        customer_id=str(sheet.customer_id),
        number=sheet.number,
        label=sheet.label,
        create_time=convert.timestamp(sheet.create_time),
        expire_time=convert.timestamp(sheet.expire_time),
        revoke_time=None if sheet.revoke_time is None else convert.timestamp(sheet.revoke_time),
        valid=sheet.is_valid(tx.now),
    )


def _original_state(state: str) -> originals_pb2.OriginalState.ValueType:
    return originals_pb2.OriginalState.Value(_STATE + state)


def _original(tx: Transaction, original: Original, steps: list[OriginalStep]) -> originals_pb2.Original:
    return originals_pb2.Original(
        original_id=str(original.original_id),
        customer_id=str(original.customer_id),
        document_id="" if tx.principal.is_staff else str(original.document_id),
        box=original.box,
        position=original.position,
        pages=original.pages,
        sheets=original.sheets,
        scan_time=convert.timestamp(original.scan_time),
        keep_until=str(original.keep_until),
        state=_original_state(original.state),
        steps=[
            originals_pb2.OriginalStep(
                state=_original_state(step.state), name=step.account_name, time=convert.timestamp(step.time)
            )
            for step in steps
        ],
        etag=etag_of(original.version),
    )


def _wanted(original: Original) -> originals_pb2.WantedOriginal:
    return originals_pb2.WantedOriginal(
        original_id=str(original.original_id),
        box=original.box,
        position=original.position,
        sheets=original.sheets,
        scan_time=convert.timestamp(original.scan_time),
        state=_original_state(original.state),
        return_address=original.return_address,
    )
