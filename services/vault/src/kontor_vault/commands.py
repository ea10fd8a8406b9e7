"""Commands of the vault beside its processes: what an administrator of the installation runs by hand or by schedule."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import structlog
from kontor_chassis.principal import Principal
from kontor_chassis.service import Platform
from sqlalchemy import select

from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.config import VaultSettings
from kontor_vault.keys import CustomerKeys
from kontor_vault.sealing import Sealing
from kontor_vault.tables import SightHead

log = structlog.get_logger(__name__)

_SERVICE = Principal.of_service("vault")
_PORTION = 500


async def verify_ledger(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Check every customer's sight ledger, or those named; exits with 1 and names the ledgers that are not intact."""
    sealing = Sealing(
        CustomerKeys(KeyFile(settings.key_encryption_key_file)), open_object_store(settings.object_store_url)
    )
    named = frozenset(UUID(customer_id) for customer_id in rest)
    entries = broken = ledgers = 0
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
