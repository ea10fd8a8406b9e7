"""The customer's own pictures (F44), as pages need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kontor.identity.v1 import viewing_pb2

from kontor_portal import gateway
from kontor_portal.reading import asked


def own_pictures() -> Callable[[], Mapping[str, str]]:
    """Ask for the addresses of the customer's pictures by what they show."""
    request = viewing_pb2.ListOwnPicturesRequest(page_size=100)
    answer = asked(gateway.viewing().ListOwnPictures, request, viewing_pb2.ListOwnPicturesResponse())
    return lambda: {each.subject: f"/kunde/bilder/{each.picture_id}" for each in answer().pictures}
