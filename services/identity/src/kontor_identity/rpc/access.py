"""Public RPCs about access: invitations, and the signed-in account's own sessions and memberships."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import accounts_pb2 as pb
from kontor.identity.v1 import people_pb2, tenants_pb2
from kontor_chassis.clock import Clock
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.directory import DIRECTORY
from kontor_identity.invitations import invite_customer, revoke_invitation
from kontor_identity.memberships import MembershipView, memberships_of
from kontor_identity.rpc import messages
from kontor_identity.sessions import open_sessions, revoke_own_session, session_ended


class AccessRpc:
    """The part of IdentityService about access."""

    _work: UnitOfWork
    _rows: RowReader
    _token_clock: Clock

    async def CreateInvitation(self, request: pb.CreateInvitationRequest, context: Context) -> pb.Invitation:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            invitation = await invite_customer(
                tx,
                parse_id(request.customer_id, "customer_id"),
                form=request.form,
                release_choice=request.release_choice,
                release_categories=request.release_categories,
                replace_active_access=request.replace_active_access,
            )
            return await tx.commit(messages.invitation(invitation))

    async def ListInvitations(self, request: pb.ListInvitationsRequest, context: Context) -> pb.ListInvitationsResponse:
        """See identity.proto."""
        size = page_size(request.page_size)
        rows = await queries.invitations(
            self._rows,
            current_principal(),
            customer_id=parse_id(request.customer_id, "customer_id") if request.customer_id else None,
            state=request.state,
            page_token=request.page_token,
            limit=size + 1,
        )
        page = rows[:size]
        token = encode_cursor(page[-1].created_at, page[-1].invitation_id) if len(rows) > size else ""
        return pb.ListInvitationsResponse(invitations=[messages.invitation(row) for row in page], next_page_token=token)

    async def RevokeInvitation(self, request: pb.RevokeInvitationRequest, context: Context) -> pb.Invitation:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            invitation = await revoke_invitation(tx, parse_id(request.invitation_id, "invitation_id"))
            return await tx.commit(messages.invitation(invitation))

    async def ListSessions(self, request: pb.ListSessionsRequest, context: Context) -> pb.ListSessionsResponse:
        """See identity.proto."""
        caller, size = current_principal(), page_size(request.page_size)
        before = queries.time_and_id(request.page_token, queries.AFTER_ALL_TIMES, queries.AFTER_ALL_IDS)
        async with self._work.work(DIRECTORY) as tx:
            own = await memberships_of(tx, caller.required_account())
            rows = await open_sessions(tx, caller.required_account(), self._token_clock.now(), before, size + 1)
        names: dict[UUID | None, str] = {view.membership_id: view.tenant_name for view in own}
        page = rows[:size]
        token = encode_cursor(page[-1].created_at, page[-1].session_id) if len(rows) > size else ""
        sessions = [
            messages.session(row, names.get(row.membership_id, ""), current=row.session_id == caller.session_id)
            for row in page
        ]
        return pb.ListSessionsResponse(sessions=sessions, next_page_token=token)

    async def RevokeSession(self, request: pb.RevokeSessionRequest, context: Context) -> Empty:
        """See identity.proto."""
        async with self._work.command(request) as tx:
            session_id = parse_id(request.session_id, "session_id")
            await revoke_own_session(tx, self._token_clock, tx.principal.required_account(), session_id)
            return await tx.commit(Empty())

    async def ListMemberships(self, request: pb.ListMembershipsRequest, context: Context) -> pb.ListMembershipsResponse:
        """See identity.proto."""
        caller, size = current_principal(), page_size(request.page_size)
        name_after, id_after = queries.text_and_id(request.page_token)
        async with self._work.work(DIRECTORY) as tx:
            own = sorted(await memberships_of(tx, caller.required_account()), key=_order)
        rest = [view for view in own if _order(view) > (name_after, id_after)]
        page = rest[:size]
        token = encode_cursor(page[-1].tenant_name, page[-1].membership_id) if len(rest) > size else ""
        views = [messages.membership(view, current=_is_current(view, caller)) for view in page]
        return pb.ListMembershipsResponse(memberships=views, next_page_token=token)

    async def GetMe(self, request: pb.GetMeRequest, context: Context) -> pb.Me:
        """See identity.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            own = await memberships_of(tx, caller.required_account())
        view = next((one for one in own if _is_current(one, caller)), None)
        if view is None:
            raise session_ended()
        return pb.Me(
            account_id=str(view.account_id),
            email=view.email,
            display_name=view.display_name,
            tenant_id=str(view.tenant_id),
            tenant_name=view.tenant_name,
            tenant_slug=view.tenant_slug,
            tenant_kind=tenants_pb2.TenantKind.ValueType(view.tenant_kind),
            customer_id=messages.text(view.customer_id),
            form=people_pb2.AddressForm.ValueType(view.form),
            roles=messages.role_values(view.roles),
            rights=messages.right_values(view.rights),
            membership_count=len(own),
        )


def _order(view: MembershipView) -> tuple[str, object]:
    return view.tenant_name, view.membership_id


def _is_current(view: MembershipView, caller: Principal) -> bool:
    return view.tenant_id == caller.tenant_id and view.customer_id == caller.customer_id
