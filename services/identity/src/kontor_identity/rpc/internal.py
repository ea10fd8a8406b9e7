"""RPCs that other services call: who people are and how to reach them."""

from __future__ import annotations

from kontor.identity.v1 import internal_pb2 as pb
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor.identity.v1.internal_pb2_grpc import IdentityInternalServiceServicer
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.absences import present_administrators, present_responsibles
from kontor_identity.directory import DIRECTORY, within_firm
from kontor_identity.emergency.trusteeships import trusted_by
from kontor_identity.imports import import_customers
from kontor_identity.invitations import mint_link
from kontor_identity.people import recipients
from kontor_identity.presence import own_origin
from kontor_identity.resets import mint_reset_link
from kontor_identity.rpc import messages
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer


class IdentityInternalRpc(IdentityInternalServiceServicer):
    """IdentityInternalService."""

    def __init__(self, work: UnitOfWork, rows: RowReader, public_url: str) -> None:
        self._work = work
        self._rows = rows
        self._public_url = public_url

    async def GetCustomer(self, request: pb.GetCustomerProfileRequest, context: Context) -> pb.CustomerProfile:
        """See internal.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        found = await queries.customers_by_id(self._rows, _within(request.tenant_id), [customer_id])
        if not found:
            raise not_found("Dieser Kunde")
        language = await queries.mail_language(self._rows, found[0].account_id)
        return messages.customer_profile(found[0], language)

    async def BatchGetRecipients(
        self, request: pb.BatchGetRecipientsRequest, context: Context
    ) -> pb.BatchGetRecipientsResponse:
        """See internal.proto."""
        account_ids = [parse_id(account_id, "account_ids") for account_id in request.account_ids]
        tenant_id = parse_id(request.tenant_id, "tenant_id") if request.tenant_id else None
        async with self._work.work(DIRECTORY) as tx:
            found = await recipients(tx, account_ids, tenant_id)
        return pb.BatchGetRecipientsResponse(recipients=[messages.recipient(one) for one in found])

    async def GetTenantProfile(self, request: pb.GetTenantProfileRequest, context: Context) -> pb.TenantCard:
        """See internal.proto."""
        async with self._work.work(Principal.of_service("identity", parse_id(request.tenant_id, "tenant_id"))) as tx:
            tenant = await own_tenant(tx)
        brand = await queries.brand(self._rows, tenant_id=tenant.tenant_id)
        return pb.TenantCard(
            tenant_id=str(tenant.tenant_id),
            name=tenant.name,
            slug=tenant.slug,
            email=tenant.email,
            phone=tenant.phone,
            address=messages.address(tenant),
            brand=messages.brand(brand) if brand else None,
            kind=tenants_pb2.TenantKind.ValueType(tenant.kind),
            state=tenants_pb2.TenantState.ValueType(tenant.state),
            tier_one_access=tenants_pb2.TierOneAccess.ValueType(tenant.tier_one_access),
            origin=await own_origin(self._rows, tenant.slug, self._public_url),
        )

    async def ListActiveTenants(
        self, request: pb.ListActiveTenantsRequest, context: Context
    ) -> pb.ListActiveTenantsResponse:
        """See internal.proto."""
        size = page_size(request.page_size)
        ids = await queries.active_tenants(self._rows, page_token=request.page_token, limit=size + 1)
        token = encode_cursor(ids[size - 1]) if len(ids) > size else ""
        return pb.ListActiveTenantsResponse(tenant_ids=[str(one) for one in ids[:size]], next_page_token=token)

    async def ImportCustomers(self, request: pb.ImportCustomersRequest, context: Context) -> pb.ImportCustomersResponse:
        """See internal.proto."""
        caller = _within(request.tenant_id)
        people = [messages.imported_person(one) for one in request.customers]
        async with self._work.work(caller) as tx:
            import_id = parse_id(request.import_id, "import_id")
            imported = await import_customers(tx, caller.required_tenant(), import_id, people)
            ids = [str(customer_id) for customer_id in imported.customer_ids]
            return await tx.commit(pb.ImportCustomersResponse(customer_ids=ids, created=imported.created))

    async def ResolveResponsible(
        self, request: pb.ResolveResponsibleRequest, context: Context
    ) -> pb.ResolveResponsibleResponse:
        """See internal.proto."""
        async with self._work.work(_within(request.tenant_id)) as tx:
            customer = await tx.session.get(Customer, parse_id(request.customer_id, "customer_id"))
            if customer is None:
                raise not_found("Dieser Kunde")
            responsible = await present_responsibles(tx, customer)
            administrators = await present_administrators(tx, customer.tenant_id)
        return pb.ResolveResponsibleResponse(
            responsible_account_ids=[str(account_id) for account_id in responsible],
            administrator_account_ids=[str(account_id) for account_id in administrators],
            customer_account_id=messages.text(customer.account_id),
        )

    async def MintInvitationLink(
        self, request: pb.MintInvitationLinkRequest, context: Context
    ) -> pb.MintInvitationLinkResponse:
        """See internal.proto."""
        async with self._work.work(DIRECTORY) as tx:
            invitation, url = await mint_link(tx, parse_id(request.invitation_id, "invitation_id"), self._public_url)
            customer_name = await trusted_by(tx, invitation.invitation_id)
            await tx.commit()
        return pb.MintInvitationLinkResponse(
            url=url,
            expire_time=messages.timestamp(invitation.expires_at),
            tenant_id=str(invitation.tenant_id),
            email=invitation.email,
            display_name=invitation.display_name,
            form=people_pb2.AddressForm.ValueType(invitation.form),
            letter_greeting=invitation.letter_greeting,
            customer_id=messages.text(invitation.customer_id),
            roles=messages.role_values(invitation.roles),
            trusted_by=customer_name,
        )

    async def MintPasswordResetLink(
        self, request: pb.MintPasswordResetLinkRequest, context: Context
    ) -> pb.MintPasswordResetLinkResponse:
        """See internal.proto."""
        async with self._work.work(DIRECTORY) as tx:
            reset, url = await mint_reset_link(tx, parse_id(request.reset_id, "reset_id"), self._public_url)
            await tx.commit()
        return pb.MintPasswordResetLinkResponse(
            url=url, expire_time=messages.timestamp(reset.expires_at), account_id=str(reset.account_id)
        )


def _within(tenant_id: str) -> Principal:
    return within_firm(parse_id(tenant_id, "tenant_id"), current_principal())
