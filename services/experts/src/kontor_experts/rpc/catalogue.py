"""RPCs of listings and their ratings."""

from __future__ import annotations

from kontor.common.v1.access_pb2 import Role
from kontor.experts.v1 import catalogue_pb2 as pb
from kontor.experts.v1 import experts_pb2_grpc
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_experts import listings, messages, queries, requests, tables
from kontor_experts.people import People
from kontor_experts.queries import Page, Stars


class CatalogueRpc(experts_pb2_grpc.ExpertsServiceServicer):
    """Listings."""

    def __init__(self, work: UnitOfWork, people: People) -> None:
        self._work = work
        self._people = people

    async def CreateService(self, request: pb.CreateServiceRequest, _context: Context) -> pb.ExpertService:
        """Create a listing."""
        firm_name = (await self._people.firm(current_principal().required_tenant())).name
        async with self._work.command(request) as tx:
            created = await listings.create_listing(tx, requests.listing_text(request.service), firm_name=firm_name)
            return await tx.commit(await _shown(tx, created))

    async def UpdateService(self, request: pb.UpdateServiceRequest, _context: Context) -> pb.ExpertService:
        """Change a listing."""
        service_id = parse_id(request.service.service_id, "service.service_id")
        async with self._work.command(request) as tx:
            present = await _shown(tx, await listings.visible_listing(tx, service_id))
            wanted = requests.changed_listing(present, request.service, request.update_mask)
            text = requests.listing_text(wanted)
            changed = await listings.update_listing(tx, service_id, text, etag=request.service.etag)
            return await tx.commit(await _shown(tx, changed))

    async def SubmitService(self, request: pb.SubmitServiceRequest, _context: Context) -> pb.ExpertService:
        """Hand a listing to the network."""
        async with self._work.command(request) as tx:
            service_id = parse_id(request.service_id, "service_id")
            submitted = await listings.submit_listing(tx, service_id, etag=request.etag)
            return await tx.commit(await _shown(tx, submitted))

    async def PublishService(self, request: pb.PublishServiceRequest, _context: Context) -> pb.ExpertService:
        """Publish a listing."""
        async with self._work.command(request) as tx:
            service_id = parse_id(request.service_id, "service_id")
            published = await listings.publish_listing(tx, service_id, etag=request.etag)
            return await tx.commit(await _shown(tx, published))

    async def RejectService(self, request: pb.RejectServiceRequest, _context: Context) -> pb.ExpertService:
        """Send a listing back."""
        async with self._work.command(request) as tx:
            service_id = parse_id(request.service_id, "service_id")
            rejected = await listings.reject_listing(tx, service_id, reason=request.reason, etag=request.etag)
            return await tx.commit(await _shown(tx, rejected))

    async def WithdrawService(self, request: pb.WithdrawServiceRequest, _context: Context) -> pb.ExpertService:
        """Take a listing out of the catalogue."""
        async with self._work.command(request) as tx:
            service_id = parse_id(request.service_id, "service_id")
            withdrawn = await listings.withdraw_listing(tx, service_id, etag=request.etag)
            return await tx.commit(await _shown(tx, withdrawn))

    async def GetService(self, request: pb.GetServiceRequest, _context: Context) -> pb.ExpertService:
        """Return one listing."""
        async with self._work.query() as tx:
            return await _shown(tx, await listings.visible_listing(tx, parse_id(request.service_id, "service_id")))

    async def ListServices(self, request: pb.ListServicesRequest, _context: Context) -> pb.ListServicesResponse:
        """List the catalogue or the expert's own listings."""
        async with self._work.query() as tx:
            found, token = await queries.list_listings(
                tx,
                Page(request.page_size, request.page_token),
                category=requests.choice(pb.Category.Name(request.category), "CATEGORY_"),
                search=request.search,
                own=request.own and tx.principal.has(Role.ROLE_EXPERT),
                state=requests.choice(pb.ServiceState.Name(request.state), "SERVICE_STATE_"),
            )
            stars = await queries.stars_of(tx, [row.service_id for row in found])
            shown = [_listing(tx, row, stars.get(row.service_id, Stars())) for row in found]
            return pb.ListServicesResponse(services=shown, next_page_token=token)

    async def ListRatings(self, request: pb.ListRatingsRequest, _context: Context) -> pb.ListRatingsResponse:
        """List the ratings of a listing."""
        service_id = parse_id(request.service_id, "service_id")
        async with self._work.query() as tx:
            await listings.visible_listing(tx, service_id)
            found, token = await queries.list_ratings(tx, Page(request.page_size, request.page_token), service_id)
            return pb.ListRatingsResponse(ratings=map(messages.rating, found), next_page_token=token)


async def _shown(tx: Transaction, row: tables.Listing) -> pb.ExpertService:
    stars = await queries.stars_of(tx, [row.service_id])
    return _listing(tx, row, stars.get(row.service_id, Stars()))


def _listing(tx: Transaction, row: tables.Listing, stars: Stars) -> pb.ExpertService:
    return messages.listing(row, stars, with_fee=listings.may_see_fee(tx, row))
