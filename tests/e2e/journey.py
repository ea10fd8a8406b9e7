"""The main job of Kontor as one story, through the gateway's JSON API: steps that tests compose.

Each step returns what later steps need and asserts what its reader would want to see. Nothing here reaches behind the
gateway except the mail sink and the installation's clock.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Protocol
from uuid import uuid4

import httpx
from kontor_chassis.testing.waiting import until
from kontor_tools.people import Json, RefusedError, accept_invitation

from tests.e2e.people import PASSWORD, Person

LINK = re.compile(r"https?://[^\s\"<>]+/invitation/[^\s\"<>]+")


class Stage(Protocol):
    """Where the story plays: an installation of any shape, with one operator and one network organiser."""

    base_url: str
    operator: Person
    network: Person

    def mails(self) -> list[EmailMessage]: ...

    def advance_clock(self, step: timedelta) -> None: ...


@dataclass(frozen=True)
class Firm:
    """A firm that was let in, with the administrator who set it up."""

    tenant_id: str
    name: str
    slug: str
    administrator: Person


@dataclass(frozen=True)
class Guest:
    """A customer with access."""

    customer_id: str
    person: Person


def mail_to(stage: Stage, address: str, *, subject: str = "", after: int = 0) -> EmailMessage:
    """Wait for a mail to `address` whose subject holds `subject`, among those after the first `after`."""

    def probe() -> EmailMessage | None:
        found = [m for m in stage.mails()[after:] if address in str(m["To"]) and subject in str(m["Subject"])]
        return found[-1] if found else None

    return until(probe, seconds=20, what=f"a mail to {address} about {subject!r}")


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None, "a mail has a plain text part"
    return str(body.get_content())


def invited(stage: Stage, address: str) -> Person:
    """Take the link out of the invitation mail, choose a password and sign in."""
    mail = mail_to(stage, address)
    link = LINK.search(text_of(mail))
    assert link is not None, text_of(mail)
    accept_invitation(stage.base_url, link.group(), PASSWORD)
    return Person(stage.base_url, address).sign_in()


def open_firm(stage: Stage, name: str, slug: str, *, kind: str = "TENANT_KIND_BROKER") -> Firm:
    """Step 1: a firm registers, the operator activates it from the waiting list, its administrator gets access."""
    slug = f"{slug}-{secrets.token_hex(3)}"  # any number of stories may play on one installation
    address = f"leitung@{slug}.example"
    entry = {
        "name": name,
        "slug": slug,
        "kind": kind,
        "contactName": f"Leitung {name}",
        "contactEmail": address,
        "phone": "+49 40 123456",
        "ihkNumber": "D-ABCD-12345-67",
    }
    registered = httpx.post(f"{stage.base_url}/v1/tenants", json=entry, params={"requestId": str(uuid4())})
    assert registered.status_code == 200, registered.text
    tenant_id = registered.json()["tenantId"]
    waiting = stage.operator.get("/v1/tenants", state="TENANT_STATE_WAITING", pageSize=100)["tenants"]
    assert tenant_id in {tenant["tenantId"] for tenant in waiting}
    active = stage.operator.post(f"/v1/tenants/{tenant_id}:activate")
    firm = Firm(tenant_id, name, slug, invited(stage, address))
    if kind == "TENANT_KIND_EXPERT":
        assert active["state"] == "TENANT_STATE_ACTIVE", "experts need no plan"
    else:
        assert active["state"] == "TENANT_STATE_TRIAL"
        chosen = firm.administrator.post("/v1/firm:choosePlan", {"plan": "PLAN_PREMIUM"})
        assert chosen["state"] == "TENANT_STATE_ACTIVE", "months will pass in these stories"
    return firm


def brand_and_price(firm: Firm) -> None:
    """Step 1, continued: brand and own share; the firm sees its share, nobody else ever does."""
    brand = firm.administrator.get("/v1/brand")
    changes = {"primaryColor": "#12355b", "accentColor": "#b3541e", "heading": "Ihr Büro", "greeting": "Moin"}
    mask = "primaryColor,accentColor,heading,greeting"
    changed = firm.administrator.patch("/v1/brand", {**changes, "etag": brand.get("etag", "")}, updateMask=mask)
    assert changed["primaryColor"] == "#12355b"
    share = {"tier": "TIER_2", "net": {"minorUnits": "500", "currency": "EUR"}}
    plan = firm.administrator.post("/v1/pricePlan:setBrokerShare", share)
    assert "PAYEE_BROKER" in str(plan)


def import_portfolio(firm: Firm, content: bytes) -> Json:
    """Step 2: the portfolio comes from a GDV file."""
    body = {"content": base64.b64encode(content).decode(), "fileName": "bestand.gdv"}
    return firm.administrator.post("/v1/portfolioImports", body)


def invite_customer(stage: Stage, firm: Firm, customer_id: str, address: str, form: str) -> Guest:
    """Step 3: the broker invites, the customer follows the link in the mail and signs in."""
    customer = firm.administrator.get(f"/v1/customers/{customer_id}")
    change = {"email": address, "etag": customer["etag"]}
    firm.administrator.patch(f"/v1/customers/{customer_id}", change, updateMask="email")
    invitation = {"form": form}
    firm.administrator.post(f"/v1/customers/{customer_id}/invitations", invitation)
    mail = mail_to(stage, address)
    assert firm.name in str(mail["From"]), "the mail goes out in the firm's name"
    assert ("Ihnen" in text_of(mail) or "Sie" in text_of(mail)) == (form == "ADDRESS_FORM_SIE")
    return Guest(customer_id, invited(stage, address))


def contracts_of(firm: Firm, customer_id: str) -> list[Json]:
    """Return what the firm keeps about a customer."""
    return list(firm.administrator.get(f"/v1/customers/{customer_id}/contracts").get("contracts", []))


def release_first_contract(firm: Firm, guest: Guest) -> Json:
    """Step 4: the customer sees exactly what was released."""
    path = f"/v1/customers/{guest.customer_id}/contracts"
    assert guest.person.get(path).get("contracts", []) == []
    contracts = firm.administrator.get(path)["contracts"]
    assert len(contracts) > 1, "the customer of the journey has contracts that stay hidden"
    firm.administrator.post(f"{path}/{contracts[0]['contractId']}:release")
    seen: list[Json] = guest.person.get(path)["contracts"]
    assert [contract["contractId"] for contract in seen] == [contracts[0]["contractId"]]
    return seen[0]


def upload(person: Person, customer_id: str, title: str, content: bytes) -> str:
    """Step 4: store a file in the vault; returns the document."""
    wanted = {"fileName": f"{title}.pdf", "sizeBytes": str(len(content)), "title": title}
    permit = person.post(f"/v1/customers/{customer_id}/uploads", wanted)
    headers = {**person.headers, "Content-Type": "application/octet-stream"}
    stored = person.api.put(permit["uploadPath"], content=content, headers=headers, timeout=120)
    assert stored.status_code in {200, 201}, stored.text
    return str(permit["documentId"])


def download(person: Person, document_id: str, **headers: str) -> httpx.Response:
    """Fetch a document's content as this person."""
    return person.api.get(f"/files/documents/{document_id}", headers={**person.headers, **headers}, timeout=120)


