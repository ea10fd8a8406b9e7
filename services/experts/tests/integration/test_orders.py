"""Orders from the first draft to the rating, and who sees what of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Right, Role
from kontor.experts.v1 import catalogue_pb2 as catalogue
from kontor.experts.v1 import events_pb2 as events
from kontor.experts.v1 import orders_pb2 as pb
from kontor_chassis.ids import new_id

from tests.with_identity import new_customer

if TYPE_CHECKING:
    from .conftest import World

pytestmark = pytest.mark.integration


def lines(found: Any) -> list[tuple[str, str]]:
    """Return content lines as pairs."""
    return [(line.label, line.value) for line in found]


async def test_the_whole_way_of_an_order(world: World) -> None:
    """F109–F123: draft → consent → binding → work → completed → rated; history and events tell every step."""
    placed = await world.a_placed_order()
    assert placed.state == pb.ORDER_STATE_PLACED
    order_id = placed.order_id
    world.clock.advance(timedelta(days=1))
    await world.set_status(order_id, pb.ORDER_STATE_IN_PROGRESS)
    await world.expert().SendOrderMessage(pb.SendOrderMessageRequest(order_id=order_id, body="Wie hoch ist das Dach?"))
    await world.staff().SendOrderMessage(pb.SendOrderMessageRequest(order_id=order_id, body="Zwölf Meter."))
    await world.set_status(order_id, pb.ORDER_STATE_COMPLETED)
    rated = await world.staff().RateOrder(pb.RateOrderRequest(order_id=order_id, stars=4, comment="Sehr gründlich"))
    assert (rated.state, rated.rating.stars) == (pb.ORDER_STATE_COMPLETED, 4)

    listing = await world.staff().GetService(catalogue.GetServiceRequest(service_id=placed.service_id))
    assert (listing.rating_count, listing.rating_average_hundredths) == (1, 400)
    given = await world.staff(new_id()).ListRatings(catalogue.ListRatingsRequest(service_id=placed.service_id))
    assert [(r.stars, r.comment) for r in given.ratings] == [(4, "Sehr gründlich")]

    history = await world.staff().ListOrderHistory(pb.ListOrderHistoryRequest(order_id=order_id))
    assert [(pb.OrderStep.Name(e.step).removeprefix("ORDER_STEP_"), e.actor_name) for e in history.entries] == [
        ("CREATED", "Petra Hansen"),
        ("CONSENT_REQUESTED", "Petra Hansen"),
        ("CONSENT_GIVEN", "Julia Brandt"),
        ("PLACED", "Petra Hansen"),
        ("STARTED", "Clara Wolff"),
        ("MESSAGE_SENT", "Clara Wolff"),
        ("MESSAGE_SENT", "Petra Hansen"),
        ("COMPLETED", "Clara Wolff"),
        ("RATED", "Petra Hansen"),
    ]
    talk = await world.expert().ListOrderMessages(pb.ListOrderMessagesRequest(order_id=order_id))
    assert [(m.sender_side, m.body) for m in talk.messages] == [
        (pb.ORDER_SIDE_EXPERT, "Wie hoch ist das Dach?"),
        (pb.ORDER_SIDE_CLIENT, "Zwölf Meter."),
    ]
    told = [type(event).__name__ for event in await world.published_events()]
    assert told == [
        "ServiceSubmitted",
        "ServicePublished",
        "ConsentRequested",
        "ConsentGiven",
        "OrderPlaced",
        "OrderStatusChanged",
        "OrderMessagePosted",
        "OrderMessagePosted",
        "OrderStatusChanged",
        "OrderCompleted",
        "OrderRated",
    ]


async def test_the_preview_is_exactly_what_the_expert_receives(world: World) -> None:
    """F112, F113: the named fields and no other; frozen at placing."""
    order = await world.a_consented_order()
    preview = await world.staff().PreviewOrder(pb.PreviewOrderRequest(order_id=order.order_id))
    assert lines(preview.answers) == [("Gewerk", "Dachdecker"), ("Mitarbeiter", "12")]
    assert lines(preview.customer_data) == [("Name", "Julia Brandt"), ("Anschrift", "Elbchaussee 1, 22765 Hamburg")]
    await world.staff().PlaceOrder(pb.PlaceOrderRequest(order_id=order.order_id))
    received = await world.expert().GetOrder(pb.GetOrderRequest(order_id=order.order_id))
    assert received.content == preview
    everything = received.SerializeToString()
    for secret in (b"julia.brandt@mail.example", b"040 987654", b"1984", str(world.customer_id).encode()):
        assert secret not in everything
    assert not received.HasField("consent")
    assert not received.HasField("answers")


async def test_nothing_reaches_the_expert_before_the_order_is_placed(world: World, refused: Any) -> None:
    """F114: neither list nor order nor messages exist for him; and no content in the database."""
    order = await world.a_consented_order()
    expert = world.expert()
    assert not (await expert.ListOrders(pb.ListOrdersRequest())).orders
    for attempt in (
        expert.GetOrder(pb.GetOrderRequest(order_id=order.order_id)),
        expert.ListOrderMessages(pb.ListOrderMessagesRequest(order_id=order.order_id)),
        expert.SetOrderStatus(pb.SetOrderStatusRequest(order_id=order.order_id, state=pb.ORDER_STATE_IN_PROGRESS)),
    ):
        async with refused() as error:
            await attempt
        assert error.code is grpc.StatusCode.NOT_FOUND
    owner = await asyncpg.connect(world.database.owner_url)
    try:
        assert await owner.fetchval("SELECT count(*) FROM order_contents") == 0
    finally:
        await owner.close()


async def test_an_expert_who_is_staff_too_needs_the_right_to_order(world: World, refused: Any) -> None:
    """F101: one person may be both; without RIGHT_ORDER he sees none of his firm's orders as their client."""
    placed = await world.a_placed_order()
    both = world.staff(rights=(Right.RIGHT_CHAT,), also=[Role.ROLE_EXPERT])
    assert not (await both.ListOrders(pb.ListOrdersRequest(side=pb.ORDER_SIDE_CLIENT))).orders
    for attempt in (
        both.GetOrder(pb.GetOrderRequest(order_id=placed.order_id)),
        both.ListOrderMessages(pb.ListOrderMessagesRequest(order_id=placed.order_id)),
        both.SendOrderMessage(pb.SendOrderMessageRequest(order_id=placed.order_id, body="Guten Tag")),
    ):
        async with refused() as error:
            await attempt
        assert error.code is grpc.StatusCode.NOT_FOUND
    may = world.staff(also=[Role.ROLE_EXPERT])
    assert (await may.GetOrder(pb.GetOrderRequest(order_id=placed.order_id))).customer_id == str(world.customer_id)


