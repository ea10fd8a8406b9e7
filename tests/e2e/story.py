"""The whole main job told once, for tests that need a populated platform: who took part and what was said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kontor_tools.people import Json

from tests.e2e import journey
from tests.e2e.journey import Firm, Guest
from tests.e2e.papers import pdf_of
from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage

SAMPLE = Path(__file__).resolve().parents[2] / "services" / "contracts" / "tests" / "samples" / "bestand.gdv"
CHAT_TEXT = "Gilt die Hausratversicherung auch im Gartenhäuschen?"
ANSWER_TEXT = "Ja, bis zu zehn Prozent der Versicherungssumme."
TITLE = "Gutachten Wasserschaden Küche"


@dataclass(frozen=True)
class Story:
    """What remains when it is told."""

    firm: Firm
    guest: Guest
    contract: Json
    document_id: str
    grant_id: str
    chat_id: str
    agreement: Json
    invoice: Json
    expert: Person
    service_id: str
    order_id: str
    texts: tuple[str, ...]
    """What was written in it and is nobody else's business; each with the firm's own slug."""

    def people(self) -> list[Person]:
        """Everybody who took part."""
        return [self.firm.administrator, self.guest.person, self.expert]


def tell(stage: InstalledStage, name: str, slug: str) -> Story:
    """Play all seven steps of the main job for a firm of this name."""
    firm = journey.open_firm(stage, name, slug)
    journey.brand_and_price(firm)
    journey.import_portfolio(firm, SAMPLE.read_bytes())
    guest = invited_customer(stage, firm)
    contract = journey.release_first_contract(firm, guest)
    title, question, reply = texts = tuple(f"{text} ({firm.slug})" for text in (TITLE, CHAT_TEXT, ANSWER_TEXT))
    document = journey.upload(guest.person, guest.customer_id, title, pdf_of(300_000))
    grant = journey.grant_to_firm(guest, document)
    chat = journey.start_chat(guest, question)
    firm.administrator.post(f"/v1/chats/{chat}/messages", {"text": reply})
    agreement = journey.sign_tier_two(guest)
    invoice = billed(stage, guest, str(agreement["signTime"])[:7])
    firm.administrator.refresh()
    expert = an_expert(stage, slug)
    service = journey.publish_service(stage, expert)
    order = journey.order_until_rated(stage, firm.administrator, guest, expert, service)
    return Story(firm, guest, contract, document, grant, chat, agreement, invoice, expert, service, order, texts)


def invited_customer(stage: InstalledStage, firm: Firm, *, among: int = 0) -> Guest:
    """Invite one of the customers who have several contracts and let him in."""
    customers = firm.administrator.get("/v1/customers", pageSize=100)["customers"]
    several = [c for c in customers if len(journey.contracts_of(firm, c["customerId"])) > 1]
    address = f"julia.brandt-{among}@{firm.slug}.example"
    return journey.invite_customer(stage, firm, several[among]["customerId"], address, "ADDRESS_FORM_SIE")


def billed(stage: InstalledStage, guest: Guest, period: str) -> Json:
    """Let the month end and run its billing; returns the customer's invoice."""
    stage.advance_clock(timedelta(days=32))
    for person in (stage.operator, stage.network, guest.person):
        person.refresh()
    journey.bill(stage, period)
    invoices = guest.person.get(f"/v1/customers/{guest.customer_id}/invoices")["invoices"]
    found = [invoice for invoice in invoices if invoice["period"] == period]
    assert len(found) == 1, "one invoice for one month"
    return dict(found[0])


def an_expert(stage: InstalledStage, slug: str) -> Person:
    """Open an expert's firm and invite the expert."""
    firm = journey.open_firm(stage, f"Gutachter {slug}", f"gutachter-{slug}", kind="TENANT_KIND_EXPERT")
    address = f"clara.wolff@{firm.slug}.example"
    invitation = {"displayName": "Clara Wolff", "email": address, "roles": ["ROLE_EXPERT"]}
    firm.administrator.post("/v1/staff:invite", invitation)
    return journey.invited(stage, address)
