"""The main job, from the waiting list to the rating, through the gateway's JSON API."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from kontor_chassis.testing.waiting import until
from kontor_tools.people import Json, RefusedError

from tests.e2e import journey
from tests.e2e.journey import Firm, Guest
from tests.e2e.papers import pages_of, pdf_of
from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage

REPOSITORY = Path(__file__).resolve().parents[2]
OWN_SAMPLE = REPOSITORY / "services" / "contracts" / "tests" / "samples" / "bestand.gdv"
OFFICIAL_SAMPLE = REPOSITORY.parent / "shared" / "data" / "gdv" / "musterdatei_041222.txt"
SMALL, LARGE = 5_000_000, 100_000_000
UNREAD = timedelta(minutes=5, seconds=5)


@pytest.fixture(scope="module")
def firm(stage: InstalledStage) -> Firm:
    """Step 1 (F45, F39, F6): a firm from the waiting list, with its brand and its share."""
    opened = journey.open_firm(stage, "Hansen & Partner", "hansen-partner")
    journey.brand_and_price(opened)
    return opened


@pytest.fixture(scope="module")
def portfolio(firm: Firm) -> list[Json]:
    """Step 2 (F95): the customers that came out of the project's own GDV sample."""
    journey.import_portfolio(firm, OWN_SAMPLE.read_bytes())
    return list(firm.administrator.get("/v1/customers", pageSize=100)["customers"])


@pytest.fixture(scope="module")
def guest(stage: InstalledStage, firm: Firm, portfolio: list[Json]) -> Guest:
    """Step 3 (F48, F172, F174): a customer with several contracts, invited formally."""
    for customer in portfolio:
        path = f"/v1/customers/{customer['customerId']}/contracts"
        if len(firm.administrator.get(path).get("contracts", [])) > 1:
            return journey.invite_customer(
                stage, firm, customer["customerId"], f"julia.brandt@{firm.slug}.example", "ADDRESS_FORM_SIE"
            )
    raise AssertionError("the sample has a customer with several contracts")


@pytest.fixture(scope="module")
def stranger(stage: InstalledStage) -> Person:
    """The administrator of another firm."""
    return journey.open_firm(stage, "Alpenblick Finanzhaus", "alpenblick-haus").administrator


def test_portfolio_arrives_whole_or_not_at_all(firm: Firm, portfolio: list[Json]) -> None:
    """A broken record names itself and nothing is imported; the same file twice changes nothing (F95)."""
    assert len(portfolio) >= 3
    before = firm.administrator.get("/v1/contracts", pageSize=100)["contracts"]
    content = bytearray(OWN_SAMPLE.read_bytes())
    record = content.index(b"\n0200") + 1
    content[record + 42 : record + 50] = b"99999999"
    with pytest.raises(RefusedError) as refused:
        journey.import_portfolio(firm, bytes(content))
    assert refused.value.status == 400
    assert "Satz" in refused.value.message
    again = journey.import_portfolio(firm, OWN_SAMPLE.read_bytes())
    assert again.get("contractsCreated", 0) == 0
    assert firm.administrator.get("/v1/contracts", pageSize=100)["contracts"] == before


@pytest.mark.parametrize("sample", [pytest.param(OFFICIAL_SAMPLE, id="official")] if OFFICIAL_SAMPLE.exists() else [])
def test_official_sample_is_accepted(stage: InstalledStage, sample: Path) -> None:
    """The insurers' association's own sample portfolio is read without complaint (F95)."""
    firm = journey.open_firm(stage, "Muster Makler", "muster-makler")
    done = journey.import_portfolio(firm, sample.read_bytes())
    assert done["records"] == 165
    assert done["customers"] > 0
    assert done["contracts"] > 0


