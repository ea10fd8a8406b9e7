"""How the vault is put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kontor.vault.v1 import (
    emergency_folder_pb2,
    filing_pb2,
    internal_pb2,
    search_pb2,
    sharing_pb2,
    vault_pb2,
)
from kontor.vault.v1.emergency_folder_pb2_grpc import add_EmergencyFolderServiceServicer_to_server
from kontor.vault.v1.filing_pb2_grpc import add_FilingServiceServicer_to_server
from kontor.vault.v1.internal_pb2_grpc import add_VaultInternalServiceServicer_to_server
from kontor.vault.v1.search_pb2_grpc import add_SearchServiceServicer_to_server
from kontor.vault.v1.sharing_pb2_grpc import add_SharingServiceServicer_to_server
from kontor.vault.v1.vault_pb2_grpc import add_VaultServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer_of

from kontor_vault.adapters.clamd import Clamd
from kontor_vault.adapters.consents import IdentityConsents
from kontor_vault.adapters.contracts import ContractsOfCaller
from kontor_vault.adapters.experts import NetworkOrders
from kontor_vault.adapters.identity import IdentityPeople
from kontor_vault.adapters.key_encryption import open_key_encryption
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.adapters.plans import IdentityPlans
from kontor_vault.config import VaultSettings
from kontor_vault.consumers import consumers
from kontor_vault.emergency_folder import EmergencyFolder
from kontor_vault.firm_service import firm_servicers
from kontor_vault.grantees import Grantees
from kontor_vault.jobs import jobs
from kontor_vault.keeping_jobs import keeping_jobs
from kontor_vault.keeping_service import keeping_servicers
from kontor_vault.keys import CustomerKeys
from kontor_vault.mail_service import mail_servicers
from kontor_vault.objects import Objects
from kontor_vault.proposals import Proposals
from kontor_vault.retention_jobs import retention_jobs
from kontor_vault.rpc.emergency_folder import EmergencyFolderRpc
from kontor_vault.rpc.filing import FilingRpc
from kontor_vault.rpc.internal import VaultInternalRpc
from kontor_vault.rpc.public import VaultRpc
from kontor_vault.rpc.releases import Releases
from kontor_vault.rpc.search import SearchRpc
from kontor_vault.rpc.sharing import SharingRpc
from kontor_vault.scan_service import scan_jobs, scan_servicers
from kontor_vault.sealing import Sealing
from kontor_vault.searching import Searching
from kontor_vault.sharing import Sharing
from kontor_vault.texts import open_text_reader


async def compose(settings: VaultSettings, platform: Platform) -> Service:
    """Return the service: ports, RPCs, events and jobs."""
    store = open_object_store(settings.object_store_url)
    replica = open_object_store(settings.object_replica_url) if settings.object_replica_url else None
    encryption = open_key_encryption(settings)
    keys = CustomerKeys(encryption)
    people = IdentityPeople(platform.callers)
    sealing = Sealing(keys, store)
    plans = IdentityPlans(platform.callers)
    texts = await open_text_reader(settings, platform.work, store, keys) if settings.reads_texts else None
    orders, releases = NetworkOrders(platform.callers), Releases(people)
    sharing = Sharing(platform.rows, orders)
    grantees = Grantees(people, orders)
    public = VaultRpc(
        platform.work, platform.rows, store, people, grantees, sealing, settings.default_quota_bytes, plans
    )
    internal = VaultInternalRpc(platform.work, keys, store, releases, sharing)
    consents = IdentityConsents(platform.callers)
    emergency = EmergencyFolderRpc(platform.work, releases, EmergencyFolder(keys))
    search = SearchRpc(platform.rows, Searching(platform.work, platform.rows, keys), releases)
    filing = FilingRpc(platform.work, Proposals(keys), ContractsOfCaller(platform.callers), platform.clock)
    return Service(
        servicers=[
            servicer_of(add_VaultServiceServicer_to_server, public, vault_pb2),
            servicer_of(add_EmergencyFolderServiceServicer_to_server, emergency, emergency_folder_pb2),
            servicer_of(add_SearchServiceServicer_to_server, search, search_pb2),
            servicer_of(add_SharingServiceServicer_to_server, SharingRpc(sharing), sharing_pb2),
            servicer_of(add_FilingServiceServicer_to_server, filing, filing_pb2),
            servicer_of(add_VaultInternalServiceServicer_to_server, internal, internal_pb2),
            *keeping_servicers(platform.work, store, keys, settings),
            *firm_servicers(platform.work, plans, consents),
            *mail_servicers(platform.work, keys, store, people, settings),
            *scan_servicers(platform.work, keys, people, settings.default_quota_bytes),
        ],
        consumers=consumers(settings.default_quota_bytes),
        jobs=[
            *jobs(store, sealing, keys, texts),
            *retention_jobs(store),
            *keeping_jobs(platform.work, store, keys, replica, settings, consents),
            *scan_jobs(platform.work, store, keys, settings.default_quota_bytes),
        ],
        close=[encryption.close],
    )


@asynccontextmanager
async def opened(settings: VaultSettings) -> AsyncIterator[tuple[CustomerKeys, Objects]]:
    """Yield what commands need beside the database: customers' keys and the object store."""
    encryption = open_key_encryption(settings)
    try:
        yield CustomerKeys(encryption), open_object_store(settings.object_store_url)
    finally:
        await encryption.close()


def scanner_of(settings: VaultSettings) -> Clamd | None:
    """Return what looks through attachments of mails, where one is named."""
    return Clamd(settings.malware_scanner) if settings.malware_scanner else None
