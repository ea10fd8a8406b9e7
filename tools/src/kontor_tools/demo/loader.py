"""Puts the demo into a running installation, through the public address like everybody else.

Every step is done once, however often this runs: creating calls carry a request id of their own, and what cannot be
repeated is noted in `demo.json` of the installation.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx

from kontor_tools.demo import content, papers
from kontor_tools.demo.content import Customer, Firm
from kontor_tools.embedded.postgres import write_secret
from kontor_tools.folders import InstallationError
from kontor_tools.installation import Installation
from kontor_tools.mail_sink import text_of
from kontor_tools.people import Json, Person, RefusedError, accept_invitation

LINK = re.compile(r"https?://[^\s\"<>]+/invitation/[^\s\"<>]+")
MAIL_SECONDS = 60
POLL_SECONDS = 0.1


class Progress:
    """Which steps were done, kept in a file of the installation."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._done = set(json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            self._done = set()

    def __contains__(self, step: str) -> bool:
        return step in self._done

    def once(self, step: str, action: Callable[[], object]) -> None:
        """Do a step unless it was done."""
        if step not in self._done:
            action()
            self._done.add(step)
            self._file.write_text(json.dumps(sorted(self._done), indent=2), encoding="utf-8")


class Loader:
    """Loads the demo into one installation."""

    def __init__(self, installation: Installation, progress: Progress) -> None:
        self._installation = installation
        self._base_url = installation.base_url
        self._progress = progress
        self._signed_in: dict[str, Person] = {}
        self._people = ExitStack()

    def load(self, say: Callable[[str], None]) -> None:
        """Do all steps that are left."""
        with self._people:
            self._progress.once("operator", lambda: self._bootstrap(content.OPERATOR, "Betrieb", "operator"))
            self._progress.once("network", lambda: self._bootstrap(content.NETWORK, "Netzwerk", "network"))
            self._progress.once(
                "scan centre", lambda: self._bootstrap(content.SCAN_CENTRE, "Scan-Zentrum", "scan-centre")
            )
            for firm in content.FIRMS:
                say(f"  demo: {firm.name} …")
                self._open(firm)
                for customer in firm.customers:
                    self._customer(firm, customer)
            say("  demo: documents, messages, an order …")
            self._expert_services()
            self._life_of_julia()

    def _person(self, email: str) -> Person:
        if email not in self._signed_in:
            person = Person(self._base_url, email, content.PASSWORD)
            self._people.callback(person.close)
            self._signed_in[email] = person
        return self._signed_in[email]

    def _bootstrap(self, email: str, name: str, role: str) -> None:
        secret = self._installation.folders.secrets / "first.password"
        write_secret(secret, content.PASSWORD)
        try:
            self._installation.run_command("identity", "bootstrap-operator", email, str(secret), name, role)
        finally:
            secret.unlink()

    def _open(self, firm: Firm) -> None:
        """Register a firm, activate it from the waiting list, set up its brand, invite its people."""
        self._progress.once(f"register {firm.slug}", lambda: self._register(firm))
        email = firm.administrator[1]
        self._progress.once(f"activate {firm.slug}", lambda: self._activate(firm))
        self._give_access(firm, email)
        administrator = self._person(email)
        self._progress.once(f"brand {firm.slug}", lambda: self._brand(firm, administrator))
        if firm.kind == "TENANT_KIND_BROKER":
            administrator.command("/v1/firm:choosePlan", {"plan": "PLAN_PREMIUM"}, key="plan")
            self._progress.once(f"entry {firm.slug}", lambda: self._enter_directory(firm, administrator))
            share = {"tier": "TIER_2", "net": {"minorUnits": "500", "currency": "EUR"}}
            administrator.command("/v1/pricePlan:setBrokerShare", share, key="tier 2")
        for employee in firm.staff:
            invitation = {
                "displayName": employee.name,
                "email": employee.email,
                "roles": ["ROLE_STAFF"],
                "rights": list(employee.rights),
            }
            administrator.command("/v1/staff:invite", invitation, key=employee.email)
            self._give_access(firm, employee.email)

    def _register(self, firm: Firm) -> None:
        name, email = firm.administrator
        tenant = {
            "name": firm.name,
            "slug": firm.slug,
            "kind": firm.kind,
            "contactName": name,
            "contactEmail": email,
            "phone": firm.phone,
            "ihkNumber": firm.ihk_number,
        }
        answer = httpx.post(f"{self._base_url}/v1/tenants", json=tenant, timeout=30)
        if answer.status_code not in {200, 409}:  # 409: registered by a run that ended right then
            raise RefusedError(answer)

    def _activate(self, firm: Firm) -> None:
        operator = self._person(content.OPERATOR)
        tenants = operator.get("/v1/tenants", pageSize=100)["tenants"]
        tenant = next(tenant for tenant in tenants if tenant["slug"] == firm.slug)
        operator.command(f"/v1/tenants/{tenant['tenantId']}:activate", {}, key="activate")

    def _enter_directory(self, firm: Firm, administrator: Person) -> None:
        """Accept the processing agreement, stand in the directory, and have homepage and number verified (F92, F94)."""
        agreement = administrator.get("/v1/processingAgreement")
        shown = {"version": agreement["version"], "sha256": agreement["sha256"]}
        administrator.command("/v1/processingAgreement:accept", shown, key="processing agreement")
        homepage = f"https://{firm.slug}.example"
        entry = {"homepage": homepage, "directoryListed": True, "directoryText": firm.greeting}
        administrator.update("/v1/firm", entry)
        operator, tenant_id = self._person(content.OPERATOR), administrator.get("/v1/firm")["tenantId"]
        for fact, value in (("FIRM_FACT_HOMEPAGE", homepage), ("FIRM_FACT_IHK_NUMBER", firm.ihk_number)):
            checked = {"fact": fact, "value": value}
            operator.command(f"/v1/firms/{tenant_id}:verifyFact", checked, key=f"{firm.slug} {fact}")

    def _brand(self, firm: Firm, administrator: Person) -> None:
        initials = "".join(word[0] for word in firm.name.split() if word[0].isalpha())[:2]
        street, postal_code, city = firm.address
        administrator.update(
            "/v1/brand",
            {
                "primaryColor": firm.colors[0],
                "accentColor": firm.colors[1],
                "heading": firm.heading,
                "greeting": firm.greeting,
                "layout": firm.layout,
                "logo": base64.b64encode(papers.mark(initials, firm.colors[0])).decode("ascii"),
            },
        )
        address = {"street": street, "postalCode": postal_code, "city": city, "country": "DE"}
        profile = {"name": firm.name, "email": firm.administrator[1], "phone": firm.phone, "address": address}
        administrator.update("/v1/profile", profile)

    def _customer(self, firm: Firm, customer: Customer) -> None:
        """Create a customer with his contracts; release what he may see; invite him if he gets access."""
        administrator = self._person(firm.administrator[1])
        customer_id = self._create_customer(administrator, customer)
        staff = administrator.get("/v1/staff", pageSize=100)["staff"]
        responsible = [member["accountId"] for member in reversed(staff)]
        administrator.put(f"/v1/customers/{customer_id}/responsibles", {"accountIds": responsible})
        lines = administrator.get("/v1/linesOfBusiness")["linesOfBusiness"]
        line_ids = {line["name"]: line["lineOfBusinessId"] for line in lines}
        path = f"/v1/customers/{customer_id}/contracts"
        for contract in customer.contracts:
            values = {
                "lineOfBusinessId": line_ids[contract.line],
                "insurerName": contract.insurer,
                "number": contract.number,
                "status": "CONTRACT_STATUS_ACTIVE",
                "premium": {"minorUnits": str(contract.premium), "currency": "EUR"},
                "paymentInterval": f"PAYMENT_INTERVAL_{contract.interval}",
                "beginDay": contract.begin,
            }
            made = administrator.command(path, {"contract": values}, key=contract.number)
            if contract.released:
                administrator.command(f"{path}/{made['contractId']}:release", {}, key="release")
        if customer.invited:
            invitation = {"form": customer.form}
            administrator.command(f"/v1/customers/{customer_id}/invitations", invitation, key="first")
            self._give_access(firm, customer.email)

    def _create_customer(self, administrator: Person, customer: Customer) -> str:
        street, postal_code, city = customer.address
        values = {
            "form": customer.form,
            "salutation": customer.salutation,
            "givenName": customer.given_name,
            "familyName": customer.family_name,
            "birthDate": customer.birth_date,
            "email": customer.email,
            "phone": customer.phone,
            "address": {"street": street, "postalCode": postal_code, "city": city, "country": "DE"},
        }
        return str(administrator.create("/v1/customers", values, key=customer.email)["customerId"])

    def _expert_services(self) -> None:
        """List the expert's services and have the network publish them."""
        expert, network = self._person(content.CLARA), self._person(content.NETWORK)
        for service in content.SERVICES:
            listing = {
                **service,
                "compensationKind": "COMPENSATION_KIND_COST",
                "consentTemplate": content.CONSENT,
                "customerFields": ["CUSTOMER_FIELD_NAME", "CUSTOMER_FIELD_ADDRESS", "CUSTOMER_FIELD_EMAIL"],
            }
            path = f"/v1/expertServices/{self._service_id(expert, listing)}"
            expert.command(f"{path}:submit", {}, key="submit")
            network.command(f"{path}:publish", {}, key="publish")

    def _service_id(self, expert: Person, listing: Json) -> str:
        return str(expert.create("/v1/expertServices", listing, key=str(listing["title"]))["serviceId"])

    def _life_of_julia(self) -> None:
        """The customer with access: agreement, documents on both sides, a conversation, an order that waits."""
        julia, broker = self._person(content.JULIA), self._person(content.HANSEN.administrator[1])
        customer_id = self._create_customer(broker, content.HANSEN.customers[0])
        base = f"/v1/customers/{customer_id}"
        self._progress.once("agreement", lambda: self._sign(julia, base))
        self._documents(julia, broker, base)
        self._conversation(julia, broker, base)
        self._order(broker, customer_id)

    def _sign(self, julia: Person, base: str) -> None:
        shown = julia.get("/v1/tierOffers")
        offer = next(offer for offer in shown["offers"] if offer["tier"] == "TIER_2")
        signature = {
            "tier": "TIER_2",
            "textVersion": shown["agreementText"]["version"],
            "priceVersion": offer["priceVersion"],
            "accepted": True,
        }
        julia.command(f"{base}/serviceAgreements", signature, key="tier 2")

    def _documents(self, julia: Person, broker: Person, base: str) -> None:
        """Her own papers, one of them granted to the broker; and a policy that the broker filed and released."""
        family = "Julia Brandt, Övelgönne 41, 22605 Hamburg"
        folder = julia.create(f"{base}/folders", {"name": "Steuer"}, key="Steuer")["folderId"]
        notice = papers.letter(
            "Bescheid über Einkommensteuer 2025",
            "Finanzamt Musterstadt",
            family,
            ["Die Einkommensteuer wird auf 8.412,00 Euro festgesetzt.", "Dieser Bescheid ist ein Beispiel."],
        )
        self._file(julia, base, "Steuerbescheid 2025", notice, kind="OTHER", folder=str(folder))
        invoice = papers.letter(
            "Rechnung über ein Fahrrad",
            "Radhaus Elbe",
            family,
            ["Tourenrad „Alster“, Rahmennummer WT 204 118 K, 1.890,00 Euro.", "Vielen Dank für Ihren Einkauf."],
        )
        bicycle = self._file(julia, base, "Rechnung Fahrrad", invoice, kind="INVOICE")
        julia.create(f"{base}/grants", {"documentId": bicycle}, key="bicycle")
        policy = papers.letter(
            "Versicherungsschein Hausrat HR-204512",
            "Elbe Versicherung",
            family,
            ["Versicherungssumme 85.000 Euro.", "Fahrräder sind bis 1 % der Versicherungssumme eingeschlossen."],
        )
        filed = self._file(broker, base, "Police Hausrat 2026", policy, kind="POLICY")
        broker.command(f"{base}/documents/{filed}:release", {}, key="release")

    def _file(self, person: Person, base: str, title: str, paper: bytes, *, kind: str, folder: str = "") -> str:
        """Store a document; returns its id. What was stored is not sent again, for typst dates every PDF anew."""
        wanted = {
            "fileName": f"{title}.pdf",
            "title": title,
            "sizeBytes": str(len(paper)),
            "kind": f"DOCUMENT_KIND_{kind}",
            **({"folderId": folder} if folder else {}),
        }
        if f"document {title}" not in self._progress:
            permit = person.command(f"{base}/uploads", wanted, key=f"{title} {time.time_ns()}")
            person.upload(permit["uploadPath"], paper)
            self._progress.once(f"document {title}", lambda: None)
        documents = person.get(f"{base}/documents", pageSize=100)["documents"]
        return next(str(document["documentId"]) for document in documents if document["title"] == title)

    def _conversation(self, julia: Person, broker: Person, base: str) -> None:
        question = "Guten Tag, ist mein neues Fahrrad über den Hausrat mitversichert? Die Rechnung habe ich abgelegt."
        chat = julia.command(f"{base}/chats", {"subject": "Neues Fahrrad", "text": question}, key="bicycle")
        answer = (
            "Guten Tag! Ja, bis 850 Euro. Für ein Rad dieses Werts empfehle ich, die Grenze anzuheben;"
            " das kostet etwa 18 Euro im Jahr. Soll ich das veranlassen?"
        )
        broker.command(f"/v1/chats/{chat['chatId']}/messages", {"text": answer}, key="answer")

    def _order(self, broker: Person, customer_id: str) -> None:
        """An order of an expert's service that waits for the customer's consent."""
        listed = broker.get("/v1/expertServices", pageSize=100)["services"]
        wanted = content.SERVICES[1]["title"]
        service_id = next(service["serviceId"] for service in listed if service["title"] == wanted)
        answers = {"baujahr": "1908", "wohnflaeche": 142.5, "keller": True}
        draft = {"serviceId": service_id, "customerId": customer_id, "answers": answers}
        order = broker.create("/v1/orders", draft, key="building")
        broker.command(f"/v1/orders/{order['orderId']}:requestConsent", {}, key="consent")

    def _give_access(self, firm: Firm, email: str) -> None:
        self._progress.once(f"access {email} {firm.slug}", lambda: self._accept(firm, email))

    def _accept(self, firm: Firm, email: str) -> None:
        """Take the link out of the firm's mail and choose the password of all demo accounts."""
        end = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < end:
            for mail in reversed(self._installation.mails()):
                is_his = email in str(mail["X-Envelope-To"]) and firm.name in str(mail["From"])
                link = LINK.search(text_of(mail)) if is_his else None
                if link:
                    self._choose_password(email, link.group())
                    return
            time.sleep(POLL_SECONDS)
        raise InstallationError(f"The invitation of {email} did not arrive: see `make mail` and `make logs`.")

    def _choose_password(self, email: str, link: str) -> None:
        try:
            accept_invitation(self._base_url, link, content.PASSWORD)
        except RefusedError:
            self._person(email)  # accepted by a run that ended right then; refused as well if not
