"""Two firms on one platform: whatever one firm's people ask with the other's ids, they learn and change nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from kontor_tools.people import Json, RefusedError
from kontor_tools.plan import SERVICES

from tests.architecture.contracts import public_methods
from tests.e2e import journey
from tests.e2e.filled import filled
from tests.e2e.people import Person
from tests.e2e.stage import InstalledStage
from tests.e2e.story import Story, tell

STREAM_SECONDS = 1.0
REFUSED_BY_RULES = {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
"""Answers that no request may provoke."""

WITHOUT_POLICY = {
    "outbox": "events on their way, read by the relay for all firms; they hold ids and no texts",
    "dead_letters": "events that could not be applied, read by `replay` for all firms",
}
"""Tables of the chassis with a tenant_id that row-level security does not guard; no RPC reads them."""
SHOWN_TO_ALL_BROKERS = {
    ("experts", "ratings"): "ratings of expert services are there for every broker to read",
}
"""Rows of another firm that the application may see in the name of this one."""


ECHOES = {
    "kontor.identity.v1.EmergencyAccessService.CreateTrustedPerson": "folder ids are vault's: identity keeps what it is"
    " given and gives it back, vault opens folders of that customer only",
}
"""RPCs that answer with an id that the caller himself brought along, and why that tells him nothing."""


@dataclass(frozen=True)
class Secrets:
    """Everything of a firm that another must never see."""

    ids: dict[str, str]
    """One id per field name, in proto spelling."""
    all_ids: frozenset[str]
    texts: frozenset[str]

    def leaked(self, answer: str) -> list[str]:
        """Return which of them an answer holds."""
        return sorted(secret for secret in self.all_ids | self.texts if secret in answer)


@pytest.fixture(scope="module")
def neighbour(stage: InstalledStage) -> Story:
    """A second firm with customers, contracts, documents, chats, agreements and orders of its own."""
    return tell(stage, "Bergkamm Makler", "bergkamm")


@pytest.fixture(scope="module")
def secrets(stage: InstalledStage, story: Story, neighbour: Story) -> Secrets:
    """What the first firm keeps, without what the expert network shows to every firm."""
    street, family = "Am Verschwiegenen Winkel 77", "Nachtweyh-Sonderling"
    address = {"street": street, "postalCode": "20095", "city": "Hamburg", "country": "DE"}
    person = {"familyName": family, "phone": "+49 40 7788994455", "address": address}
    created = story.firm.administrator.post("/v1/customers", person)
    by_name = _ids_in(_everything(stage, story))
    by_name["customerId"].add(created["customerId"])
    shared = set().union(*_ids_in(_shown_to(neighbour)).values()) | {story.service_id}
    ids = {_snake(name): sorted(values - shared)[0] for name, values in by_name.items() if values - shared}
    ids |= {
        "tenant_id": story.firm.tenant_id,
        "customer_id": story.guest.customer_id,
        "account_id": story.firm.administrator.account_id,
        "contract_id": story.contract["contractId"],
        "document_id": story.document_id,
        "grant_id": story.grant_id,
        "chat_id": story.chat_id,
        "agreement_id": story.agreement["agreementId"],
        "invoice_id": story.invoice["invoiceId"],
        "order_id": story.order_id,
    }
    texts = {story.firm.name, family, street, story.firm.administrator.email, story.guest.person.email, *story.texts}
    all_ids = set().union(*by_name.values()) - shared
    return Secrets(ids, frozenset(all_ids | set(ids.values())), frozenset(texts))


@pytest.fixture(scope="module")
def channel(stage: InstalledStage, secrets: Secrets) -> Iterator[grpc.Channel]:
    """The gateway's native gRPC."""
    with grpc.insecure_channel(f"localhost:{stage.installation.options.port}") as opened:
        yield opened


def test_the_generator_knows_the_ids_of_both_firms(secrets: Secrets) -> None:
    """The attack below is real: it has an id of each kind that requests take."""
    needed = {"tenant_id", "customer_id", "contract_id", "document_id", "folder_id", "grant_id", "chat_id"}
    needed |= {"message_id", "agreement_id", "invoice_id", "order_id", "account_id", "invitation_id", "import_id"}
    needed |= {"notification_id", "session_id", "line_of_business_id", "trusted_person_id", "emergency_request_id"}
    needed |= {"export_id"}
    assert needed <= set(secrets.ids)
    assert len(secrets.all_ids) > 40


@pytest.mark.parametrize("caller", ["administrator", "customer", "expert"])
@pytest.mark.parametrize("method", public_methods(), ids=lambda method: method.full_name)
def test_nothing_of_another_firm_is_told(
    channel: grpc.Channel, neighbour: Story, secrets: Secrets, method: MethodDescriptor, caller: str
) -> None:
    """Every public RPC with every id of firm A, by firm B's people: alone, and beside ids of their own (F97)."""
    person = dict(zip(("administrator", "customer", "expert"), neighbour.people(), strict=True))[caller]
    own = {"customer_id": neighbour.guest.customer_id}
    for ids in (secrets.ids, {**secrets.ids, **own}):
        code, answer = _call(channel, method, ids, person)
        assert code not in REFUSED_BY_RULES, answer
        brought = set(ids.values()) if method.full_name in ECHOES else set()
        assert set(secrets.leaked(answer)) - brought == set()


