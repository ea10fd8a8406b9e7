"""The customer's contracts: exactly those released to him (F63, F130, F176)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from kontor.contracts.v1 import contracts_pb2
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.advisers import Adviser, adviser_of
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import signed_in

customer_contracts = Blueprint("customer_contracts", __name__)

_RUNNING = frozenset(
    {
        contracts_pb2.CONTRACT_STATUS_ACTIVE,
        contracts_pb2.CONTRACT_STATUS_PREMIUM_FREE,
        contracts_pb2.CONTRACT_STATUS_SUSPENDED,
    }
)


_BELONGING = (vault_pb2.DOCUMENT_KIND_POLICY, vault_pb2.DOCUMENT_KIND_TERMS)


@dataclass(frozen=True)
class ContractGroup:
    """Contracts under one heading; `kind` is offers, checking, running or ended."""

    kind: str
    contracts: tuple[contracts_pb2.Contract, ...]


@dataclass(frozen=True)
class ContractPage:
    """One contract with what belongs to it."""

    contract: contracts_pb2.Contract
    purpose: str
    documents: tuple[vault_pb2.Document, ...]
    adviser: Adviser

    @property
    def latest(self) -> vault_pb2.Document | None:
        """The document that changed last: since then all are as they are (F99)."""
        return max(self.documents, key=lambda each: each.update_time.ToNanoseconds(), default=None)

    @property
    def missing(self) -> tuple[vault_pb2.DocumentKind.ValueType, ...]:
        """Kinds that belong to every running contract and are not there (F99)."""
        if self.contract.status not in _RUNNING or not self.documents:
            return ()
        there = {each.kind for each in self.documents}
        return tuple(kind for kind in _BELONGING if kind not in there)


@customer_contracts.get("/kunde/vertraege")
def contract_list() -> ResponseReturnValue:
    """List the contracts in groups: offers first."""
    request = contracts_pb2.ListContractsRequest(
        customer_id=signed_in().customer_id, page_size=100, page_token=page_token()
    )
    answer = gateway.contracts().ListContracts(request)
    return render_template(
        "customer/contracts.html", groups=_groups(answer.contracts), next_url=next_page(answer.next_page_token)
    )


@customer_contracts.get("/kunde/vertraege/<id:contract_id>")
def contract(contract_id: str) -> ResponseReturnValue:
    """Show one contract with its documents."""
    customer_id = signed_in().customer_id
    found = gateway.contracts().GetContract(
        contracts_pb2.GetContractRequest(customer_id=customer_id, contract_id=contract_id)
    )
    documents = optional(
        lambda: gateway.vault().ListDocuments(
            vault_pb2.ListDocumentsRequest(customer_id=customer_id, contract_id=contract_id, page_size=100)
        ),
        vault_pb2.ListDocumentsResponse(),
    )
    page = ContractPage(
        contract=found,
        purpose=found.description or _purpose_of(found.line_of_business_id),
        documents=tuple(documents.documents),
        adviser=adviser_of(customer_id)(),
    )
    return render_template("customer/contract.html", page=page)


def _groups(contracts: Iterable[contracts_pb2.Contract]) -> tuple[ContractGroup, ...]:
    found: dict[str, list[contracts_pb2.Contract]] = {"offers": [], "checking": [], "running": [], "ended": []}
    for each in contracts:
        found[_kind(each)].append(each)
    return tuple(ContractGroup(kind, tuple(group)) for kind, group in found.items() if group)


def _kind(contract: contracts_pb2.Contract) -> str:
    if contract.status == contracts_pb2.CONTRACT_STATUS_OFFER:
        return "offers"
    if contract.status == contracts_pb2.CONTRACT_STATUS_START:
        return "checking"
    return "running" if contract.status in _RUNNING else "ended"


def _purpose_of(line_id: str) -> str:
    """Return what contracts of a line are for, in the firm's words (F70)."""
    answer = optional(
        lambda: gateway.contracts().ListLinesOfBusiness(contracts_pb2.ListLinesOfBusinessRequest()),
        contracts_pb2.ListLinesOfBusinessResponse(),
    )
    return next((line.description for line in answer.lines_of_business if line.line_of_business_id == line_id), "")
