"""How the scan centre's part of the vault is put together: its calls and its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor.vault.v1 import binders_pb2, originals_pb2, scan_centre_pb2, scan_intake_internal_pb2, scan_sheets_pb2
from kontor.vault.v1.binders_pb2_grpc import (
    add_BinderCentreServiceServicer_to_server,
    add_BinderServiceServicer_to_server,
)
from kontor.vault.v1.originals_pb2_grpc import add_OriginalServiceServicer_to_server
from kontor.vault.v1.scan_centre_pb2_grpc import add_ScanCentreServiceServicer_to_server
from kontor.vault.v1.scan_intake_internal_pb2_grpc import add_ScanIntakeInternalServiceServicer_to_server
from kontor.vault.v1.scan_sheets_pb2_grpc import add_ScanSheetServiceServicer_to_server
from kontor_chassis.database import UnitOfWork
from kontor_chassis.jobs import Job, JobContext
from kontor_chassis.service import Servicer, servicer, servicer_of

from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.people import People
from kontor_vault.rpc.binders import BinderCentreRpc, BinderRpc
from kontor_vault.rpc.scan_centre import ScanCentreRpc, ScanIntakeRpc
from kontor_vault.rpc.scan_sheets import OriginalRpc, ScanSheetRpc
from kontor_vault.scan_filing import ScanFiling
from kontor_vault.scan_work import ScanWork


def scan_servicers(
    work: UnitOfWork, keys: CustomerKeys, people: People, default_quota_bytes: int
) -> Sequence[Servicer]:
    """Return the servicers of sheets, batches, originals and binders."""
    return [
        servicer_of(
            add_ScanSheetServiceServicer_to_server,
            ScanSheetRpc(work, keys, people, default_quota_bytes),
            scan_sheets_pb2,
        ),
        servicer_of(add_OriginalServiceServicer_to_server, OriginalRpc(work), originals_pb2),
        servicer(
            add_BinderServiceServicer_to_server,
            BinderRpc(work, people, default_quota_bytes),
            binders_pb2.DESCRIPTOR.services_by_name["BinderService"],
        ),
        servicer(
            add_BinderCentreServiceServicer_to_server,
            BinderCentreRpc(work),
            binders_pb2.DESCRIPTOR.services_by_name["BinderCentreService"],
        ),
        servicer_of(add_ScanCentreServiceServicer_to_server, ScanCentreRpc(work), scan_centre_pb2),
        servicer_of(
            add_ScanIntakeInternalServiceServicer_to_server, ScanIntakeRpc(work, keys), scan_intake_internal_pb2
        ),
    ]


def scan_jobs(work: UnitOfWork, objects: Objects, keys: CustomerKeys, default_quota_bytes: int) -> Sequence[Job]:
    """Return what is done about batches by the clock."""
    separating = ScanWork(work, objects, keys)
    filing = ScanFiling(work, objects, keys, default_quota_bytes)

    async def scan(_context: JobContext) -> None:
        while await separating.separate_next():
            pass
        while await filing.file_next():
            pass

    async def forget(_context: JobContext) -> None:
        while await separating.forget_next():
            pass

    return [Job("scan_batches", timedelta(seconds=2), scan), Job("forget_batches", timedelta(minutes=1), forget)]
