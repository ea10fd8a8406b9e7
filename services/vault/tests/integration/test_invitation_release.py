"""What an invitation releases of the documents that the firm filed, by the event of identity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from kontor.identity.v1.events_pb2 import ReleaseRequested
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.principal import Principal
from kontor_vault.consumers import consumers

from services.vault.tests.vault_office import Edge, Office, Person, upload

pytestmark = pytest.mark.integration


async def _titles(customer: Person) -> set[str]:
    answer = await customer.vault.ListDocuments(pb.ListDocumentsRequest(customer_id=customer.cid))
    return {document.title for document in answer.documents}


async def test_an_invitation_releases_documents(office: Office, edge: Edge, tenant: UUID) -> None:
    """F171, F176: choice B releases the kinds named, choice A everything the firm filed; neither anybody else's."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    employee = await office.employee(tenant)
    filed: dict[str, Any] = {"Police": pb.DOCUMENT_KIND_POLICY, "Rechnung": pb.DOCUMENT_KIND_INVOICE}
    for owner in (customer, other):
        for title, kind in filed.items():
            await upload(edge, employee, title.encode(), owner.cid, file_name=f"{title}.txt", title=title, kind=kind)

    async def invited(**release: Any) -> None:
        event = ReleaseRequested(tenant_id=str(tenant), customer_id=customer.cid, **release)
        meta = EventMeta(new_id(), "", "identity", "", tenant, office.clock.now(), 1)
        async with office.running.platform.work.work(Principal.of_service("vault", tenant)) as tx:
            await consumers(0)[ReleaseRequested](tx, event, meta)
            await tx.commit()

    await invited(categories=["CONTRACTS", "UNKNOWN"])
    assert await _titles(customer) == set()
    await invited(categories=["POLICY"])
    assert await _titles(customer) == {"Police"}
    for _ in range(2):
        await invited(everything=True)
    assert await _titles(customer) == {"Police", "Rechnung"}
    assert await _titles(other) == set()