def visible_documents(person: Person, customer_id: str) -> set[str]:
    """Return the documents of a customer that this person can see."""
    try:
        found = person.get(f"/v1/customers/{customer_id}/documents", pageSize=100).get("documents", [])
    except RefusedError as refusal:
        if refusal.status not in {403, 404}:
            raise
        return set()
    return {document["documentId"] for document in found}


def grant_to_firm(guest: Guest, document_id: str) -> str:
    """Step 4: the customer lets his broker see one document; returns the grant."""
    given = guest.person.post(f"/v1/customers/{guest.customer_id}/grants", {"documentId": document_id})
    return str(given["grantId"])


def revoke(guest: Guest, grant_id: str) -> None:
    """Step 4: and takes it back."""
    guest.person.post(f"/v1/customers/{guest.customer_id}/grants/{grant_id}:revoke")


def start_chat(guest: Guest, text: str) -> str:
    """Step 5: the customer writes; returns the chat."""
    chat = guest.person.post(f"/v1/customers/{guest.customer_id}/chats", {"subject": "Eine Frage", "text": text})
    return str(chat["chatId"])


def sign_tier_two(guest: Guest) -> Json:
    """Step 6: the customer signs the service agreement he was shown, and sees totals only."""
    shown = guest.person.get("/v1/tierOffers")
    offer = next(o for o in shown["offers"] if o["tier"] == "TIER_2")
    assert offer["monthly"]["net"] == {"minorUnits": "760", "currency": "EUR"}
    assert "payee" not in str(shown).lower(), "the split between pool and broker stays hidden"
    signature = {
        "tier": "TIER_2",
        "textVersion": shown["agreementText"]["version"],
        "priceVersion": offer["priceVersion"],
        "accepted": True,
    }
    return guest.person.post(f"/v1/customers/{guest.customer_id}/serviceAgreements", signature)


