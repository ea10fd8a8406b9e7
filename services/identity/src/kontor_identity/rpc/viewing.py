"""ViewingService: the office as the customer sees it. Messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import viewing_pb2 as pb
from kontor.identity.v1.viewing_pb2_grpc import ViewingServiceServicer
from kontor_chassis.clock import Clock
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_identity import own_pictures
from kontor_identity.brand_tables import CustomerView
from kontor_identity.keys import SigningKeys
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, text_in, time_and_id
from kontor_identity.rpc.messages import timestamp
from kontor_identity.viewing import areas_closed_for, start_view, view_token, views_of


class ViewingRpc(ViewingServiceServicer):
    """ViewingService."""

    def __init__(self, work: UnitOfWork, keys: SigningKeys, issuer: str, token_clock: Clock) -> None:
        self._work, self._keys, self._issuer, self._token_clock = work, keys, issuer, token_clock

    async def StartCustomerView(
        self, request: pb.StartCustomerViewRequest, context: Context
    ) -> pb.StartCustomerViewResponse:
        """See viewing.proto."""
        ring = await self._keys.ring()
        async with self._work.command(request) as tx:
            view, customer = await start_view(tx, parse_id(request.customer_id, "customer_id"), request.reason)
            closed = await areas_closed_for(tx, customer)
            token = view_token(ring, self._issuer, self._token_clock, tx.principal, customer, closed)
            answer = await tx.commit(pb.StartCustomerViewResponse(view=_view(view)))
        return pb.StartCustomerViewResponse(view=answer.view, access_token=token)

    async def ListCustomerViews(
        self, request: pb.ListCustomerViewsRequest, context: Context
    ) -> pb.ListCustomerViewsResponse:
        """See viewing.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.query() as tx:
            rows = await views_of(tx, parse_id(request.customer_id, "customer_id"), before, size + 1)
            last = rows[size - 1] if len(rows) > size else None
            return pb.ListCustomerViewsResponse(
                views=[_view(row) for row in rows[:size]],
                next_page_token=encode_cursor(last.started_at, last.view_id) if last else "",
            )

    async def SetOwnPicture(self, request: pb.SetOwnPictureRequest, context: Context) -> pb.OwnPicture:
        """See viewing.proto."""
        async with self._work.command(request) as tx:
            kept = await own_pictures.set_picture(tx, parse_id(request.subject, "subject"), request.content)
            return await tx.commit(pb.OwnPicture(subject=kept.subject, picture_id=str(kept.picture_id)))

    async def DeleteOwnPicture(self, request: pb.DeleteOwnPictureRequest, context: Context) -> Empty:
        """See viewing.proto."""
        async with self._work.command(request) as tx:
            await own_pictures.remove_picture(tx, parse_id(request.subject, "subject"))
            return await tx.commit(Empty())

    async def ListOwnPictures(self, request: pb.ListOwnPicturesRequest, context: Context) -> pb.ListOwnPicturesResponse:
        """See viewing.proto."""
        size = page_size(request.page_size)
        after = text_in(request.page_token)
        async with self._work.query() as tx:
            rows = await own_pictures.pictures_after(tx, after, size + 1)
        return pb.ListOwnPicturesResponse(
            pictures=[
                pb.OwnPicture(subject=subject, picture_id=str(picture_id)) for subject, picture_id in rows[:size]
            ],
            next_page_token=encode_cursor(rows[size - 1][0]) if len(rows) > size else "",
        )

    async def GetOwnPicture(self, request: pb.GetOwnPictureRequest, context: Context) -> HttpBody:
        """See viewing.proto."""
        async with self._work.query() as tx:
            found = await own_pictures.picture(tx, parse_id(request.picture_id, "picture_id"))
            return HttpBody(content_type=found.media_type, data=found.content)


def _view(row: CustomerView) -> pb.CustomerView:
    return pb.CustomerView(
        view_id=str(row.view_id),
        account_id=str(row.account_id),
        viewer_name=row.viewer_name,
        reason=row.reason,
        start_time=timestamp(row.started_at),
        expire_time=timestamp(row.expires_at),
    )
