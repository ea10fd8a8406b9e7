"""Proposals of where papers belong: made when they are read, confirmed by a person, learned per household."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.contracts.v1 import contracts_pb2
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor.vault.v1 import filing_pb2 as pb
from kontor.vault.v1 import vault_pb2
from kontor.vault.v1.filing_pb2_grpc import FilingServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_chassis.testing.server import Running, running
from kontor_tools.embedded.nats import EmbeddedNats

from services.vault.tests.integration.test_search import pdf_of, reader_of
from services.vault.tests.vault_office import Edge, Office, Person, refused, upload

if TYPE_CHECKING:  # the generated stub knows this name only for type checkers
    from kontor.vault.v1.filing_pb2_grpc import FilingServiceAsyncStub

pytestmark = pytest.mark.integration


def premium(day: str, due: str, number: str = "AS-9312 4711 88") -> bytes:
    """Return a premium invoice as an insurer sends it."""
    return pdf_of(
        "Allianz Versicherungs-AG, 10900 Berlin",
        "Frau Julia Brandt, 22765 Hamburg",
        f"Berlin, {day}",
        "Beitragsrechnung zu Ihrer Kfz-Versicherung",
        f"Versicherungsschein-Nr. {number}",
        "Sehr geehrte Frau Brandt,",
        f"bitte überweisen Sie 490,64 EUR bis spätestens zum {due} auf unser Konto.",
    )


@pytest.fixture
async def contracts(
    service_database: ServiceDatabases, nats: EmbeddedNats, identity: Running
) -> AsyncIterator[Running]:
    """The contracts service, which the vault asks for numbers."""
    database = service_database("contracts")
    async with running(
        "kontor_contracts", database_url=database.url, nats_url=nats.url, identity_address=identity.address
    ) as service:
        yield service


@pytest.fixture
def contracts_address(contracts: Running) -> str:
    """Where it answers."""
    return contracts.address


class Desk:
    """Files as one person."""

    def __init__(self, office: Office, person: Person) -> None:
        self._stub: FilingServiceAsyncStub = office.running.stub(FilingServiceStub, person.token)
        self._cid = person.cid

    async def waiting(self, **more: Any) -> list[pb.FilingProposal]:
        """Return the proposals of the first page."""
        request = pb.ListFilingProposalsRequest(customer_id=self._cid, **more)
        return list((await self._stub.ListFilingProposals(request)).proposals)

    async def proposal(self, document: vault_pb2.Document) -> pb.FilingProposal:
        """Return the proposal for a document."""
        return await self._stub.GetFilingProposal(
            pb.GetFilingProposalRequest(customer_id=self._cid, document_id=document.document_id)
        )

    async def confirm(self, proposal: pb.FilingProposal, **changes: Any) -> vault_pb2.Document:
        """File as it was proposed, but for the changes."""
        given: dict[str, Any] = {
            "customer_id": self._cid,
            "document_id": proposal.document.document_id,
            "title": proposal.title,
            "kind": proposal.kind,
            "folder_id": proposal.folder_id,
            "contract_id": proposal.contract_id,
            "dated_on": proposal.dated_on,
            "due_on": proposal.due_on,
            "etag": proposal.document.etag,
        }
        return await self._stub.ConfirmFiling(pb.ConfirmFilingRequest(**(given | changes)))

    async def dismiss(self, document: vault_pb2.Document) -> None:
        """Leave a document as it is."""
        await self._stub.DismissFiling(pb.DismissFilingRequest(customer_id=self._cid, document_id=document.document_id))

    async def rules(self) -> list[pb.FilingRule]:
        """Return what was learned."""
        return list((await self._stub.ListFilingRules(pb.ListFilingRulesRequest(customer_id=self._cid))).rules)

    async def forget(self, rule: pb.FilingRule) -> None:
        """Forget what was learned."""
        await self._stub.DeleteFilingRule(
            pb.DeleteFilingRuleRequest(customer_id=self._cid, filing_rule_id=rule.filing_rule_id)
        )


def reasons(proposal: pb.FilingProposal) -> list[str]:
    """Return on what a proposal rests."""
    return [pb.FilingReasonKind.Name(each.kind).removeprefix("FILING_REASON_KIND_") for each in proposal.reasons]


async def folder(person: Person, name: str) -> str:
    """Make a folder and return its id."""
    made = await person.vault.CreateFolder(
        vault_pb2.CreateFolderRequest(customer_id=person.cid, folder=vault_pb2.Folder(name=name))
    )
    return made.folder_id


async def contract(contracts: Running, office: Office, tenant: UUID, customer: Person, *, released: bool) -> str:
    """Let the firm enter a contract of the customer's and return its id."""
    staff = contracts.stub(ContractsServiceStub, office.person(tenant, Role.ROLE_STAFF).token)
    lines = await staff.ListLinesOfBusiness(contracts_pb2.ListLinesOfBusinessRequest())
    stated = contracts_pb2.Contract(
        line_of_business_id=lines.lines_of_business[0].line_of_business_id,
        number="AS-9312471188",
        insurer_name="Allianz",
    )
    made = await staff.CreateContract(contracts_pb2.CreateContractRequest(customer_id=customer.cid, contract=stated))
    if released:
        await staff.ReleaseContract(
            contracts_pb2.ReleaseContractRequest(customer_id=customer.cid, contract_id=made.contract_id)
        )
    return made.contract_id


