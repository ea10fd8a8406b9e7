"""Commands of the vault beside its processes: what an administrator of the installation runs by hand or by schedule."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from kontor_chassis.principal import Principal
from kontor_chassis.service import Platform
from sqlalchemy import select

from kontor_vault import erasure
from kontor_vault.app import opened
from kontor_vault.bags import BagRefusedError
from kontor_vault.config import VaultSettings
from kontor_vault.importing import Importer
from kontor_vault.mail_server import receive_mail
from kontor_vault.rewrapping import left_to_rewrap, rewrap_some
from kontor_vault.sealing import Sealing
from kontor_vault.tables import Erasure, SightHead
from kontor_vault.texts import open_text_reader, read_until_stopped

log = structlog.get_logger(__name__)

_SERVICE = Principal.of_service("vault")
_PORTION = 500


async def verify_ledger(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Check every customer's sight ledger, or those named; exits with 1 and names the ledgers that are not intact."""
    named = frozenset(UUID(customer_id) for customer_id in rest)
    entries = broken = ledgers = 0
    async with opened(settings) as (keys, store):
        sealing = Sealing(keys, store)
        async for tenant_id, customer_id in _ledgers(platform):
            if named and customer_id not in named:
                continue
            async with platform.work.work(_SERVICE) as tx:
                verdict = await sealing.verify(tx, tenant_id=tenant_id, customer_id=customer_id)
            ledgers += 1
            entries += verdict.checked
            if verdict.first_broken:
                broken += 1
                sys.stdout.write(f"customer {customer_id}: not intact from entry {verdict.first_broken} on\n")
    sys.stdout.write(f"{ledgers} ledgers, {entries} entries: {f'{broken} not intact' if broken else 'all intact'}\n")
    if broken:
        log.error("ledger_not_intact", ledgers=broken)
        sys.exit(1)


async def rewrap_keys(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Wrap every data key under the newest key-encryption key while the vault runs, telling how far it is."""
    async with opened(settings) as (keys, _):
        total, done = await left_to_rewrap(platform.work, keys), 0
        while count := await rewrap_some(platform.work, keys):
            done += count
            sys.stdout.write(f"{done} of {total} keys\n")
        left = await left_to_rewrap(platform.work, keys)
        sys.stdout.write(f"{left} keys are left under older versions; {await keys.newest()} wraps\n")
    if left:
        sys.exit(1)


async def erase_customer(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Destroy a customer's key and everything kept about him: firm, customer."""
    tenant_id, customer_id = (UUID(text) for text in rest)
    async with platform.work.work(_SERVICE.within(tenant_id)) as tx:
        erased = await erasure.erase_customer(tx, tenant_id=tenant_id, customer_id=customer_id)
        await tx.commit()
    sys.stdout.write(f"{_certificate_text(erased)}\n")


async def list_erasures(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Print the certificates of all erasures, or of the firms named, having checked their chain; 1 if it is broken."""
    named = frozenset(UUID(tenant_id) for tenant_id in rest)
    async with platform.work.work(_SERVICE) as tx:
        async for certificate in await tx.session.stream_scalars(select(Erasure).order_by(Erasure.sequence)):
            if not named or certificate.of_tenant_id in named:
                sys.stdout.write(f"{_certificate_text(certificate)}\n")
        broken = await erasure.verify_certificates(tx)
    if broken:
        sys.stdout.write(f"not intact from certificate {broken} on\n")
        sys.exit(1)


async def import_archive(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Read an archive of everything into a customer's vault: firm, customer, file; 1 and why when it is refused."""
    tenant_id, customer_id = (UUID(text) for text in rest[:2])
    async with opened(settings) as (keys, store):
        importer = Importer(platform.work, store, keys, settings.default_quota_bytes)
        try:
            with await asyncio.to_thread(Path(rest[2]).open, "rb") as file:
                done = await importer.read_in(file, tenant_id, customer_id)
        except BagRefusedError as refusal:
            sys.stdout.write(f"not read in: {refusal}\n")
            sys.exit(1)
    sys.stdout.write(
        f"{done.documents} documents with {done.versions} versions in {done.folders} folders,"
        f" {done.emergency_items} entries of the emergency folder, {done.ledgers} ledgers"
        f"{f'; {done.unreadable} versions had been damaged before' if done.unreadable else ''}\n"
    )


def _certificate_text(certificate: Erasure) -> str:
    whose = f"customer {certificate.of_customer_id}" if certificate.of_customer_id else "all customers"
    return (
        f"certificate {certificate.sequence}: {certificate.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        f" firm {certificate.of_tenant_id} {whose}: {certificate.keys} keys destroyed"
        f" (SHA-256 {certificate.keys_digest.hex()}), with them {certificate.documents} documents,"
        f" {certificate.size_bytes} bytes; hash {certificate.hash.hex()}"
    )


async def _ledgers(platform: Platform) -> AsyncIterator[tuple[UUID, UUID]]:
    """Yield firm and customer of every ledger, in portions, so that no transaction stays open for long."""
    last = UUID(int=0)
    while True:
        async with platform.work.work(_SERVICE) as tx:
            heads = await tx.session.execute(
                select(SightHead.tenant_id, SightHead.customer_id)
                .where(SightHead.customer_id > last)
                .order_by(SightHead.customer_id)
                .limit(_PORTION)
            )
            found = heads.all()
        for tenant_id, customer_id in found:
            yield tenant_id, customer_id
            last = customer_id
        if len(found) < _PORTION:
            return


async def read_texts(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Read the text of stored documents until told to stop; any number of these share the work."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with opened(settings) as (keys, store):
        reader = await open_text_reader(settings, platform.work, store, keys)
        await read_until_stopped(reader, stopping)


COMMANDS: Final = {
    "read-texts": read_texts,
    "receive-mail": receive_mail,
    "verify-ledger": verify_ledger,
    "rewrap-keys": rewrap_keys,
    "erase-customer": erase_customer,
    "list-erasures": list_erasures,
    "import-archive": import_archive,
}