async def test_an_order_is_binding_only_after_consent(world: World, refused: Any) -> None:
    """F114: not as a draft, not while asked, not after a refusal."""
    listing = await world.a_published_listing()
    order = await world.an_order(listing.service_id, trade="Dach")
    place = pb.PlaceOrderRequest(order_id=order.order_id)
    async with refused() as draft:
        await world.staff().PlaceOrder(place)
    await world.staff().RequestConsent(pb.RequestConsentRequest(order_id=order.order_id))
    async with refused() as asked:
        await world.staff().PlaceOrder(place)
    await world.customer().DeclineConsent(
        pb.DeclineConsentRequest(customer_id=str(world.customer_id), order_id=order.order_id)
    )
    async with refused() as declined:
        await world.staff().PlaceOrder(place)
    assert {draft.reason, asked.reason, declined.reason} == {"WRONG_ORDER_STATE"}


async def test_the_customer_agrees_to_what_he_was_shown(world: World, refused: Any) -> None:
    """F113: the text names firm, expert, service and data; a changed order must be asked for again."""
    listing = await world.a_published_listing()
    order = await world.an_order(listing.service_id, trade="Dach")
    await world.staff().RequestConsent(pb.RequestConsentRequest(order_id=order.order_id))
    asked = await world.customer().GetConsentRequest(
        pb.GetConsentRequestRequest(customer_id=str(world.customer_id), order_id=order.order_id)
    )
    assert asked.text == (
        f"Ich, Julia Brandt, willige ein, dass {order.client_firm_name} meine Daten (Name und Anschrift) für"
        f" „Gewerbe-Risikoanalyse“ an {order.expert_firm_name} gibt."
    )
    assert lines(asked.answers) == [("Gewerk", "Dach")]
    changed = await world.edit(order.order_id, trade="Elektro")
    assert changed.state == pb.ORDER_STATE_DRAFT
    give = pb.GiveConsentRequest(customer_id=str(world.customer_id), order_id=order.order_id, etag=asked.etag)
    async with refused() as lapsed:
        await world.customer().GiveConsent(give)
    assert lapsed.reason == "ETAG_MISMATCH"
    await world.staff().RequestConsent(pb.RequestConsentRequest(order_id=order.order_id))
    async with refused() as other_text:
        await world.customer().GiveConsent(give)
    assert other_text.reason == "ETAG_MISMATCH"
    assert (await world.agree(order.order_id)).state == pb.CONSENT_STATE_GIVEN
    mine = await world.customer().ListConsentRequests(pb.ListConsentRequestsRequest(customer_id=str(world.customer_id)))
    assert [r.state for r in mine.consent_requests] == [pb.CONSENT_STATE_GIVEN, pb.CONSENT_STATE_LAPSED]


