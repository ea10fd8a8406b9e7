"""How the part of the vault that keeps papers for decades is put together: its calls; its jobs are `keeping_jobs`."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.vault.v1 import exports_pb2, imports_internal_pb2, imports_pb2, keeping_pb2
from kontor.vault.v1.exports_pb2_grpc import add_ExportServiceServicer_to_server
from kontor.vault.v1.imports_internal_pb2_grpc import add_ImportInternalServiceServicer_to_server
from kontor.vault.v1.imports_pb2_grpc import add_ImportServiceServicer_to_server
from kontor.vault.v1.keeping_pb2_grpc import add_KeepingServiceServicer_to_server
from kontor_chassis.database import UnitOfWork
from kontor_chassis.service import Servicer, servicer_of

from kontor_vault.config import VaultSettings
from kontor_vault.former import FormerInstallations
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.rpc.exports import ExportRpc
from kontor_vault.rpc.imports import ImportInternalRpc, ImportRpc
from kontor_vault.rpc.keeping import KeepingRpc


def keeping_servicers(
    work: UnitOfWork, objects: Objects, keys: CustomerKeys, settings: VaultSettings
) -> Sequence[Servicer]:
    """Return the servicers of archives, on their way out and in, and of what the rounds found."""
    former = FormerInstallations(work, objects, keys)
    rounds = KeepingRpc(
        work,
        has_replica=settings.object_replica_url is not None,
        megabytes_per_minute=settings.integrity_megabytes_per_minute,
    )
    return [
        servicer_of(add_ExportServiceServicer_to_server, ExportRpc(work, objects), exports_pb2),
        servicer_of(add_ImportServiceServicer_to_server, ImportRpc(work, former), imports_pb2),
        servicer_of(add_ImportInternalServiceServicer_to_server, ImportInternalRpc(work, keys), imports_internal_pb2),
        servicer_of(add_KeepingServiceServicer_to_server, rounds, keeping_pb2),
    ]
