"""The end of one customer in a service that keeps rows about him: everything goes, also what arrives late.

`CustomerEnd.begin` handles identity's `CustomerDeleted`: it marks the customer and does all steps in the transaction of
the event. The job looks again for a day, because a token outlives its customer by minutes and an event of another
service may still be on its way. What "everything" is the service says as steps, in the order of its foreign keys.
The table `deleted_customers` and the right to delete come from `schema.let_deleted_customers_go`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, text

from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.one_by_one import one_by_one
from kontor_chassis.principal import Principal

PORTION = 1000
"""Rows per statement, so that no statement runs for long."""
LOOKED_AFTER = timedelta(days=1)
"""So long what arrives late is deleted, too."""

Step = Callable[[Transaction, UUID, UUID], Awaitable[None]]
"""Deletes (or ends) what is kept about a customer of a firm."""

OF_CUSTOMER = "customer_id = :customer"
OF_HIS_ACCOUNTS = (
    "account_id = ANY (SELECT unnest(account_ids) FROM deleted_customers"
    " WHERE tenant_id = :tenant AND customer_id = :customer)"
)
"""Rows of the people who acted for the customer in this firm and for nobody else of it."""

_JOB = "delete_ended_customers"
_MARK = text(
    "INSERT INTO deleted_customers (tenant_id, customer_id, account_ids, deleted_at)"
    " VALUES (:tenant, :customer, :accounts, :now) ON CONFLICT DO NOTHING"
)
_UNFINISHED = text(
    "SELECT tenant_id, customer_id, deleted_at FROM deleted_customers WHERE finished_at IS NULL ORDER BY customer_id"
)
_FINISHED = text(
    "UPDATE deleted_customers SET finished_at = :now WHERE tenant_id = :tenant AND customer_id = :customer"
)


class Deleted(Protocol):
    """Identity's `CustomerDeleted`, as far as it is needed here."""

    @property
    def customer_id(self) -> str:
        """The customer."""
        ...

    @property
    def account_ids(self) -> Sequence[str]:
        """Accounts that acted for him and have no other place in the firm."""
        ...


def emptied(table: str, condition: str = OF_CUSTOMER) -> Step:
    """Return the step that deletes rows of a table; `condition` is SQL with `:tenant` and `:customer`."""
    return as_step(
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608 - both are written in the service's own code
        f"SELECT ctid FROM {table} WHERE tenant_id = :tenant AND {condition} LIMIT {PORTION}))"
    )


def as_step(statement: str) -> Step:
    """Return the step that repeats one SQL statement with `:tenant` and `:customer` until it finds nothing more.

    What the statement has touched it must not find again.
    """

    async def step(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> None:
        values: dict[str, object] = {"tenant": tenant_id}
        if ":customer" in statement:
            values["customer"] = customer_id
        while getattr(await tx.session.execute(text(statement), values), "rowcount", 0):
            pass

    return step


class CustomerEnd:
    """Deletes what a service keeps of deleted customers."""

    def __init__(self, service: str, steps: Sequence[Step]) -> None:
        self._service = service
        self._principal = Principal.of_service(service)
        self._steps = steps

    async def begin(self, tx: Transaction, event: Deleted, meta: EventMeta) -> None:
        """Handle `CustomerDeleted`: mark the customer and delete what is kept about him."""
        if meta.tenant_id is None:
            raise ValueError("the event names no firm")
        customer_id = UUID(event.customer_id)
        mark = {
            "tenant": meta.tenant_id,
            "customer": customer_id,
            "accounts": [UUID(account_id) for account_id in event.account_ids],
            "now": tx.now,
        }
        await tx.session.execute(_MARK, mark)
        await self._delete(tx, meta.tenant_id, customer_id)

    def job(self) -> Job:
        """Return the job that deletes what arrives late."""
        return Job(_JOB, timedelta(minutes=5), self.look_after)

    async def look_after(self, context: JobContext) -> None:
        """Delete what has arrived since, one customer per transaction; one who fails stops no other."""
        async with context.work.work(self._principal) as tx:
            marked = (await tx.session.execute(_UNFINISHED)).all()

        async def end(mark: Row[Any]) -> None:
            async with context.work.work(self._principal.within(mark.tenant_id)) as tx:
                await self._delete(tx, mark.tenant_id, mark.customer_id)
                if tx.now >= mark.deleted_at + LOOKED_AFTER:
                    values = {"now": tx.now, "tenant": mark.tenant_id, "customer": mark.customer_id}
                    await tx.session.execute(_FINISHED, values)
                await tx.commit()

        await one_by_one(self._service, _JOB, marked, end, name=lambda mark: str(mark.customer_id))

    async def _delete(self, tx: Transaction, tenant_id: UUID, customer_id: UUID) -> None:
        for step in self._steps:
            await step(tx, tenant_id, customer_id)
