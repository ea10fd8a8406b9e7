"""Proposals of where papers belong, as pages show them: what is proposed, how sure it is, and why (F1, F146)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kontor.contracts.v1 import contracts_pb2
from kontor.vault.v1 import filing_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.folders import FolderTree
from kontor_portal.heard import line_name
from kontor_portal.i18n import t
from kontor_portal.labels import Label
from kontor_portal.reading import optional

SHOWN_TO_FILE = 3
"""How many proposals the list of documents shows; the others stand on a page of their own."""


@dataclass(frozen=True)
class ProposalView:
    """A proposal with its words; `contracts` to choose from are only asked for where there is a form."""

    proposal: filing_pb2.FilingProposal
    folder: str
    reasons: tuple[str, ...]
    confidence: Label
    contracts: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class ToFile:
    """The first papers that wait to be filed, and whether there are more."""

    proposals: tuple[ProposalView, ...]
    has_more: bool


def to_file(customer_id: str, tree: FolderTree) -> ToFile:
    """Ask for the first papers that wait; none when the platform cannot say."""
    request = filing_pb2.ListFilingProposalsRequest(customer_id=customer_id, page_size=SHOWN_TO_FILE)
    answer = optional(lambda: gateway.filing().ListFilingProposals(request), filing_pb2.ListFilingProposalsResponse())
    return ToFile(tuple(view_of(each, tree) for each in answer.proposals), bool(answer.next_page_token))


def proposal_for(customer_id: str, document_id: str, tree: FolderTree) -> ProposalView | None:
    """Ask for the proposal for a document, with the contracts to choose from; None when it does not wait."""
    request = filing_pb2.GetFilingProposalRequest(customer_id=customer_id, document_id=document_id)
    found = optional(lambda: gateway.filing().GetFilingProposal(request), None)
    return None if found is None else view_of(found, tree, _contracts(customer_id))


def view_of(proposal: filing_pb2.FilingProposal, tree: FolderTree, contracts: tuple[Choice, ...] = ()) -> ProposalView:
    """Return a proposal with its words."""
    folder = folder_name(tree, proposal.folder_id)
    reasons = tuple(_reason(each, folder) for each in proposal.reasons)
    return ProposalView(proposal, folder, reasons, _confidence(proposal.confidence), contracts)


def folder_name(tree: FolderTree, folder_id: str) -> str:
    """Return a folder with those above it; for the root, what people call that."""
    return " / ".join(each.name for each in tree.path(folder_id)) or t("Ohne Ordner")


def title_in_words(pattern: str) -> str:
    """Return how titles are made, with words for the places in it."""
    words = {
        "{name}": t("[Art]"),
        "{sender}": t("[Absender]"),
        "{contract}": t("[Vertragsnummer]"),
        "{date}": t("[Datum]"),
        "{month}": t("[Monat]"),
        "{year}": t("[Jahr]"),
    }
    for place, word in words.items():
        pattern = pattern.replace(place, word)
    return pattern


def _confidence(value: filing_pb2.FilingConfidence.ValueType) -> Label:
    return {
        filing_pb2.FILING_CONFIDENCE_HIGH: Label(t("Sicher erkannt"), "ok"),
        filing_pb2.FILING_CONFIDENCE_MEDIUM: Label(t("Wahrscheinlich"), "info"),
    }.get(value, Label(t("Bitte prüfen"), "warn"))


def _reason(reason: filing_pb2.FilingReason, folder: str) -> str:
    if reason.kind == filing_pb2.FILING_REASON_KIND_LEARNED:
        return t(
            "weil Sie Post von %(sender)s bisher unter „%(folder)s“ abgelegt haben (%(count)s-mal)",
            du="weil du Post von %(sender)s bisher unter „%(folder)s“ abgelegt hast (%(count)s-mal)",
            sender=reason.text,
            folder=folder,
            count=reason.confirmations,
        )
    return {
        filing_pb2.FILING_REASON_KIND_CONTRACT: t(
            "weil die Nummer Ihres Vertrags darin steht: %(words)s",
            du="weil die Nummer deines Vertrags darin steht: %(words)s",
            words=reason.text,
        ),
        filing_pb2.FILING_REASON_KIND_SENDER: t("weil %(words)s als Absender genannt ist", words=reason.text),
        filing_pb2.FILING_REASON_KIND_KIND: t("weil „%(words)s“ darin steht", words=reason.text),
        filing_pb2.FILING_REASON_KIND_FILE_NAME: t("weil die Datei „%(words)s“ heißt", words=reason.text),
        filing_pb2.FILING_REASON_KIND_DUE: t("weil es heißt: „%(words)s“", words=reason.text),
    }.get(reason.kind, "")


def _contracts(customer_id: str) -> tuple[Choice, ...]:
    request = contracts_pb2.ListContractsRequest(customer_id=customer_id, page_size=100)
    answer = optional(lambda: gateway.contracts().ListContracts(request), contracts_pb2.ListContractsResponse())
    return (Choice("", t("Zu keinem Vertrag")), *_named(answer.contracts))


def _named(contracts: Sequence[contracts_pb2.Contract]) -> list[Choice]:
    return [
        Choice(each.contract_id, f"{line_name(each.line_of_business_name)}, {each.insurer_name} {each.number}")
        for each in contracts
    ]
