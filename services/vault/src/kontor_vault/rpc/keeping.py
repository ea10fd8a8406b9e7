"""KeepingService: what the rounds through everything found, in numbers."""

from __future__ import annotations

from kontor.vault.v1 import keeping_pb2 as pb
from kontor.vault.v1.keeping_pb2_grpc import KeepingServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.principal import Principal
from kontor_chassis.service import Context
from sqlalchemy import func, select

from kontor_vault.integrity import TASK
from kontor_vault.keeping_tables import DamagedObject, KeepingRound
from kontor_vault.rpc import convert

_SERVICE = Principal.of_service("vault")
_STORES = {"orphans of store": pb.OrphanRound.STORE_FIRST, "orphans of replica": pb.OrphanRound.STORE_REPLICA}


class KeepingRpc(KeepingServiceServicer):
    """Serves the call; rows are counted by the service itself, because the operator's role is shown none."""

    def __init__(self, work: UnitOfWork, *, has_replica: bool, megabytes_per_minute: int) -> None:
        self._work = work
        self._has_replica = has_replica
        self._megabytes_per_minute = megabytes_per_minute

    async def GetKeepingState(self, request: pb.GetKeepingStateRequest, context: Context) -> pb.KeepingState:
        counted = select(
            func.count(), func.count().filter(DamagedObject.is_missing), func.min(DamagedObject.find_time)
        ).select_from(DamagedObject)
        async with self._work.work(_SERVICE) as tx:
            rounds = {row.task: row for row in await tx.session.scalars(select(KeepingRound))}
            damaged, missing, oldest = (await tx.session.execute(counted)).one()
        return pb.KeepingState(
            integrity=_integrity(rounds[TASK]) if TASK in rounds else pb.IntegrityRound(),
            orphans=[_orphans(rounds[task], store) for task, store in _STORES.items() if task in rounds],
            damaged=damaged,
            missing=missing,
            oldest_damage_time=None if oldest is None else convert.timestamp(oldest),
            has_replica=self._has_replica,
            megabytes_per_minute=self._megabytes_per_minute,
        )


def _integrity(row: KeepingRound) -> pb.IntegrityRound:
    return pb.IntegrityRound(
        is_running=bool(row.position) or row.end_time is None,
        start_time=convert.timestamp(row.start_time),
        checked=row.objects,
        checked_bytes=row.size_bytes,
        damaged=row.found,
        repaired=row.repaired,
        last_end_time=None if row.end_time is None else convert.timestamp(row.end_time),
        last_checked=row.last_objects,
        last_damaged=row.last_found,
        last_repaired=row.last_repaired,
    )


def _orphans(row: KeepingRound, store: pb.OrphanRound.Store.ValueType) -> pb.OrphanRound:
    return pb.OrphanRound(
        store=store,
        last_end_time=None if row.end_time is None else convert.timestamp(row.end_time),
        last_objects=row.last_objects,
        last_deleted=row.last_found,
    )
