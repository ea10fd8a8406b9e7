"""A firm's or a customer's end as identity tells it: told by its outbox, or by the tested service's inbox."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from kontor.identity.v1.events_pb2 import CustomerDeleted, TenantDeleted
from kontor_chassis.customer_end import CustomerEnd
from kontor_chassis.events import EventMeta, Handler
from kontor_chassis.firm_end import FirmEnd
from kontor_chassis.ids import new_id
from kontor_chassis.inbox import Inbox, Outcome
from kontor_chassis.jobs import JobContext
from kontor_chassis.principal import Principal
from kontor_chassis.testing.server import Running


async def tell_firm_end(identity: Running, tenant_id: UUID) -> None:
    """Let a running identity publish `TenantDeleted`."""
    async with identity.platform.work.work(Principal.of_service("identity", tenant_id)) as tx:
        tx.publish(TenantDeleted(tenant_id=str(tenant_id)), aggregate=tenant_id)
        await tx.commit()


async def delete_firm(service: Running, name: str, handler: Handler, tenant_id: UUID) -> None:
    """Deliver `TenantDeleted` to its handler as two events, each of them twice."""
    platform, event = service.platform, TenantDeleted(tenant_id=str(tenant_id))
    inbox = Inbox(platform.work, name)
    for position in (1, 2):
        type_name = str(TenantDeleted.DESCRIPTOR.full_name)
        now = platform.clock.now()
        meta = EventMeta(new_id(), type_name, "identity", str(tenant_id), tenant_id, now, position)
        assert await inbox.apply(event, meta, handler) is Outcome.APPLIED
        assert await inbox.apply(event, meta, handler) is Outcome.SEEN_BEFORE


async def delete_customer(
    service: Running, name: str, customer_end: CustomerEnd, tenant_id: UUID, customer_id: UUID, *account_ids: UUID
) -> None:
    """Deliver `CustomerDeleted`, and run the job that looks after what arrives late."""
    platform = service.platform
    event = CustomerDeleted(
        tenant_id=str(tenant_id), customer_id=str(customer_id), account_ids=[str(one) for one in account_ids]
    )
    type_name, now = str(CustomerDeleted.DESCRIPTOR.full_name), platform.clock.now()
    meta = EventMeta(new_id(), type_name, "identity", str(customer_id), tenant_id, now, 1)
    inbox = Inbox(platform.work, name)
    assert await inbox.apply(event, meta, customer_end.begin) is Outcome.APPLIED
    assert await inbox.apply(event, meta, customer_end.begin) is Outcome.SEEN_BEFORE
    await customer_end.look_after(JobContext(work=platform.work, clock=platform.clock))


async def go_on(service: Running, firm_end: FirmEnd) -> None:
    """Run the job that finishes what the event began."""
    await firm_end.go_on(JobContext(work=service.platform.work, clock=service.platform.clock))


async def mark_deleted(owner_url: str, tenant_id: UUID, customer_id: UUID) -> None:
    """Note a firm and a customer as deleted, as their events do, without deleting anything yet."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("SET kontor.role = 'service'")
        await owner.execute("INSERT INTO deleted_firms (tenant_id, deleted_at) VALUES ($1, now())", tenant_id)
        await owner.execute(
            "INSERT INTO deleted_customers (tenant_id, customer_id, account_ids, deleted_at)"
            " VALUES ($1, $2, '{}', now())",
            tenant_id,
            customer_id,
        )
    finally:
        await owner.close()


async def rows_of(owner_url: str, tenant_id: UUID) -> dict[str, int]:
    """Return which tables of a service still hold how many rows of a firm; the chassis' own aside."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute(f"SET kontor.tenant_id = '{UUID(int=tenant_id.int)}'; SET kontor.role = 'service'")
        names = await owner.fetch(
            "SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name = 'tenant_id'"
            " AND table_name NOT IN ('outbox', 'dead_letters', 'deleted_firms', 'deleted_customers')"
        )
        counted = {
            row["name"]: await owner.fetchval(
                f'SELECT count(*) FROM "{row["name"]}" WHERE tenant_id = $1',  # noqa: S608 - names of the catalogue
                tenant_id,
            )
            for row in names
        }
    finally:
        await owner.close()
    return {name: count for name, count in counted.items() if count}


async def tables_that_say(owner_url: str, word: str) -> list[str]:
    """Return which tables of a service hold a word in any column of any row, whoever the row belongs to.

    The owner is bound by row-level security, too; so it is switched off for the look.
    """
    owner = await asyncpg.connect(owner_url)
    try:
        names = await owner.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        said = []
        async with owner.transaction():
            for name in (row["name"] for row in names):
                await owner.execute(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY')
                holds = f'SELECT EXISTS (SELECT FROM "{name}" t WHERE t::text ILIKE $1)'  # noqa: S608 - of the catalogue
                if await owner.fetchval(holds, f"%{word}%"):
                    said.append(name)
            raise _LookedError
    except _LookedError:
        return said
    finally:
        await owner.close()


class _LookedError(Exception):
    """Rolls back what a look has switched off."""
