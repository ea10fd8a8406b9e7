"""Critical processes that billing tells of: while one runs, a customer's bank accounts stand still (F160)."""

from __future__ import annotations

from uuid import UUID

from kontor.billing.v1.events_pb2 import DunningEnded, DunningStarted
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_identity.master_data_tables import CriticalProcess


async def dunning_started(tx: Transaction, event: DunningStarted, _meta: EventMeta) -> None:
    """A dunning procedure runs."""
    await _process(tx, event)


async def dunning_ended(tx: Transaction, event: DunningEnded, _meta: EventMeta) -> None:
    """It is over, whichever of the two events came first."""
    process = await _process(tx, event)
    process.ended_at = process.ended_at or tx.now


async def _process(tx: Transaction, event: DunningStarted | DunningEnded) -> CriticalProcess:
    process_id = UUID(event.dunning_id)
    process = await tx.session.get(CriticalProcess, process_id, with_for_update=True)
    if process is None:
        process = CriticalProcess(
            process_id=process_id,
            tenant_id=UUID(event.tenant_id),
            customer_id=UUID(event.customer_id),
            started_at=tx.now,
        )
        tx.session.add(process)
    return process
