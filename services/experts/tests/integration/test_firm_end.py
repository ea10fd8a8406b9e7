"""What is left of a firm in the expert network when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kontor.experts.v1 import catalogue_pb2 as catalogue
from kontor.experts.v1 import orders_pb2 as pb
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor_experts.consumers import CONSUMERS

from tests.firm_end import delete_firm, rows_of

pytestmark = pytest.mark.integration


async def test_drafts_of_a_deleted_client_go_and_placed_orders_stay(world: Any) -> None:
    """Decision 10: the expert still finds what he was asked to do; drafts and consents asked for are gone."""
    placed = await world.a_placed_order()
    kept = await rows_of(world.database.owner_url, world.client_tenant)
    draft = await world.an_order(placed.service_id, trade="Tischler", employees=3)
    await world.staff().RequestConsent(pb.RequestConsentRequest(order_id=draft.order_id))
    await delete_firm(world.service, "experts", CONSUMERS[TenantDeleted], world.client_tenant)
    assert await rows_of(world.database.owner_url, world.client_tenant) == kept
    seen = await world.expert().GetOrder(pb.GetOrderRequest(order_id=placed.order_id))
    assert seen.order_id == placed.order_id


async def test_a_deleted_expert_offers_nothing_more(world: Any) -> None:
    """Decision 10: his listings are withdrawn and emptied; the client keeps the order with its title."""
    placed = await world.a_placed_order()
    await delete_firm(world.service, "experts", CONSUMERS[TenantDeleted], world.expert_tenant)
    offered = await world.staff().ListServices(catalogue.ListServicesRequest())
    assert list(offered.services) == []
    assert (await world.staff().GetOrder(pb.GetOrderRequest(order_id=placed.order_id))).service_title
    own = await world.expert().GetService(catalogue.GetServiceRequest(service_id=placed.service_id))
    assert (own.title, own.description, own.expert_name) == ("", "", "")
