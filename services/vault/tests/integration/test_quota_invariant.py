"""Storage as an invariant: whatever uploads do beside each other, the database counts right and the limit holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import SystemClock
from kontor_chassis.database import Database
from kontor_chassis.errors import DomainError
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_chassis.testing.plugin import ServiceDatabases
from kontor_vault import quotas, trash, uploads
from kontor_vault.adapters.files import DirectoryObjects
from kontor_vault.content import SealedContent
from sqlalchemy import text

pytestmark = pytest.mark.integration

LIMIT = 1000
_COUNTED = text("""
  SELECT q.used_bytes, q.reserved_bytes, q.limit_bytes, q.overhang_bytes,
    (SELECT coalesce(sum(v.size_bytes), 0) FROM versions v
      WHERE v.customer_id = q.customer_id AND v.restored_from IS NULL) AS stored,
    (SELECT coalesce(sum(u.size_bytes), 0) FROM uploads u
      WHERE u.customer_id = q.customer_id AND u.state IN ('RESERVED', 'RECEIVING')) AS promised
  FROM quotas q WHERE q.customer_id = :customer""")

_STEP = st.tuples(
    st.sampled_from(["reserve", "finish", "give_up", "destroy", "limit"]), st.integers(0, 700), st.integers(0, 9)
)
"""What happens, a size, and to which of those at hand."""


@dataclass
class Household:
    """A customer who stores and deletes, several things at a time."""

    database: Database
    objects: DirectoryObjects
    principal: Principal = field(
        default_factory=lambda: Principal(
            account_id=new_id(), tenant_id=new_id(), customer_id=new_id(), roles=frozenset({Role.ROLE_CUSTOMER})
        )
    )
    open: list[UUID] = field(default_factory=list)
    documents: list[UUID] = field(default_factory=list)

    async def step(self, what: str, size: int, which: int) -> None:
        """Do one thing; what is refused changes nothing."""
        who, customer_id = self.principal, self.principal.required_customer()
        if what == "limit":
            who = Principal.of_service("billing", self.principal.tenant_id)
        async with self.database.work.work(who) as tx:
            try:
                if what == "reserve":
                    intent = uploads.Intent("a", size, "", 1, None, None, None)
                    upload = await uploads.create_upload(
                        tx, customer_id=customer_id, intent=intent, default_limit=LIMIT, plan=None
                    )
                    await tx.commit()
                    self.open.append(upload.upload_id)
                elif what == "limit":
                    await quotas.set_limit(
                        tx, tenant_id=who.required_tenant(), customer_id=customer_id, limit_bytes=size * 2
                    )
                    await tx.commit()
                elif what == "destroy" and self.documents:
                    document_id = self.documents.pop(which % len(self.documents))
                    await trash.trash_document(tx, customer_id=customer_id, document_id=document_id)
                    await trash.delete_document(tx, self.objects, customer_id=customer_id, document_id=document_id)
                    await tx.commit()
                elif what in {"finish", "give_up"} and self.open:
                    await self._end(tx, what, size, self.open.pop(which % len(self.open)))
            except DomainError:
                return

    async def _end(self, tx: Any, what: str, size: int, upload_id: UUID) -> None:
        if what == "give_up":
            await uploads.abandon_upload(tx, upload_id=upload_id)
        else:
            await uploads.begin_upload(tx, upload_id=upload_id)
            sealed = SealedContent(size, bytes(32), "text/plain")
            document = await uploads.finish_upload(tx, upload_id=upload_id, sealed=sealed)
            self.documents.append(document.document_id)
        await tx.commit()

    async def counted(self) -> Any:
        """Return the quota beside what is really there; None before anything was reserved."""
        async with self.database.work.work(Principal.of_service("vault")) as tx:
            return (await tx.session.execute(_COUNTED, {"customer": self.principal.customer_id})).one_or_none()


@pytest.fixture
def url(service_database: ServiceDatabases) -> str:
    """A vault's database; every history is of a customer of its own."""
    return service_database("vault").url


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(_STEP, min_size=1, max_size=4), min_size=2, max_size=8))
def test_no_history_passes_the_quota(url: str, tmp_path: Path, rounds: list[list[tuple[str, int, int]]]) -> None:
    """F14: uploads, failures, deletions and new limits, several at once: the count is true and the limit holds."""
    asyncio.run(_live(url, DirectoryObjects(tmp_path), rounds))


async def _live(url: str, objects: DirectoryObjects, rounds: list[list[tuple[str, int, int]]]) -> None:
    database = Database(url, service="vault", clock=SystemClock())
    household = Household(database, objects)
    try:
        for steps in rounds:
            await asyncio.gather(*(household.step(*step) for step in steps))
            quota = await household.counted()
            if quota is not None:
                assert (quota.used_bytes, quota.reserved_bytes) == (quota.stored, quota.promised)
                assert quota.stored + quota.promised <= max(quota.limit_bytes, quota.overhang_bytes)
    finally:
        await database.close()