def test_nothing_of_the_other_firm_changed(stage: InstalledStage, story: Story, secrets: Secrets) -> None:
    """After all these calls firm A finds its things as they were: its customer reads and writes as before (F97)."""
    person, broker = story.guest.person, story.firm.administrator
    assert story.document_id in journey.visible_documents(person, story.guest.customer_id)
    assert story.document_id in journey.visible_documents(broker, story.guest.customer_id)
    contracts = person.get(f"/v1/customers/{story.guest.customer_id}/contracts")["contracts"]
    assert [c["contractId"] for c in contracts] == [story.contract["contractId"]]
    messages = person.get(f"/v1/chats/{story.chat_id}/messages", pageSize=100)["messages"]
    assert len(messages) >= 2
    assert {m["senderAccountId"] for m in messages} == {person.account_id, broker.account_id}
    agreements = person.get(f"/v1/customers/{story.guest.customer_id}/serviceAgreements")["agreements"]
    assert [a["agreementId"] for a in agreements] == [story.agreement["agreementId"]]
    assert broker.get("/v1/profile")["name"] == story.firm.name
    for signed_in in story.people():
        signed_in.refresh()


def test_what_a_firm_closes_is_closed_to_its_own_customers_only(story: Story, neighbour: Story) -> None:
    """F53: every service refuses it from the next token on; staff go on working, and other firms notice nothing."""
    desk, guest = neighbour.firm.administrator, neighbour.guest.person
    for closed in (["AREA_MESSAGES", "AREA_DOCUMENTS", "AREA_CONTRACTS"], []):
        draft = desk.get("/v1/brandDraft")
        design = {**draft["design"], "closedAreas": closed}
        desk.put("/v1/brandDraft", {"design": design, "etag": draft["etag"]})
        desk.post("/v1/brandDraft:publish")
        guest.refresh()
        refused = []
        for path in ("/v1/chats", f"/v1/customers/{guest.customer_id}/documents", "/v1/linesOfBusiness"):
            story.guest.person.get(path.replace(guest.customer_id, story.guest.customer_id))
            try:
                guest.get(path)
            except RefusedError as error:
                refused.append(error.reason)
        assert refused == ["AREA_CLOSED"] * len(closed)
        assert desk.get("/v1/chats")["chats"], "staff go on"
        guest.get(f"/v1/customers/{guest.customer_id}/grants")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_query_without_filter_sees_one_firm(
    stage: InstalledStage, story: Story, neighbour: Story, service: str
) -> None:
    """As the application role: in firm B's name no table gives a row of firm A, in nobody's name none at all (F97)."""
    postgres = stage.installation.postgres()
    role = f"kontor_{service}_app"
    password = (stage.installation.folders.secrets / f"{role}.password").read_text(encoding="ascii").strip()
    superuser = await postgres.connect(f"kontor_{service}")
    application = await asyncpg.connect(postgres.url(f"kontor_{service}", role), password=password)
    try:
        tables = await _tables_with_tenant(superuser)
        populated = [t for t in tables if UUID(story.firm.tenant_id) in await _tenants_in(superuser, t)]
        guarded = [table for table in tables if table not in WITHOUT_POLICY]
        assert set(populated) & set(guarded), "the first firm has something here to be seen"
        for table in guarded:
            if (service, table) in SHOWN_TO_ALL_BROKERS:
                continue
            for name, settings in _people_of(neighbour).items():
                seen = await _tenants_in(application, table, settings)
                assert UUID(story.firm.tenant_id) not in seen, f"{table} as {name}"
            assert await _tenants_in(application, table, {}) == set(), f"{table} in nobody's name"
    finally:
        await application.close()
        await superuser.close()


async def _tables_with_tenant(connection: asyncpg.Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema,"
        " table_name) WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'"
    )
    return sorted(row["table_name"] for row in rows)


async def _tenants_in(
    connection: asyncpg.Connection, table: str, settings: dict[str, str] | None = None
) -> set[UUID | None]:
    """Return whose rows a query without filter sees; none where the table may not be read at all."""
    try:
        async with connection.transaction():
            for name, value in (settings or {}).items():
                await connection.execute("SELECT set_config($1, $2, true)", f"kontor.{name}", value)
            rows = await connection.fetch(f'SELECT tenant_id FROM "{table}"')  # noqa: S608 - a name from the catalogue
    except asyncpg.InsufficientPrivilegeError:
        return set()
    return {row["tenant_id"] for row in rows}


def _people_of(story: Story) -> dict[str, dict[str, str]]:
    """Return the settings that transactions of a firm's people run with."""
    own = {"tenant_id": story.firm.tenant_id}
    expert = story.expert.claims
    guest = story.guest.person
    return {
        "staff": {**own, "role": "staff", "account_id": story.firm.administrator.account_id},
        "customer": {
            **own,
            "role": "customer",
            "account_id": guest.account_id,
            "customer_id": story.guest.customer_id,
        },
        "expert": {"tenant_id": expert["tid"], "role": "expert", "account_id": expert["sub"]},
        "firm alone": own,
    }


