"""FilingService: proto → use case → proto, no decisions."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import filing_pb2 as pb
from kontor.vault.v1.filing_pb2_grpc import FilingServiceServicer
from kontor.vault.v1.vault_pb2 import Document, DocumentKind
from kontor_chassis.clock import Clock, billing_day
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import cursor_int, decode_cursor, encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import filing_rules, papers
from kontor_vault.filing_rules import KeptLesson
from kontor_vault.proposals import Contracts, Filed, Proposal, Proposals
from kontor_vault.recognising.plain_names import PLAIN_NAMES, PlainName, named_by_machine
from kontor_vault.rpc import convert
from kontor_vault.visibility import require_customer_scope

_LAST_ID = UUID(int=(1 << 128) - 1)


class FilingRpc(FilingServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork, proposals: Proposals, contracts: Contracts, clock: Clock) -> None:
        self._work = work
        self._clock = clock
        self._proposals = proposals
        self._contracts = contracts

    async def ListFilingProposals(
        self, request: pb.ListFilingProposalsRequest, context: Context
    ) -> pb.ListFilingProposalsResponse:
        """See filing.proto."""
        customer_id, size = parse_id(request.customer_id, "customer_id"), page_size(request.page_size)
        require_customer_scope(current_principal(), customer_id)
        cursor = decode_cursor(request.page_token, UUID)
        contracts = await self._contracts.of_customer(customer_id)
        async with self._work.query() as tx:
            found = await self._proposals.open_ones(
                tx,
                customer_id=customer_id,
                before=cursor[0] if cursor else _LAST_ID,
                size=size + 1,
                contracts=contracts or (),
            )
        shown = found[:size]
        token = encode_cursor(shown[-1].document.document_id) if len(found) > size else ""
        return pb.ListFilingProposalsResponse(proposals=map(_proposal, shown), next_page_token=token)

    async def GetFilingProposal(self, request: pb.GetFilingProposalRequest, context: Context) -> pb.FilingProposal:
        """See filing.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        require_customer_scope(current_principal(), customer_id)
        contracts = await self._contracts.of_customer(customer_id)
        async with self._work.query() as tx:
            proposal = await self._proposals.open_one(
                tx,
                customer_id=customer_id,
                document_id=parse_id(request.document_id, "document_id"),
                contracts=contracts or (),
            )
            return _proposal(proposal)

    async def ConfirmFiling(self, request: pb.ConfirmFilingRequest, context: Context) -> Document:
        """See filing.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        require_customer_scope(current_principal(), customer_id)
        filed = Filed(
            request.title,
            convert.kind(request.kind),
            convert.optional_id(request.folder_id, "folder_id"),
            convert.optional_id(request.contract_id, "contract_id"),
            papers.day_of(request.dated_on, "dated_on"),
            papers.day_of(request.due_on, "due_on"),
        )
        contracts = await self._contracts.of_customer(customer_id) if request.contract_id else ()
        async with self._work.command(request) as tx:
            document = await self._proposals.confirm(
                tx,
                customer_id=customer_id,
                document_id=parse_id(request.document_id, "document_id"),
                etag=request.etag,
                filed=filed,
                contracts=contracts,
            )
            return await tx.commit(convert.document(document))

    async def DismissFiling(self, request: pb.DismissFilingRequest, context: Context) -> Empty:
        """See filing.proto."""
        async with self._work.command(request) as tx:
            await self._proposals.dismiss(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=parse_id(request.document_id, "document_id"),
            )
            return await tx.commit(Empty())

    async def ListFilingRules(self, request: pb.ListFilingRulesRequest, context: Context) -> pb.ListFilingRulesResponse:
        """See filing.proto."""
        customer_id, size = parse_id(request.customer_id, "customer_id"), page_size(request.page_size)
        cursor = decode_cursor(request.page_token, UUID)
        async with self._work.query() as tx:
            after = cursor[0] if cursor else UUID(int=0)
            found = await filing_rules.list_rules(tx, customer_id=customer_id, after=after, size=size + 1)
            rows = found[:size]
            kept = filing_rules.opened_lessons(rows, await self._proposals.lessons_key(tx, customer_id)) if rows else []
        token = encode_cursor(rows[-1].filing_rule_id) if len(found) > size else ""
        return pb.ListFilingRulesResponse(rules=map(_rule, kept), next_page_token=token)

    async def DeleteFilingRule(self, request: pb.DeleteFilingRuleRequest, context: Context) -> Empty:
        """See filing.proto."""
        async with self._work.command(request) as tx:
            await filing_rules.forget(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                filing_rule_id=parse_id(request.filing_rule_id, "filing_rule_id"),
            )
            return await tx.commit(Empty())

    async def ListPlainNames(self, request: pb.ListPlainNamesRequest, context: Context) -> pb.ListPlainNamesResponse:
        """See filing.proto."""
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, cursor_int)
        start = cursor[0] if cursor else 0
        today = date.fromisoformat(billing_day(self._clock.now()))
        names = [_name(each, today) for each in PLAIN_NAMES[start : start + size]]
        more = start + size < len(PLAIN_NAMES)
        return pb.ListPlainNamesResponse(names=names, next_page_token=encode_cursor(start + size) if more else "")


def _proposal(proposal: Proposal) -> pb.FilingProposal:
    facts, contract = proposal.facts, proposal.contract
    return pb.FilingProposal(
        document=convert.document(proposal.document),
        title=proposal.title,
        kind=DocumentKind.ValueType(proposal.kind),
        folder_id="" if proposal.folder_id is None else str(proposal.folder_id),
        contract_id="" if contract is None else str(contract.contract_id),
        contract_number="" if contract is None else contract.number,
        dated_on=str(facts.dated_on or ""),
        due_on=str(facts.due_on or ""),
        sender_name=facts.sender,
        plain_name=facts.name,
        confidence=_confidence(proposal),
        reasons=_reasons(proposal),
    )


def _confidence(proposal: Proposal) -> pb.FilingConfidence.ValueType:
    if proposal.contract or (proposal.learned and proposal.learned.lesson):
        return pb.FILING_CONFIDENCE_HIGH
    known = proposal.facts.sender and (proposal.facts.word or proposal.facts.file_name)
    return pb.FILING_CONFIDENCE_MEDIUM if known else pb.FILING_CONFIDENCE_LOW


def _reasons(proposal: Proposal) -> list[pb.FilingReason]:
    facts, learned = proposal.facts, proposal.learned
    given = (
        (pb.FILING_REASON_KIND_LEARNED, facts.sender if learned else ""),
        (pb.FILING_REASON_KIND_CONTRACT, proposal.contract.number if proposal.contract else ""),
        (pb.FILING_REASON_KIND_SENDER, facts.sender),
        (pb.FILING_REASON_KIND_KIND, facts.word),
        (pb.FILING_REASON_KIND_FILE_NAME, facts.file_name),
        (pb.FILING_REASON_KIND_DUE, facts.due_words),
    )
    reasons = [pb.FilingReason(kind=kind, text=text) for kind, text in given if text]
    if learned:
        reasons[0].confirmations = learned.confirmations
    return reasons


def _rule(kept: KeptLesson) -> pb.FilingRule:
    lesson = kept.lesson
    return pb.FilingRule(
        filing_rule_id=str(kept.row.filing_rule_id),
        sender_name=lesson.sender,
        plain_name=lesson.name,
        kind=DocumentKind.ValueType(lesson.kind),
        folder_id=lesson.folder_id,
        title_pattern=lesson.title_pattern,
        confirmations=lesson.confirmations,
        update_time=convert.timestamp(kept.row.update_time),
    )


def _name(plain: PlainName, today: date) -> pb.PlainName:
    named = named_by_machine(plain.example) if plain.example else None
    return pb.PlainName(
        name=plain.name,
        kind=plain.kind,
        codes=plain.codes,
        words=[word.rstrip("*!").replace("*", "…") for word in plain.words],
        example=plain.example,
        example_title=named.title(today) if named else "",
    )