def test_customer_sees_exactly_what_was_released(firm: Firm, guest: Guest) -> None:
    """The green eye decides, contract by contract (F63, F176)."""
    contract = journey.release_first_contract(firm, guest)
    assert contract["number"]


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["5 MB", "100 MB"])
def test_vault_belongs_to_the_customer(
    stage: InstalledStage, firm: Firm, guest: Guest, stranger: Person, size: int
) -> None:
    """Encrypted at rest; the broker learns of a document only by a grant, another firm never (F2, F3)."""
    content = pdf_of(size)
    document = journey.upload(guest.person, guest.customer_id, f"Police {size}", content)
    fetched = journey.download(guest.person, document)
    assert hashlib.sha256(fetched.content).digest() == hashlib.sha256(content).digest()
    assert pages_of(fetched.content) == pages_of(content)
    part = journey.download(guest.person, document, Range="bytes=1000000-1000999")
    assert (part.status_code, part.content) == (206, content[1_000_000:1_001_000])
    assert not _on_disk(stage, content[200_000:200_064]), "what lies on the disk is not the document"

    broker = firm.administrator
    assert document not in journey.visible_documents(broker, guest.customer_id)
    assert journey.download(broker, document).status_code == 404
    grant = journey.grant_to_firm(guest, document)
    assert document in journey.visible_documents(broker, guest.customer_id)
    assert journey.download(broker, document).status_code == 200
    assert document not in journey.visible_documents(stranger, guest.customer_id)
    assert journey.download(stranger, document).status_code == 404
    journey.revoke(guest, grant)
    assert document not in journey.visible_documents(broker, guest.customer_id)
    assert journey.download(broker, document).status_code == 404


def _on_disk(stage: InstalledStage, needle: bytes) -> bool:
    files = [path for path in stage.installation.folders.home.rglob("*") if path.is_file() and path.stat().st_size]
    stored = [path for path in files if "objects" in path.parts]
    assert stored, "encrypted content lies below the installation's object store"
    return any(needle in path.read_bytes() for path in stored)


def test_chat_arrives_live_and_by_mail_once(stage: InstalledStage, firm: Firm, guest: Guest) -> None:
    """The broker's browser hears within a second; unread for five minutes makes one mail (F181–F186)."""
    broker = firm.administrator
    arrived: list[float] = []
    text = "Ist mein Fahrrad mitversichert?"
    with broker.watch("/v1/chats:watch") as events:
        listening = threading.Event()

        def listen(stream: Iterator[Json]) -> None:
            for event in stream:
                listening.set()
                if event.get("message", {}).get("text") == text:
                    arrived.append(time.monotonic())
                    return

        thread = threading.Thread(target=listen, args=(events,), daemon=True)
        thread.start()
        assert listening.wait(20), "the stream says at once that it lives"
        chat = journey.start_chat(guest, "Guten Tag")
        sent = time.monotonic()
        guest.person.post(f"/v1/chats/{chat}/messages", {"text": text})
        thread.join(timeout=10)
    assert arrived, "the message reached the broker's stream"
    assert arrived[0] - sent < 1.0

    before = len(stage.mails())
    stage.advance_clock(UNREAD)
    journey.mail_to(stage, broker.email, after=before)
    stage.advance_clock(UNREAD)
    journey.start_chat(guest, "Noch etwas anderes")
    stage.advance_clock(UNREAD)
    until(lambda: len(_mails_to(stage, broker, before)) == 2, what="the mail about the second chat")
    subjects = [str(mail["Subject"]) for mail in _mails_to(stage, broker, before)]
    assert len(subjects) == 2, "one mail for each chat, whatever the clock does"


def _mails_to(stage: InstalledStage, person: Person, after: int) -> list[EmailMessage]:
    return [mail for mail in stage.mails()[after:] if person.email in str(mail["To"])]


