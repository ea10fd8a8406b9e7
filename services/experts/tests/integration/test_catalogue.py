"""Listings: written by experts, checked by the network, found by clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.experts.v1 import catalogue_pb2 as pb
from kontor_chassis.ids import new_id

if TYPE_CHECKING:
    from .conftest import World

pytestmark = pytest.mark.integration


async def titles(stub: Any, **criteria: Any) -> list[str]:
    """Return the titles a list shows."""
    return [service.title for service in (await stub.ListServices(pb.ListServicesRequest(**criteria))).services]


async def test_a_listing_is_orderable_only_once_the_network_has_checked_it(world: World, refused: Any) -> None:
    """F102, F104: draft → submitted → published, each by the one who may."""
    listing = await world.a_listing()
    assert (listing.state, listing.expert_name) == (pb.SERVICE_STATE_DRAFT, "Clara Wolff")
    assert await titles(world.staff()) == []
    async with refused() as too_early:
        await world.network().PublishService(pb.PublishServiceRequest(service_id=listing.service_id))
    assert too_early.reason == "WRONG_SERVICE_STATE"
    async with refused() as hidden:
        await world.staff().GetService(pb.GetServiceRequest(service_id=listing.service_id))
    assert hidden.code is grpc.StatusCode.NOT_FOUND
    await world.expert().SubmitService(pb.SubmitServiceRequest(service_id=listing.service_id))
    async with refused() as not_he:
        await world.expert().PublishService(pb.PublishServiceRequest(service_id=listing.service_id))
    assert not_he.reason == "ROLE_NOT_ALLOWED"
    assert await titles(world.network(), state=pb.SERVICE_STATE_SUBMITTED) == [listing.title]
    await world.network().PublishService(pb.PublishServiceRequest(service_id=listing.service_id))
    assert await titles(world.staff()) == [listing.title]


async def test_the_network_sends_a_listing_back_with_a_reason(world: World) -> None:
    """F102: the expert reads it, changes the listing and submits it again."""
    listing = await world.a_listing()
    await world.expert().SubmitService(pb.SubmitServiceRequest(service_id=listing.service_id))
    rejected = await world.network().RejectService(
        pb.RejectServiceRequest(service_id=listing.service_id, reason="Bitte nennen Sie den Umfang.")
    )
    assert (rejected.state, rejected.rejection_reason) == (pb.SERVICE_STATE_REJECTED, "Bitte nennen Sie den Umfang.")
    changed = await world.expert().UpdateService(
        pb.UpdateServiceRequest(
            service=pb.ExpertService(
                service_id=listing.service_id, description="Ein Tag vor Ort, Bericht mit zehn Seiten.", title="ignored"
            ),
            update_mask=FieldMask(paths=["description"]),
        )
    )
    assert (changed.state, changed.rejection_reason) == (pb.SERVICE_STATE_DRAFT, "")
    assert (changed.title, changed.description) == (listing.title, "Ein Tag vor Ort, Bericht mit zehn Seiten.")


async def test_an_edited_listing_must_be_checked_anew(world: World, refused: Any) -> None:
    """F102: nobody publishes one thing and offers another; an outdated etag is refused."""
    listing = await world.a_published_listing()
    await world.expert().UpdateService(
        pb.UpdateServiceRequest(
            service=pb.ExpertService(service_id=listing.service_id, title="Ganz anderes", etag=listing.etag),
            update_mask=FieldMask(paths=["title"]),
        )
    )
    assert await titles(world.staff()) == []
    assert await titles(world.expert(), own=True) == ["Ganz anderes"]
    async with refused() as stale:
        await world.expert().SubmitService(pb.SubmitServiceRequest(service_id=listing.service_id, etag=listing.etag))
    assert stale.reason == "ETAG_MISMATCH"


async def test_another_expert_cannot_touch_it(world: World, refused: Any) -> None:
    """F104: neither change nor withdraw; he sees it like any client, without the fee (F106)."""
    listing = await world.a_published_listing()
    other = world.expert(new_id())
    for attempt in (
        other.WithdrawService(pb.WithdrawServiceRequest(service_id=listing.service_id)),
        other.UpdateService(pb.UpdateServiceRequest(service=listing, update_mask=FieldMask(paths=["title"]))),
    ):
        async with refused() as error:
            await attempt
        assert error.code is grpc.StatusCode.NOT_FOUND
    seen = await other.GetService(pb.GetServiceRequest(service_id=listing.service_id))
    assert not seen.HasField("transaction_fee")
    own = await world.expert().GetService(pb.GetServiceRequest(service_id=listing.service_id))
    assert own.transaction_fee.minor_units == 25_00


async def test_the_catalogue_is_searched_by_category_and_words(world: World) -> None:
    """F107, F108: nine categories; words in title or description; % is just a character."""
    await world.a_published_listing(title="Flottencheck 100 %", category=pb.CATEGORY_CAR)
    await world.a_published_listing(title="Risikoanalyse", category=pb.CATEGORY_COMMERCIAL)
    staff = world.staff()
    assert await titles(staff, category=pb.CATEGORY_CAR) == ["Flottencheck 100 %"]
    assert await titles(staff, search="risiko") == ["Risikoanalyse"]
    assert await titles(staff, search="100 %") == ["Flottencheck 100 %"]
    assert await titles(staff, search="100_%") == []
    first = await staff.ListServices(pb.ListServicesRequest(page_size=1))
    second = await staff.ListServices(pb.ListServicesRequest(page_size=1, page_token=first.next_page_token))
    assert [s.title for s in (*first.services, *second.services)] == ["Risikoanalyse", "Flottencheck 100 %"]
    assert len(pb.Category.values()) == 1 + 9


async def test_a_form_or_consent_text_that_cannot_work_is_refused(world: World, refused: Any) -> None:
    """F110, F113: told by field."""
    for changes, reason in (
        ({"form_schema": '{"type":"object","properties":{"a":{"$ref":"x"}}}'}, "INVALID_FORM"),
        ({"consent_template": "Ich bin mit allem einverstanden."}, "INVALID_FIELD"),
    ):
        async with refused() as error:
            await world.a_listing(**changes)
        assert error.reason == reason
