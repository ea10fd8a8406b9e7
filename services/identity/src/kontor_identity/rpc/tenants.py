"""Public RPCs about firms: waiting list, profile, brand."""

from __future__ import annotations

from collections.abc import Sequence

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import tenants_pb2 as pb
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.brands import BrandChange, update_brand
from kontor_identity.rpc import messages
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Tenant
from kontor_identity.tenants import ProfileChange, Registration, activate_tenant, register_tenant, update_profile


def fields_of(mask: FieldMask, everything: Sequence[str]) -> list[str]:
    """Return the fields to change; an empty mask means all that can be (AIP-134)."""
    return sorted({path.partition(".")[0] for path in mask.paths} or set(everything))


def registration(given: pb.NewTenant) -> Registration:
    """Return what a firm said on the form."""
    return Registration(
        name=given.name,
        slug=given.slug,
        kind=given.kind,
        contact_name=given.contact_name,
        contact_email=given.contact_email,
        phone=given.phone,
        ihk_number=given.ihk_number,
        address=messages.postal_address(given.address),
    )


class TenantRpc:
    """The part of IdentityService about firms."""

    _work: UnitOfWork
    _rows: RowReader

    async def RegisterTenant(self, request: pb.RegisterTenantRequest, context: Context) -> pb.RegisterTenantResponse:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            tenant = await register_tenant(tx, registration(request.tenant))
            return await tx.commit(pb.RegisterTenantResponse(tenant_id=str(tenant.tenant_id)))

    async def ListTenants(self, request: pb.ListTenantsRequest, context: Context) -> pb.ListTenantsResponse:
        """See identity.proto."""
        size = page_size(request.page_size)
        rows = await queries.tenants(
            self._rows, current_principal(), state=request.state, page_token=request.page_token, limit=size + 1
        )
        page = rows[:size]
        token = encode_cursor(page[-1].created_at, page[-1].tenant_id) if len(rows) > size else ""
        return pb.ListTenantsResponse(tenants=[messages.tenant(row) for row in page], next_page_token=token)

    async def GetTenant(self, request: pb.GetTenantRequest, context: Context) -> pb.Tenant:
        """See identity.proto."""
        async with self._work.query() as tx:
            tenant = await tx.session.get(Tenant, parse_id(request.tenant_id, "tenant_id"))
            if tenant is None:
                raise not_found("Diese Firma")
            return messages.tenant(tenant)

    async def ActivateTenant(self, request: pb.ActivateTenantRequest, context: Context) -> pb.Tenant:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            tenant = await activate_tenant(tx, parse_id(request.tenant_id, "tenant_id"))
            return await tx.commit(messages.tenant(tenant))

    async def GetProfile(self, request: pb.GetProfileRequest, context: Context) -> pb.TenantProfile:
        """See identity.proto."""
        async with self._work.query() as tx:
            return messages.profile(await own_tenant(tx))

    async def UpdateTenantProfile(self, request: pb.UpdateTenantProfileRequest, context: Context) -> pb.TenantProfile:
        """See identity.proto."""
        given = request.profile
        change = ProfileChange(
            name=given.name,
            email=given.email,
            phone=given.phone,
            address=messages.postal_address(given.address),
            tier_one_access=given.tier_one_access,
        )
        fields = fields_of(request.update_mask, ["name", "email", "phone", "address", "tier_one_access"])
        async with self._work.command(request) as tx:
            tenant = await update_profile(tx, change, fields=fields, etag=given.etag)
            return await tx.commit(messages.profile(tenant))

    async def GetBrand(self, request: pb.GetBrandRequest, context: Context) -> pb.Brand:
        """See identity.proto."""
        return await self._brand(request.slug)

    async def GetBrandLogo(self, request: pb.GetBrandLogoRequest, context: Context) -> HttpBody:
        """See identity.proto."""
        found = await queries.logo(self._rows, request.slug)
        if found is None:
            raise not_found("Dieses Logo")
        return HttpBody(content_type=found[1], data=found[0])

    async def UpdateBrand(self, request: pb.UpdateBrandRequest, context: Context) -> pb.Brand:
        """See identity.proto."""
        given = request.brand
        change = BrandChange(
            primary_color=given.primary_color,
            accent_color=given.accent_color,
            heading=given.heading,
            greeting=given.greeting,
            layout=given.layout,
            logo=given.logo,
        )
        everything = ["primary_color", "accent_color", "heading", "greeting", "layout"]
        fields = fields_of(request.update_mask, [*everything, "logo"] if given.logo else everything)
        async with self._work.command(request) as tx:
            row = await update_brand(tx, change, fields=fields, etag=given.etag)
            tenant = await own_tenant(tx)
            return await tx.commit(messages.brand_of(row, tenant))

    async def _brand(self, slug: str) -> pb.Brand:
        caller = current_principal()
        found = await queries.brand(self._rows, slug=slug, tenant_id=None if slug else caller.required_tenant())
        if found is None:
            raise not_found("Diese Firma")
        return messages.brand(found)