async def test_a_letter_is_proposed_confirmed_and_learned_from(
    office: Office, edge: Edge, tenant: UUID, contracts: Running
) -> None:
    """F1, F146: nothing moves by itself; what was corrected is proposed for the next, with its reason; forgetting."""
    customer = await office.customer(tenant)
    desk, car = Desk(office, customer), await folder(customer, "Auto")
    own = await contract(contracts, office, tenant, customer, released=True)
    first = await upload(edge, customer, premium("02.01.2026", "01.02.2026"), file_name="scan0001.pdf")
    assert first.title == "Scan vom 01.07.2026"
    await reader_of(office).read_waiting()
    proposal = await desk.proposal(first)
    assert proposal.title == "Beitragsrechnung Allianz vom 02.01.2026"
    assert (proposal.kind, proposal.contract_id) == (vault_pb2.DOCUMENT_KIND_INVOICE, own)
    assert (proposal.dated_on, proposal.due_on, proposal.folder_id) == ("2026-01-02", "2026-02-01", "")
    assert reasons(proposal) == ["CONTRACT", "SENDER", "KIND", "DUE"]
    untouched = await customer.vault.GetDocument(
        vault_pb2.GetDocumentRequest(customer_id=customer.cid, document_id=first.document_id)
    )
    assert (untouched.title, untouched.folder_id, untouched.contract_id) == (first.title, "", "")

    request_id = str(new_id())
    filed = await desk.confirm(proposal, title="Kfz-Beitrag Allianz 2026", folder_id=car, request_id=request_id)
    again = await desk.confirm(proposal, title="Kfz-Beitrag Allianz 2026", folder_id=car, request_id=request_id)
    assert filed == again
    assert (filed.title, filed.folder_id, filed.contract_id) == ("Kfz-Beitrag Allianz 2026", car, own)
    assert (filed.dated_on, filed.due_on) == ("2026-01-02", "2026-02-01")
    assert await refused(desk.proposal(first)) is StatusCode.NOT_FOUND
    [rule] = await desk.rules()
    assert (rule.sender_name, rule.plain_name, rule.folder_id) == ("Allianz", "Beitragsrechnung", car)
    assert rule.title_pattern == "Kfz-Beitrag {sender} {year}"

    second = await upload(edge, customer, premium("03.01.2025", "01.02.2025"), file_name="scan0002.pdf")
    await reader_of(office).read_waiting()
    learned = await desk.proposal(second)
    assert (learned.title, learned.folder_id) == ("Kfz-Beitrag Allianz 2025", car)
    assert reasons(learned)[0] == "LEARNED"
    assert learned.confidence == pb.FILING_CONFIDENCE_HIGH
    await desk.forget(rule)
    assert await desk.rules() == []
    assert (await desk.proposal(second)).folder_id == ""
    await desk.confirm(await desk.proposal(second), folder_id=car)
    assert [each.confirmations for each in await desk.rules()] == [1]


