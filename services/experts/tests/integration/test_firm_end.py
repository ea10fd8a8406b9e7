"""What is left of a firm in the expert network when it is deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kontor.experts.v1 import catalogue_pb2 as catalogue
from kontor.experts.v1 import orders_pb2 as pb
from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor_experts.consumers import CONSUMERS
from kontor_experts.customer_end import CUSTOMER_END

from tests.firm_end import delete_customer, delete_firm, rows_of, tables_that_say

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


async def test_of_a_deleted_customer_no_word_is_left(world: Any) -> None:
    """F94: drafts go, placed orders stay; neither firm reads anything about him any more."""
    placed = await world.a_placed_order()
    asked = pb.SendOrderMessageRequest(order_id=placed.order_id, body="Wie hoch ist das Dach von Frau Brandt?")
    await world.expert().SendOrderMessage(asked)
    other = await world.a_placed_order()
    await world.set_status(other.order_id, pb.ORDER_STATE_CANCELLED, reason="Frau Brandt war nicht zu erreichen.")
    for state in (pb.ORDER_STATE_IN_PROGRESS, pb.ORDER_STATE_COMPLETED):
        await world.set_status(placed.order_id, state)
    rating = pb.RateOrderRequest(order_id=placed.order_id, stars=4, comment="Frau Brandt ist zufrieden.")
    await world.staff().RateOrder(rating)
    kept = await rows_of(world.database.owner_url, world.client_tenant)
    await world.an_order(placed.service_id, trade="Tischler", employees=3)
    request = pb.GetOrderRequest(order_id=placed.order_id)
    assert (await world.expert().GetOrder(request)).content.customer_data
    await delete_customer(world.service, "experts", CUSTOMER_END, world.client_tenant, world.customer_id)
    assert await rows_of(world.database.owner_url, world.client_tenant) == kept
    for reader in (world.expert(), world.staff()):
        seen = await reader.GetOrder(request)
        assert (seen.service_title, list(seen.content.customer_data)) == (placed.service_title, [])
    assert await tables_that_say(world.database.owner_url, "Brandt") == []
    listing = await world.staff().GetService(catalogue.GetServiceRequest(service_id=placed.service_id))
    assert listing.rating_count == 1