def _call(
    channel: grpc.Channel, method: MethodDescriptor, ids: dict[str, str], person: Person
) -> tuple[grpc.StatusCode, str]:
    """Call a method; return its code and everything it said, errors included."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    request, answer_class = filled(GetMessageClass(method.input_type), ids), GetMessageClass(method.output_type)
    options: dict[str, Any] = {
        "request_serializer": type(request).SerializeToString,
        "response_deserializer": answer_class.FromString,
    }
    metadata = (("authorization", f"Bearer {person.token}"),)
    try:
        if method.server_streaming:
            stream = channel.unary_stream(path, **options)(request, metadata=metadata, timeout=STREAM_SECONDS)
            said = "".join(json_format.MessageToJson(event, ensure_ascii=False) for event in stream)
            return grpc.StatusCode.OK, said
        answer = channel.unary_unary(path, **options)(request, metadata=metadata, timeout=30)
        return grpc.StatusCode.OK, json_format.MessageToJson(answer, ensure_ascii=False)
    except grpc.RpcError as refusal:
        trailers: Any = refusal.trailing_metadata() or ()
        told = [refusal.details() or "", *(str(value) for _, value in trailers)]
        return refusal.code(), " ".join(told)


def _everything(stage: InstalledStage, story: Story) -> list[Json]:
    """Return what a firm and its customer can read about themselves."""
    broker, customer = story.firm.administrator, story.guest.person
    own = f"/v1/customers/{story.guest.customer_id}"
    for_broker = ["/v1/customers", "/v1/contracts", "/v1/chats", "/v1/orders", "/v1/staff", "/v1/invitations"]
    for_broker += ["/v1/openItems", "/v1/portfolioImports", "/v1/notifications", "/v1/me/sessions"]
    for_broker += ["/v1/linesOfBusiness", f"{own}/contracts", f"/v1/orders/{story.order_id}/history", "/v1/me"]
    for_customer = [f"{own}/documents", f"{own}/folders", f"{own}/grants", f"{own}/sightings", f"{own}/invoices"]
    for_customer += [f"{own}/serviceAgreements", f"{own}/consentRequests", f"/v1/chats/{story.chat_id}/messages"]
    for_customer += ["/v1/notifications", "/v1/me/sessions", "/v1/me"]
    for_customer += [f"{own}/trustedPersons", f"{own}/emergencyRequests", f"{own}/emergencyEntries"]
    uploading = {"fileName": "Offen.pdf", "sizeBytes": "1000", "title": "Noch nicht da"}
    folder = customer.post(f"{own}/folders", {"name": f"Ordner ({story.firm.slug})"})
    trusted = _trusted(stage, story, folder["folderId"])
    found = [customer.post(f"{own}/uploads", uploading), customer.post(f"{own}/exports", {})]
    invoice = story.invoice["invoiceId"]
    found.append(broker.get("/v1/ledgerEntries", invoiceId=invoice))
    part = {"amount": {"minorUnits": "100", "currency": "EUR"}}
    found.append(broker.post(f"{own}/invoices/{invoice}/payments", part))
    found.append(broker.get(f"{own}/invoices/{invoice}/payments"))
    found += [_read(broker, path) for path in for_broker]
    found.append(_read(trusted, "/v1/me/trusteeships"))
    return found + [_read(customer, path) for path in for_customer]


def _trusted(stage: InstalledStage, story: Story, folder_id: str) -> Person:
    """Let the customer trust somebody, who accepts and asks for access."""
    own, email = f"/v1/customers/{story.guest.customer_id}", f"vertrauter@{story.firm.slug}.example"
    named = {"name": "Verschwiegener Vertrauter", "email": email, "folderIds": [folder_id]}
    story.guest.person.post(f"{own}/trustedPersons", named)
    person = journey.invited(stage, email)
    person.post(f"{own}/emergencyRequests", {"reason": "Seit Tagen nicht zu erreichen."})
    return person


def _shown_to(neighbour: Story) -> list[Json]:
    """Return what the expert network shows to every firm, and to this one from before."""
    paths = ("/v1/expertServices", "/v1/orders", "/v1/linesOfBusiness")
    return [_read(neighbour.firm.administrator, path) for path in paths]


def _read(person: Person, path: str) -> Json:
    many: dict[str, Any] = {} if path == "/v1/me" else {"pageSize": 100}
    return person.get(path, **many)


def _ids_in(documents: list[Json]) -> defaultdict[str, set[str]]:
    """Return all ids in JSON documents by the name of their field."""
    found: defaultdict[str, set[str]] = defaultdict(set)

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, key)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, name.removesuffix("s"))
        elif isinstance(value, str) and name.endswith("Id") and _is_uuid(value):
            found[name].add(value)

    for document in documents:
        walk(document, "")
    return found


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text).int)
    except ValueError:
        return False


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