async def test_confirming_keeps_to_what_is_there(office: Office, edge: Edge, tenant: UUID, contracts: Running) -> None:
    """F1: a changed document, a foreign folder and a contract that is not the customer's to see are refused."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    hidden = await contract(contracts, office, tenant, customer, released=False)
    desk = Desk(office, customer)
    document = await upload(edge, customer, premium("02.01.2026", "01.02.2026"), file_name="scan0001.pdf")
    await reader_of(office).read_waiting()
    proposal = await desk.proposal(document)
    assert proposal.contract_id == ""
    assert await refused(desk.confirm(proposal, contract_id=hidden)) is StatusCode.INVALID_ARGUMENT
    assert await refused(desk.confirm(proposal, etag="other")) is StatusCode.ABORTED
    assert await refused(desk.confirm(proposal, folder_id=await folder(other, "x"))) is StatusCode.NOT_FOUND
    assert await refused(desk.confirm(proposal, dated_on="2026-02-30")) is StatusCode.INVALID_ARGUMENT
    assert [each.document.document_id for each in await desk.waiting()] == [document.document_id]
    await desk.dismiss(document)
    await desk.dismiss(document)
    assert await desk.waiting() == []
    assert await desk.rules() == []
    assert await refused(desk.confirm(proposal)) is StatusCode.NOT_FOUND


async def test_proposals_and_rules_are_the_customers_alone(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: no other customer, no firm even with a grant reaches them; the database holds none of it readable."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    desk, stranger = Desk(office, customer), Desk(office, other)
    documents = [
        await upload(edge, customer, premium(f"0{day}.01.2026", "01.02.2026"), file_name=f"scan000{day}.pdf")
        for day in (2, 3, 4)
    ]
    await upload(edge, customer, pdf_of("Liebe Julia,", "komm bald."), file_name="Brief.pdf")
    await reader_of(office).read_waiting()
    newest_first = [each.document_id for each in reversed(documents)]
    assert [each.document.document_id for each in await desk.waiting()] == newest_first
    assert [each.document.document_id for each in await desk.waiting(page_size=1)] == newest_first[:1]
    await customer.vault.CreateGrant(
        vault_pb2.CreateGrantRequest(
            customer_id=customer.cid, grant=vault_pb2.Grant(document_id=documents[0].document_id)
        )
    )
    proposal = await desk.proposal(documents[0])
    await desk.confirm(proposal)
    staff = office.person(tenant, Role.ROLE_STAFF)
    as_staff = office.running.stub(FilingServiceStub, staff.token)
    asked = pb.ListFilingProposalsRequest(customer_id=customer.cid)
    assert await refused(as_staff.ListFilingProposals(asked)) is StatusCode.PERMISSION_DENIED
    foreign = office.running.stub(FilingServiceStub, other.token)
    assert await refused(foreign.ListFilingProposals(asked)) is StatusCode.NOT_FOUND
    [rule] = await desk.rules()
    assert await refused(stranger.forget(rule)) is StatusCode.NOT_FOUND
    assert await refused(stranger.confirm(await desk.proposal(documents[1]))) is StatusCode.NOT_FOUND
    await customer.vault.TrashDocument(
        vault_pb2.TrashDocumentRequest(customer_id=customer.cid, document_id=documents[1].document_id)
    )
    assert len(await desk.waiting()) == 1, "what lies in the trash does not wait"
    owner = await asyncpg.connect(office.database.owner_url)
    try:
        await owner.execute("SET kontor.role = 'service'")
        rows = await owner.fetch("SELECT facts FROM filing_proposals UNION ALL SELECT lesson FROM filing_rules")
    finally:
        await owner.close()
    assert len(rows) == 4
    assert not any(b"Allianz" in row["facts"] for row in rows)


async def test_plain_names_are_published_and_kinds_counted(office: Office, edge: Edge, tenant: UUID) -> None:
    """F146, F147: the list of plain names; a delivered file gets name and kind; lists and labels by kind."""
    customer = await office.customer(tenant)
    policy = await upload(edge, customer, b"1", file_name="VN_4711882_POL_20260101.pdf")
    await upload(edge, customer, b"2", file_name="Brief an Oma.txt")
    assert policy.title == "Versicherungsschein zu 4711882 vom 01.01.2026"
    assert policy.kind == vault_pb2.DOCUMENT_KIND_POLICY
    of_kind = vault_pb2.ListDocumentsRequest(customer_id=customer.cid, kind=vault_pb2.DOCUMENT_KIND_POLICY)
    assert [each.title for each in (await customer.vault.ListDocuments(of_kind)).documents] == [policy.title]
    labels = await customer.vault.GetDocumentLabels(vault_pb2.GetDocumentLabelsRequest(customer_id=customer.cid))
    assert {each.kind: each.documents for each in labels.kinds} == {
        vault_pb2.DOCUMENT_KIND_POLICY: 1,
        vault_pb2.DOCUMENT_KIND_OTHER: 1,
    }
    stub = office.running.stub(FilingServiceStub, customer.token)
    first = await stub.ListPlainNames(pb.ListPlainNamesRequest(page_size=30))
    rest = await stub.ListPlainNames(pb.ListPlainNamesRequest(page_size=30, page_token=first.next_page_token))
    names = [*first.names, *rest.names]
    assert names[0].example_title == "Versicherungsschein zu 4711882 vom 01.01.2026"
    assert {each.kind for each in names} >= set(range(1, 9))
