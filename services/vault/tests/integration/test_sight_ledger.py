"""The sight ledger in the database: what is recorded, who can change it, and what shows when somebody does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.commands import verify_ledger
from kontor_vault.keys import CustomerKeys
from kontor_vault.ledger import chained_hash
from kontor_vault.sealing import Sealing
from kontor_vault.tables import Sighting

from services.vault.tests.vault_office import Edge, Office, Person, upload

pytestmark = pytest.mark.integration

VIEW, DOWNLOAD = pb.SIGHTING_ACTION_VIEW, pb.SIGHTING_ACTION_DOWNLOAD
SHARE, REVOKE, RELEASE = pb.SIGHTING_ACTION_SHARE, pb.SIGHTING_ACTION_REVOKE, pb.SIGHTING_ACTION_RELEASE


async def entries(customer: Person, **wanted: Any) -> list[pb.Sighting]:
    """Return the customer's ledger, newest first."""
    answer = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid, **wanted))
    return list(answer.sightings)


async def verdict(customer: Person) -> pb.VerifySightingsResponse:
    """Return what a check of the customer's ledger finds."""
    return await customer.vault.VerifySightings(pb.VerifySightingsRequest(customer_id=customer.cid))


async def seal(office: Office) -> None:
    """Let the job seal what grew."""
    sealing = Sealing(CustomerKeys(KeyFile(office.key)), open_object_store(office.objects.as_uri()))
    context: JobContext = office.jobs
    while await sealing.seal_some(context.work):
        pass


@asynccontextmanager
async def tampering(office: Office) -> AsyncIterator[asyncpg.Connection]:
    """Be the owner of the tables, with the triggers and row security switched off on purpose."""
    owner = await asyncpg.connect(office.database.owner_url)
    for table in ("sightings", "sight_seals", "sight_heads"):
        await owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield owner
    await owner.close()


async def looked_at(office: Office, edge: Edge, tenant: UUID) -> tuple[Person, Person, pb.Document]:
    """Return a customer, an employee who saw, fetched and lost sight of a document of his, and that document."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    document = await upload(edge, customer, b"%PDF-1", file_name="Police.pdf")
    target = pb.Grant(document_id=document.document_id, grantee_account_id=str(petra.account_id))
    grant = await customer.vault.CreateGrant(pb.CreateGrantRequest(customer_id=customer.cid, grant=target))
    url = f"/files/documents/{document.document_id}"
    for part in ("bytes=0-1", "bytes=2-3"):
        await edge.client.get(url, headers={**petra.headers, "Range": part})
    await edge.client.get(url + "?download=1", headers=petra.headers)
    await edge.client.get(url, headers=customer.headers)
    revoke = pb.RevokeGrantRequest(customer_id=customer.cid, grant_id=grant.grant_id)
    for _ in range(2):
        await customer.vault.RevokeGrant(revoke)
    return customer, petra, document


async def test_everything_is_told_once(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2, F3: views, downloads, sharing, revoking and releasing, with whom, filtered as the customer asks."""
    customer, petra, document = await looked_at(office, edge, tenant)
    told = [(s.action, s.role, s.subject, s.party_name) for s in reversed(await entries(customer))]
    mine, theirs = Role.ROLE_CUSTOMER, Role.ROLE_STAFF
    assert told == [
        (SHARE, mine, "Police", "Jonas Peters"),
        (VIEW, theirs, "Police", ""),
        (DOWNLOAD, theirs, "Police", ""),
        (VIEW, mine, "Police", ""),
        (REVOKE, mine, "Police", "Jonas Peters"),
    ]
    assert [s.action for s in await entries(customer, by_others=True)] == [DOWNLOAD, VIEW]
    assert [s.sequence for s in await entries(customer, actions=[SHARE, REVOKE])] == [5, 1]
    assert {s.account_id for s in await entries(customer, by_others=True)} == {str(petra.account_id)}
    now = Timestamp()
    now.FromDatetime(office.clock.now())
    assert await entries(customer, before_time=now) == []
    assert len(await entries(customer, from_time=now, document_id=document.document_id)) == 5
    first = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid, page_size=2))
    rest = await entries(customer, page_size=10, page_token=first.next_page_token)
    assert [s.sequence for s in (*first.sightings, *rest)] == [5, 4, 3, 2, 1]


async def test_the_firm_s_drafts_leave_no_trace(office: Office, edge: Edge, tenant: UUID) -> None:
    """F176: that staff look at what they have not released tells the customer nothing; the release does."""
    customer, petra = await office.customer(tenant), await office.employee(tenant)
    draft = await upload(edge, petra, b"%PDF-", customer.cid, file_name="Angebot.pdf")
    await edge.client.get(f"/files/documents/{draft.document_id}", headers=petra.headers)
    assert await entries(customer) == []
    release = pb.ReleaseDocumentRequest(customer_id=customer.cid, document_id=draft.document_id)
    for _ in range(2):
        await petra.vault.ReleaseDocument(release)
    assert [(s.action, s.account_name, s.subject) for s in await entries(customer)] == [
        (RELEASE, "Petra H.", "Angebot")
    ]