def test_service_agreement_is_billed_once(stage: InstalledStage, firm: Firm, guest: Guest) -> None:
    """Tier 2 costs 7.60 € net, the invoice explains tax and gross, the ledger balances, a rerun is idle (F10–F13)."""
    agreement = journey.sign_tier_two(guest)
    period = str(agreement["signTime"])[:7]
    stage.advance_clock(timedelta(days=32))
    guest.person.refresh()
    stage.operator.refresh()
    firm.administrator.refresh()
    path = f"/v1/customers/{guest.customer_id}/invoices"
    journey.bill(stage, period)
    invoices = [i for i in guest.person.get(path)["invoices"] if i["period"] == period]
    assert len(invoices) == 1
    totals = invoices[0]["totals"]
    assert totals["net"]["minorUnits"] == "760"
    taxes = sum(int(tax["tax"]["minorUnits"]) for tax in totals["taxes"])
    assert int(totals["gross"]["minorUnits"]) == 760 + taxes
    assert {tax["kind"] for tax in totals["taxes"]} == {"TAX_KIND_VAT", "TAX_KIND_INSURANCE_TAX"}
    assert "payee" not in str(invoices).lower()

    pdf = guest.person.api.get(f"{path}/{invoices[0]['invoiceId']}/pdf", headers=guest.person.headers)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pages_of(pdf.content) >= 1

    entries = firm.administrator.get("/v1/ledgerEntries", invoiceId=invoices[0]["invoiceId"])["entries"]
    assert sum(int(entry["amount"]["minorUnits"]) for entry in entries) == 0
    again = journey.bill(stage, period)
    assert again.get("invoicesIssued", 0) == 0
    assert [i for i in guest.person.get(path)["invoices"] if i["period"] == period] == invoices


def test_expert_order_from_draft_to_rating(stage: InstalledStage, firm: Firm, guest: Guest) -> None:
    """Draft, consent, binding order, work, rating; the history shows every step (F104–F123)."""
    expert_firm = journey.open_firm(stage, "Dr. Wolff Gewerbeschutz", "wolff-schutz", kind="TENANT_KIND_EXPERT")
    address = f"clara@{expert_firm.slug}.example"
    invitation = {"displayName": "Clara Wolff", "email": address, "roles": ["ROLE_EXPERT"]}
    expert_firm.administrator.post("/v1/staff:invite", invitation)
    expert = journey.invited(stage, address)
    service = journey.publish_service(stage, expert)
    for person in (firm.administrator, guest.person):
        person.refresh()
    order = journey.order_until_rated(stage, firm.administrator, guest, expert, service)
    steps = [entry["step"] for entry in firm.administrator.get(f"/v1/orders/{order}/history")["entries"]]
    expected = ["CREATED", "CONSENT_REQUESTED", "CONSENT_GIVEN", "PLACED", "STARTED", "COMPLETED", "RATED"]
    assert [f"ORDER_STEP_{step}" for step in expected] == steps


def test_a_customer_deletes_his_office_everywhere(stage: InstalledStage, firm: Firm, guest: Guest) -> None:
    """F94: time to think, then gone from every service; his documents’ key is destroyed, which is certified."""
    path = f"/v1/customers/{guest.customer_id}"
    guest.person.sign_in()
    before = len(stage.mails())
    planned = guest.person.post(f"{path}/deletion:plan")
    journey.mail_to(stage, guest.person.email, subject="wird am", after=before)
    documents = len(journey.visible_documents(guest.person, guest.customer_id))
    assert documents, "there is something to be destroyed"
    stage.advance_clock(timedelta(days=14, minutes=1))
    firm.administrator.refresh()

    def certified() -> Json | None:
        [deletion] = firm.administrator.get("/v1/customerDeletions")["customerDeletions"]
        return deletion if deletion["state"] == "CUSTOMER_DELETION_STATE_CERTIFIED" else None

    proof = until(certified, seconds=60)
    assert proof["customerDeletionId"] == planned["customerDeletionId"]
    assert int(proof["certificate"]["documents"]) >= documents
    with pytest.raises(RefusedError) as refused:
        firm.administrator.get(path)
    assert refused.value.status == 404
    until(lambda: not journey.contracts_of(firm, guest.customer_id))
    chats = firm.administrator.get("/v1/chats", pageSize=100).get("chats", [])
    assert guest.customer_id not in {chat["customerId"] for chat in chats}
    with pytest.raises(RefusedError):
        guest.person.refresh()
