"""What the page of a contract says about its papers (F99)."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.contracts.v1 import contracts_pb2
from kontor.vault.v1 import vault_pb2
from kontor_portal.advisers import Adviser
from kontor_portal.views.customer_contracts import ContractPage

_NOBODY = Adviser("", "", "", "")


def page(status: contracts_pb2.ContractStatus.ValueType, *papers: tuple[int, str]) -> ContractPage:
    """Return the page of a contract with papers of these kinds, changed at these times."""
    documents = []
    for kind, changed in papers:
        time = Timestamp()
        time.FromJsonString(changed)
        documents.append(vault_pb2.Document(kind=vault_pb2.DocumentKind.ValueType(kind), update_time=time))
    return ContractPage(contracts_pb2.Contract(status=status), "", tuple(documents), _NOBODY)


def test_a_contract_says_since_when_its_papers_are_as_they_are() -> None:
    """F99: the latest change counts, and a running contract says what it lacks."""
    policy = (vault_pb2.DOCUMENT_KIND_POLICY, "2026-01-02T10:00:00Z")
    invoice = (vault_pb2.DOCUMENT_KIND_INVOICE, "2026-03-02T10:00:00Z")
    running = page(contracts_pb2.CONTRACT_STATUS_ACTIVE, invoice, policy)
    assert running.latest is not None
    assert running.latest.kind == vault_pb2.DOCUMENT_KIND_INVOICE
    assert running.missing == (vault_pb2.DOCUMENT_KIND_TERMS,)
    assert page(contracts_pb2.CONTRACT_STATUS_ENDED, policy).missing == ()
    empty = page(contracts_pb2.CONTRACT_STATUS_ACTIVE)
    assert (empty.latest, empty.missing) == (None, ())