async def test_consent_can_be_taken_back_until_the_order_is_placed(world: World, refused: Any) -> None:
    """F113: Art. 7 GDPR; afterwards the order cannot be placed."""
    order = await world.a_consented_order()
    decline = pb.DeclineConsentRequest(customer_id=str(world.customer_id), order_id=order.order_id)
    assert (await world.customer().DeclineConsent(decline)).state == pb.CONSENT_STATE_DECLINED
    async with refused() as error:
        await world.staff().PlaceOrder(pb.PlaceOrderRequest(order_id=order.order_id))
    assert error.reason == "WRONG_ORDER_STATE"


async def test_only_the_customer_himself_is_asked(world: World, refused: Any) -> None:
    """F113: not another customer of the firm, not one of another firm, not his broker."""
    order = await world.a_consented_order()
    request = pb.GetConsentRequestRequest(customer_id=str(world.customer_id), order_id=order.order_id)
    for stranger in (world.customer(new_id()), world.customer(world.customer_id, new_id())):
        async with refused() as error:
            await stranger.GetConsentRequest(request)
        assert error.code is grpc.StatusCode.NOT_FOUND
    async with refused() as broker:
        await world.staff().GetConsentRequest(request)
    assert broker.reason == "ROLE_NOT_ALLOWED"


async def test_a_draft_is_saved_and_reopened(world: World, refused: Any) -> None:
    """F109, F111: incomplete answers are kept; without a customer's record there is no order."""
    listing = await world.a_published_listing()
    order = await world.an_order(listing.service_id, employees=3)
    reopened = await world.staff().GetOrder(pb.GetOrderRequest(order_id=order.order_id))
    assert dict(reopened.answers) == {"employees": 3}
    assert reopened.form_schema == listing.form_schema
    async with refused() as incomplete:
        await world.staff().RequestConsent(pb.RequestConsentRequest(order_id=order.order_id))
    assert incomplete.reason == "INVALID_ANSWERS"
    unknown = pb.Order(service_id=listing.service_id, customer_id=str(new_id()))
    async with refused() as no_record:
        await world.staff().CreateOrder(pb.CreateOrderRequest(order=unknown))
    assert no_record.code is grpc.StatusCode.NOT_FOUND


async def test_a_changed_listing_must_be_looked_at_again(world: World, refused: Any) -> None:
    """F112, F114: what is ordered is what was saved, shown and agreed to."""
    order = await world.a_consented_order()
    await world.expert().UpdateService(
        catalogue.UpdateServiceRequest(
            service=catalogue.ExpertService(service_id=order.service_id, title="Teurere Analyse"),
            update_mask=FieldMask(paths=["title"]),
        )
    )
    await world.expert().SubmitService(catalogue.SubmitServiceRequest(service_id=order.service_id))
    await world.network().PublishService(catalogue.PublishServiceRequest(service_id=order.service_id))
    async with refused() as error:
        await world.staff().PlaceOrder(pb.PlaceOrderRequest(order_id=order.order_id))
    assert error.reason == "SERVICE_CHANGED"


