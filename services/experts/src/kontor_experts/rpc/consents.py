"""RPCs of the customer: what he is asked, and his answer."""

from __future__ import annotations

from kontor.experts.v1 import experts_pb2_grpc
from kontor.experts.v1 import orders_pb2 as pb
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_experts import consents, messages, queries, requests
from kontor_experts.people import People
from kontor_experts.queries import Page


class ConsentRpc(experts_pb2_grpc.ExpertsServiceServicer):
    """Consent requests."""

    def __init__(self, work: UnitOfWork, people: People) -> None:
        self._work = work
        self._people = people

    async def ListConsentRequests(
        self, request: pb.ListConsentRequestsRequest, _context: Context
    ) -> pb.ListConsentRequestsResponse:
        """List what the customer was asked."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.query() as tx:
            if tx.principal.required_customer() != customer_id:
                raise not_found("Dieser Kunde")
            state = requests.choice(pb.ConsentState.Name(request.state), "CONSENT_STATE_")
            page = Page(request.page_size, request.page_token)
            found, token = await queries.list_consents(tx, page, customer_id, state)
            asked = await consents.with_orders(tx, found)
            return pb.ListConsentRequestsResponse(
                consent_requests=map(messages.consent_request, asked), next_page_token=token
            )

    async def GetConsentRequest(self, request: pb.GetConsentRequestRequest, _context: Context) -> pb.ConsentRequest:
        """Return one request."""
        async with self._work.query() as tx:
            asked = await consents.get_consent_request(
                tx, parse_id(request.customer_id, "customer_id"), parse_id(request.order_id, "order_id")
            )
            return messages.consent_request(asked)

    async def GiveConsent(self, request: pb.GiveConsentRequest, _context: Context) -> pb.ConsentRequest:
        """Agree."""
        async with self._work.command(request) as tx:
            given = await consents.give_consent(
                tx,
                parse_id(request.customer_id, "customer_id"),
                parse_id(request.order_id, "order_id"),
                etag=request.etag,
            )
            return await tx.commit(messages.consent_request(given))

    async def DeclineConsent(self, request: pb.DeclineConsentRequest, _context: Context) -> pb.ConsentRequest:
        """Decline, or take consent back."""
        async with self._work.command(request) as tx:
            declined = await consents.decline_consent(
                tx,
                parse_id(request.customer_id, "customer_id"),
                parse_id(request.order_id, "order_id"),
                etag=request.etag,
            )
            return await tx.commit(messages.consent_request(declined))
