"""SearchService: proto → search → proto, no decisions."""

from __future__ import annotations

from kontor.vault.v1 import search_pb2 as pb
from kontor.vault.v1.search_pb2_grpc import SearchServiceServicer
from kontor_chassis.database import RowReader
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import queries
from kontor_vault.rpc import convert
from kontor_vault.rpc.releases import Releases
from kontor_vault.search_tables import TextState
from kontor_vault.searching import LABELS, SIMILAR, TEXT, TITLE, Facets, Hit, Search, Searching, reading_of
from kontor_vault.visibility import require_customer_scope

_PLACES = {
    TITLE: pb.HIT_PLACE_TITLE,
    LABELS: pb.HIT_PLACE_LABELS,
    TEXT: pb.HIT_PLACE_TEXT,
    SIMILAR: pb.HIT_PLACE_SIMILAR,
}
_STATES = {
    TextState.WAITING: pb.READING_STATE_WAITING,
    TextState.READ: pb.READING_STATE_READ,
    TextState.NO_TEXT: pb.READING_STATE_NO_TEXT,
    TextState.NO_RECOGNITION: pb.READING_STATE_NO_RECOGNITION,
    TextState.UNREADABLE: pb.READING_STATE_UNREADABLE,
}


class SearchRpc(SearchServiceServicer):
    """SearchService."""

    def __init__(self, rows: RowReader, searching: Searching, releases: Releases) -> None:
        self._rows = rows
        self._releases = releases
        self._searching = searching

    async def SearchDocuments(self, request: pb.SearchDocumentsRequest, context: Context) -> pb.SearchDocumentsResponse:
        """See search.proto."""
        caller = current_principal()
        customer_id = convert.optional_id(request.customer_id, "customer_id")
        if customer_id is not None:
            require_customer_scope(caller, customer_id)
        wanted = Search(
            query=request.query,
            customer_id=customer_id,
            kinds=tuple(request.kinds),
            year=request.year,
            folder_id=convert.optional_id(request.folder_id, "folder_id"),
            concerned_person=request.concerned_person,
            release_id=await self._releases.of_caller(),
        )
        hits, token = await self._searching.search(
            caller, wanted, size=page_size(request.page_size), page_token=request.page_token
        )
        answer = pb.SearchDocumentsResponse(hits=map(_hit, hits), next_page_token=token)
        if not request.page_token:
            answer.facets.CopyFrom(_facets(await self._searching.facets(caller, wanted)))
        return answer

    async def GetDocumentReading(self, request: pb.GetDocumentReadingRequest, context: Context) -> pb.DocumentReading:
        """See search.proto."""
        caller, customer_id = current_principal(), parse_id(request.customer_id, "customer_id")
        require_customer_scope(caller, customer_id)
        document = await queries.find_document(
            self._rows, caller, customer_id=customer_id, document_id=parse_id(request.document_id, "document_id")
        )
        reading = document and await reading_of(self._rows, caller, document)
        if not reading:
            raise not_found("Das Dokument")
        return pb.DocumentReading(
            document_id=request.document_id, state=_STATES[reading["state"]], pages=reading["pages"]
        )


def _hit(hit: Hit) -> pb.SearchHit:
    pieces = [pb.ExcerptPiece(text=piece.text, found=piece.found) for piece in hit.passage]
    return pb.SearchHit(document=convert.document_row(hit.row), place=_PLACES[hit.tier], excerpt=pieces)


def _facets(facets: Facets) -> pb.SearchFacets:
    return pb.SearchFacets(
        documents=facets.documents,
        kinds=[
            pb.KindCount(kind=kind, documents=count)
            for kind, count in zip(convert.kinds(facets.kinds), facets.kinds.values(), strict=True)
        ],
        years=[pb.YearCount(year=year, documents=count) for year, count in facets.years.items()],
        folders=[
            pb.FolderCount(folder_id=str(folder_id), name=name, documents=count)
            for (folder_id, name), count in facets.folders.items()
        ],
        concerned_persons=[
            pb.PersonCount(concerned_person=person, documents=count) for person, count in facets.persons.items()
        ],
    )