async def test_a_cancellation_needs_a_reason(world: World, refused: Any) -> None:
    """F116, F118: the client reads it; nothing follows a cancellation."""
    order = await world.a_placed_order()
    async with refused() as no_reason:
        await world.set_status(order.order_id, pb.ORDER_STATE_CANCELLED, "  ")
    assert no_reason.reason == "REASON_MISSING"
    await world.set_status(order.order_id, pb.ORDER_STATE_CANCELLED, "Keine Kapazität")
    seen = await world.staff().GetOrder(pb.GetOrderRequest(order_id=order.order_id))
    assert (seen.state, seen.cancellation_reason) == (pb.ORDER_STATE_CANCELLED, "Keine Kapazität")
    async with refused() as over:
        await world.set_status(order.order_id, pb.ORDER_STATE_IN_PROGRESS)
    assert over.reason == "WRONG_ORDER_STATE"
    changed = [e for e in await world.published_events() if isinstance(e, events.OrderStatusChanged)]
    assert [e.to_state for e in changed] == [pb.ORDER_STATE_CANCELLED]
    assert "Kapazität" not in str(changed), "events carry no free text"


async def test_only_the_client_rates_and_only_once_and_only_what_is_completed(world: World, refused: Any) -> None:
    """F123: verified orders alone."""
    order = await world.a_placed_order()
    rate = pb.RateOrderRequest(order_id=order.order_id, stars=5)
    async with refused() as too_early:
        await world.staff().RateOrder(rate)
    assert too_early.reason == "NOT_COMPLETED"
    await world.set_status(order.order_id, pb.ORDER_STATE_IN_PROGRESS)
    await world.set_status(order.order_id, pb.ORDER_STATE_COMPLETED)
    async with refused() as stranger:
        await world.staff(new_id()).RateOrder(rate)
    assert stranger.code is grpc.StatusCode.NOT_FOUND
    async with refused() as expert:
        await world.expert().RateOrder(rate)
    assert expert.reason == "ROLE_NOT_ALLOWED"
    await world.staff().RateOrder(rate)
    async with refused() as again:
        await world.staff().RateOrder(rate)
    assert again.reason == "ALREADY_RATED"


async def test_lists_show_each_side_its_orders(world: World) -> None:
    """F121: by state, customer and words; a foreign firm sees none."""
    order = await world.a_placed_order()
    draft = await world.an_order(order.service_id)
    staff, expert = world.staff(), world.expert()

    async def ids(stub: Any, **criteria: Any) -> list[str]:
        return [o.order_id for o in (await stub.ListOrders(pb.ListOrdersRequest(**criteria))).orders]

    assert await ids(staff) == [draft.order_id, order.order_id]
    assert await ids(staff, states=[pb.ORDER_STATE_PLACED]) == [order.order_id]
    assert await ids(staff, customer_id=str(new_id())) == []
    assert await ids(staff, search=order.expert_firm_name) == [draft.order_id, order.order_id]
    assert await ids(expert) == [order.order_id]
    assert await ids(expert, search=order.client_firm_name) == [order.order_id]
    assert await ids(world.staff(new_id())) == await ids(world.expert(new_id())) == []


async def test_the_network_sees_states_and_no_customer(world: World) -> None:
    """F102, F106: all orders, firms and fees; its message has no field for more."""
    order = await world.a_placed_order()
    seen = (await world.network().ListMonitoredOrders(pb.ListMonitoredOrdersRequest())).orders
    assert [(o.order_id, o.state, o.transaction_fee.minor_units) for o in seen] == [
        (order.order_id, pb.ORDER_STATE_PLACED, 25_00)
    ]
    fields = {field.name for field in pb.MonitoredOrder.DESCRIPTOR.fields}
    assert not {name for name in fields if "customer" in name or "content" in name or "answer" in name}