def bill(stage: Stage, period: str) -> Json:
    """Step 6: the billing run of a month."""
    return stage.operator.post("/v1/billingRuns", {"period": period})


def publish_service(stage: Stage, expert: Person) -> str:
    """Step 7: an expert lists a service with a form, the network organisation checks and publishes it."""
    service = {
        "title": "Gewerbe-Deckungscheck",
        "description": "Prüfung der betrieblichen Absicherung mit schriftlicher Empfehlung.",
        "category": "CATEGORY_COMMERCIAL",
        "compensationKind": "COMPENSATION_KIND_COST",
        "compensation": {"minorUnits": "18900", "currency": "EUR"},
        "formSchema": (
            '{"type":"object","required":["branche"],"properties":{"branche":{"type":"string","title":"Branche"},'
            '"mitarbeiter":{"type":"integer","title":"Mitarbeiter","minimum":0}}}'
        ),
        "consentTemplate": "Ich bin einverstanden, dass {experte} für die Prüfung diese Angaben erhält: {daten}.",
        "customerFields": ["CUSTOMER_FIELD_NAME", "CUSTOMER_FIELD_EMAIL"],
    }
    created = expert.post("/v1/expertServices", service)
    path = f"/v1/expertServices/{created['serviceId']}"
    submitted = expert.post(f"{path}:submit", {"etag": created["etag"]})
    stage.network.post(f"{path}:publish", {"etag": submitted["etag"]})
    return str(created["serviceId"])


def order_until_rated(stage: Stage, broker: Person, guest: Guest, expert: Person, service_id: str) -> str:
    """Step 7: draft → consent → binding order → work → completion → rating, with a mail at every change."""
    draft = broker.post(
        "/v1/orders",
        {"serviceId": service_id, "customerId": guest.customer_id, "answers": {"branche": "Tischlerei"}},
    )
    path = f"/v1/orders/{draft['orderId']}"
    preview = broker.get(f"{path}:preview")
    assert "Tischlerei" in str(preview)
    _refused(lambda: broker.post(f"{path}:place"), "the order binds only after the customer's consent")
    assert draft["orderId"] not in str(expert.get("/v1/orders", side="ORDER_SIDE_EXPERT"))
    before = len(stage.mails())
    broker.post(f"{path}:requestConsent")
    mail_to(stage, guest.person.email, after=before)
    consent = f"/v1/customers/{guest.customer_id}/consentRequests/{draft['orderId']}"
    shown = guest.person.get(consent)
    assert "Tischlerei" in str(shown), "the customer sees what would be sent"
    _refused(lambda: guest.person.post(f"{consent}:give", {"etag": "another-text"}), "he agrees to what he was shown")
    guest.person.post(f"{consent}:give", {"etag": shown["etag"]})
    before = len(stage.mails())
    broker.post(f"{path}:place")
    mail_to(stage, expert.email, after=before)
    received = expert.get(path)
    assert guest.person.email in str(received["content"])
    for state in ("ORDER_STATE_IN_PROGRESS", "ORDER_STATE_COMPLETED"):
        before = len(stage.mails())
        expert.post(f"{path}:setStatus", {"state": state})
        mail_to(stage, broker.email, after=before)
    broker.post(f"{path}:rate", {"stars": 5, "comment": "Schnell und gründlich."})
    listed = broker.get(f"/v1/expertServices/{service_id}")
    assert (listed["ratingCount"], listed["ratingAverageHundredths"]) == (1, 500)
    return str(draft["orderId"])


def _refused(call: Callable[[], Json], why: str) -> None:
    try:
        call()
    except RefusedError:
        return
    raise AssertionError(why)
