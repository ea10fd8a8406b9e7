"""The customer's own pictures (F44), as pages need them."""

from __future__ import annotations

from collections.abc import Mapping

from kontor.identity.v1 import viewing_pb2

from kontor_portal import gateway
from kontor_portal.reading import optional


def own_pictures() -> Mapping[str, str]:
    """Return the addresses of the customer's pictures by what they show."""
    asked = viewing_pb2.ListOwnPicturesRequest(page_size=100)
    answer = optional(lambda: gateway.viewing().ListOwnPictures(asked), viewing_pb2.ListOwnPicturesResponse())
    return {each.subject: f"/kunde/bilder/{each.picture_id}" for each in answer.pictures}