async def test_ordering_needs_the_right_and_another_firm(world: World, refused: Any) -> None:
    """F101: staff without RIGHT_ORDER cannot; nobody orders from his own firm, so nobody rates himself."""
    listing = await world.a_published_listing()
    order = pb.Order(service_id=listing.service_id, customer_id=str(world.customer_id))
    async with refused() as no_right:
        await world.staff(rights=(Right.RIGHT_CHAT,)).CreateOrder(pb.CreateOrderRequest(order=order))
    assert no_right.reason == "RIGHT_MISSING"
    order.customer_id = str(await new_customer(world.identity, world.expert_tenant))
    async with refused() as own:
        await world.staff(world.expert_tenant).CreateOrder(pb.CreateOrderRequest(order=order))
    assert own.reason == "OWN_SERVICE"


async def test_advisers_take_no_yield(world: World, refused: Any) -> None:
    """F100, decision 9: a Versicherungsberater orders services at a cost, but none that pays him; a broker may."""
    yielding = await world.a_published_listing(compensation_kind=catalogue.COMPENSATION_KIND_YIELD)
    costing = await world.a_published_listing()
    adviser_tenant, his_customer = await world.an_adviser()
    adviser = world.staff(adviser_tenant)
    async with refused() as error:
        wanted = pb.Order(service_id=yielding.service_id, customer_id=his_customer)
        await adviser.CreateOrder(pb.CreateOrderRequest(order=wanted))
    assert (error.reason, error.code) == ("YIELD_NOT_ALLOWED", grpc.StatusCode.PERMISSION_DENIED)
    allowed = pb.Order(service_id=costing.service_id, customer_id=his_customer)
    draft = await adviser.CreateOrder(pb.CreateOrderRequest(order=allowed))
    changed = catalogue.ExpertService(
        service_id=costing.service_id, compensation_kind=catalogue.COMPENSATION_KIND_YIELD
    )
    mask = FieldMask(paths=["compensation_kind"])
    await world.expert().UpdateService(catalogue.UpdateServiceRequest(service=changed, update_mask=mask))
    await world.expert().SubmitService(catalogue.SubmitServiceRequest(service_id=costing.service_id))
    await world.network().PublishService(catalogue.PublishServiceRequest(service_id=costing.service_id))
    async with refused() as later:
        edited = pb.Order(order_id=draft.order_id)
        request = pb.UpdateOrderRequest(order=edited, update_mask=FieldMask(paths=["answers"]))
        await adviser.UpdateOrder(request)
    assert later.reason == "YIELD_NOT_ALLOWED", "a service that becomes one with a yield is refused, too"
    assert (await world.an_order(yielding.service_id)).state == pb.ORDER_STATE_DRAFT


async def test_row_level_security_knows_both_firms_and_the_network(world: World) -> None:
    """ARCHITECTURE §5: queries without a filter, as the application role; the customer's data for two firms alone."""
    placed = await world.a_placed_order()
    await world.an_order(placed.service_id)
    client, expert = str(world.client_tenant), str(world.expert_tenant)
    tables = ("listings", "orders", "order_forms", "consents", "order_contents", "order_history")
    expected = {
        (client, "", "staff"): (1, 2, 2, 1, 1, 5),
        (expert, "", "expert"): (1, 1, 0, 0, 1, 5),
        (str(new_id()), "", "network"): (1, 2, 0, 0, 0, 0),
        (str(new_id()), "", "staff"): (1, 0, 0, 0, 0, 0),
        (client, str(world.customer_id), "customer"): (0, 2, 0, 1, 0, 0),
        (client, str(new_id()), "customer"): (0, 0, 0, 0, 0, 0),
        (expert, str(new_id()), "customer"): (0, 0, 0, 0, 0, 0),
        ("", "", ""): (0, 0, 0, 0, 0, 0),
    }
    application = await asyncpg.connect(world.database.url)
    try:
        for (tenant, customer, role), counts in expected.items():
            await application.execute(
                "SELECT set_config('kontor.tenant_id', $1, false), set_config('kontor.customer_id', $2, false),"
                " set_config('kontor.role', $3, false)",
                tenant,
                customer,
                role,
            )
            seen = [await application.fetchval(f"SELECT count(*) FROM {t}") for t in tables]  # noqa: S608 - fixed names
            assert tuple(seen) == counts, role
    finally:
        await application.close()
