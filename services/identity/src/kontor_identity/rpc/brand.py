"""BrandService: a firm's face. Messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import brand_pb2 as pb
from kontor.identity.v1.brand_pb2_grpc import BrandServiceServicer
from kontor_chassis.database import RowReader, Transaction, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context
from sqlalchemy import select

from kontor_identity import presence
from kontor_identity.brand_tables import BrandVersion, FirmDomain
from kontor_identity.colors import SHAPE_CONTRAST, TEXT_CONTRAST, ColorCheck, check_color
from kontor_identity.designs import (
    DRAFT,
    Draft,
    draft_of,
    newest_number,
    pictures_of,
    publish_draft,
    restore_version,
    save_draft,
)
from kontor_identity.domains import (
    NameServers,
    domains_of,
    name_domain,
    note_lookup,
    own_domain,
    record_name,
    record_value,
    set_white_label,
    verified,
)
from kontor_identity.pictures import keep_picture, picture_types
from kontor_identity.queries import number_in, text_in
from kontor_identity.rpc.messages import timestamp
from kontor_identity.tables import Tenant


@dataclass(frozen=True)
class BrandParts:
    """What BrandService needs."""

    work: UnitOfWork
    rows: RowReader
    name_servers: NameServers
    platform_host: str


class BrandRpc(BrandServiceServicer):
    """BrandService."""

    def __init__(self, parts: BrandParts) -> None:
        self._work, self._rows = parts.work, parts.rows
        self._name_servers, self._platform_host = parts.name_servers, parts.platform_host

    async def GetPresence(self, request: pb.GetPresenceRequest, context: Context) -> pb.Presence:
        """See brand.proto."""
        found = await presence.presence(self._rows, request.slug)
        if found is None:
            raise not_found("Diese Firma")
        return found

    async def GetFirmByHost(self, request: pb.GetFirmByHostRequest, context: Context) -> pb.FirmAtHost:
        """See brand.proto."""
        found = await presence.firm_at(self._rows, request.host)
        if found is None:
            raise not_found("Diese Adresse")
        return found

    async def GetBrandPicture(self, request: pb.GetBrandPictureRequest, context: Context) -> HttpBody:
        """See brand.proto."""
        found = await presence.picture(self._rows, request.slug, parse_id(request.picture_id, "picture_id"))
        if found is None:
            raise not_found("Dieses Bild")
        return HttpBody(content_type=found[1], data=found[0])

    async def UploadBrandPicture(self, request: pb.UploadBrandPictureRequest, context: Context) -> pb.BrandPicture:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            picture = await keep_picture(tx, request.content)
            return await tx.commit(pb.BrandPicture(picture_id=str(picture.picture_id), media_type=picture.media_type))

    async def GetBrandDraft(self, request: pb.GetBrandDraftRequest, context: Context) -> pb.BrandDraft:
        """See brand.proto."""
        async with self._work.query() as tx:
            return await _draft(tx, await draft_of(tx))

    async def SaveBrandDraft(self, request: pb.SaveBrandDraftRequest, context: Context) -> pb.BrandDraft:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            saved = await save_draft(tx, request.draft.design, etag=request.draft.etag)
            return await tx.commit(await _draft(tx, saved))

    async def PublishBrandDraft(self, request: pb.PublishBrandDraftRequest, context: Context) -> pb.BrandVersion:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            row = await publish_draft(tx, etag=request.etag)
            return await tx.commit(_version(row, row.number))

    async def ListBrandVersions(
        self, request: pb.ListBrandVersionsRequest, context: Context
    ) -> pb.ListBrandVersionsResponse:
        """See brand.proto."""
        size = page_size(request.page_size)
        before = number_in(request.page_token, 2**31 - 1)
        async with self._work.query() as tx:
            tenant_id = tx.principal.required_tenant()
            current = await newest_number(tx, tenant_id)
            own = BrandVersion.tenant_id == tenant_id, BrandVersion.number > DRAFT, BrandVersion.number < before
            asked = select(BrandVersion).where(*own).order_by(BrandVersion.number.desc()).limit(size + 1)
            rows = list((await tx.session.execute(asked)).scalars())
            return pb.ListBrandVersionsResponse(
                versions=[_version(row, current) for row in rows[:size]],
                next_page_token=encode_cursor(rows[size - 1].number) if len(rows) > size else "",
            )

    async def RestoreBrandVersion(self, request: pb.RestoreBrandVersionRequest, context: Context) -> pb.BrandVersion:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            row = await restore_version(tx, request.number)
            return await tx.commit(_version(row, row.number))

    async def CheckColors(self, request: pb.CheckColorsRequest, context: Context) -> pb.CheckColorsResponse:
        """See brand.proto."""
        return pb.CheckColorsResponse(
            primary=_color(check_color(request.primary_color, TEXT_CONTRAST)),
            accent=_color(check_color(request.accent_color, SHAPE_CONTRAST)),
        )

    async def ListDomains(self, request: pb.ListDomainsRequest, context: Context) -> pb.ListDomainsResponse:
        """See brand.proto."""
        size = page_size(request.page_size)
        after = text_in(request.page_token)
        async with self._work.query() as tx:
            named = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else tx.principal.required_tenant()
            tenant = await tx.session.get(Tenant, named)
            if tenant is None:
                raise not_found("Diese Firma")
            rows = await domains_of(tx, named, after, size + 1)
            return pb.ListDomainsResponse(
                domains=[_domain(row) for row in rows[:size]],
                next_page_token=encode_cursor(rows[size - 1].host) if len(rows) > size else "",
                white_label=tenant.white_label,
            )

    async def CreateDomain(self, request: pb.CreateDomainRequest, context: Context) -> pb.Domain:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            domain = await name_domain(tx, request.host, platform_host=self._platform_host)
            return await tx.commit(_domain(domain))

    async def CheckDomain(self, request: pb.CheckDomainRequest, context: Context) -> pb.Domain:
        """See brand.proto."""
        domain_id = parse_id(request.domain_id, "domain_id")
        async with self._work.query() as tx:
            domain = await own_domain(tx, domain_id)
        seen = await self._name_servers.look_up(domain)
        async with self._work.command(request) as tx:
            return await tx.commit(_domain(await note_lookup(tx, domain_id, seen)))

    async def ConfirmDomain(self, request: pb.ConfirmDomainRequest, context: Context) -> pb.Domain:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            domain = await own_domain(tx, parse_id(request.domain_id, "domain_id"))
            return await tx.commit(_domain(await verified(tx, domain)))

    async def DeleteDomain(self, request: pb.DeleteDomainRequest, context: Context) -> Empty:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            await tx.session.delete(await own_domain(tx, parse_id(request.domain_id, "domain_id")))
            return await tx.commit(Empty())

    async def SetWhiteLabel(self, request: pb.SetWhiteLabelRequest, context: Context) -> pb.WhiteLabel:
        """See brand.proto."""
        async with self._work.command(request) as tx:
            tenant_id = parse_id(request.tenant_id, "tenant_id")
            tenant = await set_white_label(tx, tenant_id, white_label=request.white_label)
            return await tx.commit(pb.WhiteLabel(tenant_id=str(tenant_id), white_label=tenant.white_label))


async def _draft(tx: Transaction, draft: Draft) -> pb.BrandDraft:
    row = draft.row
    return pb.BrandDraft(
        design=draft.design,
        is_unpublished=row is not None,
        save_time=timestamp(row.saved_at) if row is not None else None,
        etag=etag_of(row.version if row is not None else 0),
        picture_types=await picture_types(tx, tx.principal.required_tenant(), pictures_of(draft.design)),
    )


def _version(row: BrandVersion, current: int) -> pb.BrandVersion:
    return pb.BrandVersion(
        number=row.number,
        design=pb.BrandDesign.FromString(row.design),
        author=row.author,
        publish_time=timestamp(row.published_at),
        is_current=row.number == current,
    )


def _color(check: ColorCheck) -> pb.ColorCheck:
    return pb.ColorCheck(
        color=check.color,
        contrast_hundredths=int(check.contrast * 100),
        needed_hundredths=int(check.needed * 100),
        passes=check.passes,
        proposal=check.proposal,
    )


def _domain(row: FirmDomain) -> pb.Domain:
    return pb.Domain(
        domain_id=str(row.domain_id),
        host=row.host,
        record_name=record_name(row),
        record_value=record_value(row),
        state=pb.DomainState.ValueType(row.state),
        verify_time=timestamp(row.verified_at),
    )
