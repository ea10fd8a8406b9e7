"""Public RPCs about people: staff, customers, who is responsible."""

from __future__ import annotations

from kontor.identity.v1 import accounts_pb2
from kontor.identity.v1 import people_pb2 as pb
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.customers import (
    BY_STAFF,
    create_customer,
    set_responsibles,
    update_customer,
)
from kontor_identity.invitations import invite_member
from kontor_identity.names import search_patterns
from kontor_identity.rpc import messages
from kontor_identity.rpc.tenants import fields_of
from kontor_identity.staff import StaffChange, StaffMember, own_tenant, responsibles_of, update_staff
from kontor_identity.tables import Customer


class PeopleRpc:
    """The part of IdentityService about people."""

    _work: UnitOfWork
    _rows: RowReader

    async def ListStaff(self, request: pb.ListStaffRequest, context: Context) -> pb.ListStaffResponse:
        """See identity.proto."""
        size = page_size(request.page_size)
        rows = await queries.staff(self._rows, current_principal(), page_token=request.page_token, limit=size + 1)
        page = rows[:size]
        token = encode_cursor(page[-1][0].display_name, page[-1][0].membership_id) if len(rows) > size else ""
        return pb.ListStaffResponse(
            staff=[messages.staff(member, email) for member, email in page], next_page_token=token
        )

    async def InviteStaff(self, request: pb.InviteStaffRequest, context: Context) -> accounts_pb2.Invitation:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            invitation = invite_member(
                tx,
                await own_tenant(tx),
                name=request.display_name,
                email=request.email,
                roles=request.roles,
                rights=request.rights,
            )
            return await tx.commit(messages.invitation(invitation))

    async def UpdateStaff(self, request: pb.UpdateStaffRequest, context: Context) -> pb.Staff:
        """See identity.proto."""
        given = request.staff
        change = StaffChange(given.display_name, given.phone, given.roles, given.rights)
        fields = fields_of(request.update_mask, ["display_name", "phone", "roles", "rights"])
        async with self._work.command(request) as tx:
            account_id = parse_id(request.account_id, "account_id")
            changed = await update_staff(tx, account_id, change, fields=fields, etag=given.etag)
            return await tx.commit(messages.staff(changed.member, changed.email))

    async def CreateCustomer(self, request: pb.CreateCustomerRequest, context: Context) -> pb.Customer:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            customer = await create_customer(tx, messages.person(request.customer))
            return await tx.commit(messages.customer(customer))

    async def GetCustomer(self, request: pb.GetCustomerRequest, context: Context) -> pb.Customer:
        """See identity.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        found = await queries.customers_by_id(self._rows, current_principal(), [customer_id])
        if not found:
            raise not_found("Dieser Kunde")
        return messages.customer(found[0])

    async def BatchGetCustomers(
        self, request: pb.BatchGetCustomersRequest, context: Context
    ) -> pb.BatchGetCustomersResponse:
        """See identity.proto."""
        customer_ids = [parse_id(customer_id, "customer_ids") for customer_id in request.customer_ids]
        found = await queries.customers_by_id(self._rows, current_principal(), customer_ids)
        return pb.BatchGetCustomersResponse(customers=[messages.customer(row) for row in found])

    async def ListCustomers(self, request: pb.ListCustomersRequest, context: Context) -> pb.ListCustomersResponse:
        """See identity.proto."""
        size = page_size(request.page_size)
        responsible = request.responsible_account_id
        rows = await queries.customers(
            self._rows,
            current_principal(),
            patterns=search_patterns(request.query),
            access_state=request.access_state,
            responsible=parse_id(responsible, "responsible_account_id") if responsible else None,
            page_token=request.page_token,
            limit=size + 1,
        )
        page = rows[:size]
        token = encode_cursor(page[-1].sort_name, page[-1].customer_id) if len(rows) > size else ""
        return pb.ListCustomersResponse(customers=[messages.customer(row) for row in page], next_page_token=token)

    async def UpdateCustomer(self, request: pb.UpdateCustomerRequest, context: Context) -> pb.Customer:
        """See identity.proto."""
        fields = fields_of(request.update_mask, sorted(BY_STAFF))
        async with self._work.command(request) as tx:
            customer = await update_customer(
                tx,
                parse_id(request.customer_id, "customer_id"),
                messages.person(request.customer),
                fields=fields,
                etag=request.customer.etag,
            )
            return await tx.commit(messages.customer(customer))

    async def GetResponsibles(self, request: pb.GetResponsiblesRequest, context: Context) -> pb.Responsibles:
        """See identity.proto."""
        async with self._work.query() as tx:
            customer = await tx.session.get(Customer, parse_id(request.customer_id, "customer_id"))
            if customer is None or customer.tenant_id != tx.principal.tenant_id:
                raise not_found("Dieser Kunde")
            return _responsibles(await responsibles_of(tx, customer))

    async def SetResponsibles(self, request: pb.SetResponsiblesRequest, context: Context) -> pb.Responsibles:
        """See identity.proto."""
        account_ids = [parse_id(account_id, "account_ids") for account_id in request.account_ids]
        async with self._work.command(request) as tx:
            customer = await set_responsibles(tx, parse_id(request.customer_id, "customer_id"), account_ids)
            return await tx.commit(_responsibles(await responsibles_of(tx, customer)))


def _responsibles(found: list[StaffMember]) -> pb.Responsibles:
    return pb.Responsibles(
        responsibles=[
            pb.Responsible(
                account_id=str(one.member.account_id),
                display_name=one.member.display_name,
                email=one.email,
                phone=one.member.phone,
            )
            for one in found
        ]
    )