async def test_nobody_changes_it_by_rights_or_by_mistake(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: the application may only append; the tables' owner is stopped by triggers."""
    customer, _, _ = await looked_at(office, edge, tenant)
    statements = ("UPDATE sightings SET account_name = ''", "DELETE FROM sightings", "TRUNCATE sightings")
    for url in (office.database.url, office.database.owner_url):
        connection = await asyncpg.connect(url)
        await connection.execute("SELECT set_config('kontor.role', 'service', false)")
        for statement in statements:
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            assert statement.startswith("DELETE"), statement  # row security leaves it nothing to delete
        await connection.close()
    found = await verdict(customer)
    assert (found.intact, found.checked) == (True, 5)


TAMPERINGS = {
    "UPDATE sightings SET account_name = 'Niemand' WHERE sequence = 2": 2,
    "UPDATE sightings SET party_name = 'Sepp Huber' WHERE sequence = 1": 1,
    "DELETE FROM sightings WHERE sequence = 3": 3,
    "DELETE FROM sightings WHERE sequence > 3": 4,
    "INSERT INTO sightings SELECT (jsonb_populate_record(s, '{\"sequence\": 6}')).* FROM sightings s"
    " WHERE sequence = 5": 6,
    "UPDATE sight_seals SET seal = '\\x00'": 5,
}


async def test_tampering_shows(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2: altered, removed, cut off, slipped in, unsealed: the check says so and where."""
    customer, _, _ = await looked_at(office, edge, tenant)
    await seal(office)
    assert (await verdict(customer)).intact
    async with tampering(office) as owner:
        await owner.execute("CREATE TABLE entries AS TABLE sightings; CREATE TABLE seals AS TABLE sight_seals")
        for statement, first_broken in TAMPERINGS.items():
            assert not (await owner.execute(statement)).endswith(" 0"), statement
            found = await verdict(customer)
            assert (found.intact, found.first_broken_sequence) == (False, first_broken), statement
            await owner.execute("DELETE FROM sightings; INSERT INTO sightings TABLE entries")
            await owner.execute("DELETE FROM sight_seals; INSERT INTO sight_seals TABLE seals")
            assert (await verdict(customer)).intact


async def test_a_forged_or_rolled_back_ledger_does_not_fit_its_seals(
    office: Office, edge: Edge, tenant: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    """F2: whoever holds the whole database can recompute the chain or go back to an earlier one; the seals tell."""
    customer, _, _ = await looked_at(office, edge, tenant)
    await seal(office)
    sealed = await verdict(customer)
    assert (sealed.intact, sealed.sealed_sequence, sealed.seal_time.seconds > 0) == (True, 5, True)
    settings = office.settings()
    await verify_ledger(settings, office.running.platform, [])
    assert capsys.readouterr().out == "1 ledgers, 5 entries: all intact\n"
    async with tampering(office) as owner:
        rows = await owner.fetch("SELECT * FROM sightings ORDER BY sequence")
        head = await owner.fetchrow("SELECT * FROM sight_heads")
        assert head is not None
        previous = bytes(32)
        for row in rows:
            entry = Sighting(**{**row, "account_name": "Niemand" if row["sequence"] == 2 else row["account_name"]})
            previous = chained_hash(entry, previous)
            await owner.execute(
                "UPDATE sightings SET account_name = $1, hash = $2 WHERE sequence = $3",
                entry.account_name, previous, entry.sequence,
            )  # fmt: skip
        await owner.execute("UPDATE sight_heads SET hash = $1", previous)
        forged = await verdict(customer)
        assert (forged.intact, forged.first_broken_sequence) == (False, 5)
        await owner.execute("DELETE FROM sight_seals")
        assert not (await verdict(customer)).intact, "the seal beside the content remembers"
        await owner.execute("DELETE FROM sightings WHERE sequence > 1")
        for row in rows[:1]:
            await owner.execute("UPDATE sightings SET hash = $1", row["hash"])
        await owner.execute("UPDATE sight_heads SET hash = $1, sequence = 1, sealed_sequence = 1", rows[0]["hash"])
        rolled_back = await verdict(customer)
        assert (rolled_back.intact, rolled_back.first_broken_sequence) == (False, 2)
    with pytest.raises(SystemExit):
        await verify_ledger(settings, office.running.platform, [customer.cid])
    assert f"customer {customer.cid}: not intact from entry 2 on" in capsys.readouterr().out
    await verify_ledger(settings, office.running.platform, [str(new_id())])
