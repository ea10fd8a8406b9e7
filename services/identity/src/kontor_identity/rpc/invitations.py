"""InvitationService and its internal half: messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from google.api.httpbody_pb2 import HttpBody
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1 import invitations_internal_pb2 as internal
from kontor.identity.v1 import invitations_pb2 as pb
from kontor.identity.v1.accounts_pb2 import InvitationProgress, ReleaseChoice
from kontor.identity.v1.invitations_internal_pb2_grpc import InvitationInternalServiceServicer
from kontor.identity.v1.invitations_pb2 import BulkInvitationOutcome as Outcome
from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceServicer
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.ids import new_id, parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import bulk_queries
from kontor_identity.access_codes import AccessCodes
from kontor_identity.access_letters import AccessLetters
from kontor_identity.audiences import Chosen, day_of
from kontor_identity.bulk_invitations import (
    RECOMMENDED,
    Standing,
    bulk_invitation,
    create_bulk_invitation,
    preview,
    resubmit,
    standing_of,
)
from kontor_identity.firm_exports import in_pieces
from kontor_identity.invitation_mails import resend_invitation
from kontor_identity.invitation_tables import BulkInvitation
from kontor_identity.invitations import Release
from kontor_identity.names import display_name
from kontor_identity.rpc.messages import invitation, text, timestamp


class InvitationRpc(InvitationServiceServicer):
    """InvitationService."""

    def __init__(self, work: UnitOfWork, rows: RowReader, letters: AccessLetters) -> None:
        self._work, self._rows, self._letters = work, rows, letters

    async def PreviewBulkInvitation(
        self, request: pb.PreviewBulkInvitationRequest, context: Context
    ) -> pb.BulkInvitationPreview:
        """See invitations.proto."""
        async with self._work.query() as tx:
            counts = await preview(tx, _chosen(request.audience))
        return pb.BulkInvitationPreview(
            selected=sum(counts.values()),
            ready=counts.get(Outcome.BULK_INVITATION_OUTCOME_INVITED, 0),
            email_missing=counts.get(Outcome.BULK_INVITATION_OUTCOME_EMAIL_MISSING, 0),
            access_active=counts.get(Outcome.BULK_INVITATION_OUTCOME_ACCESS_ACTIVE, 0),
            already_invited=counts.get(Outcome.BULK_INVITATION_OUTCOME_ALREADY_INVITED, 0),
            recommended_categories=RECOMMENDED,
        )

    async def CreateBulkInvitation(
        self, request: pb.CreateBulkInvitationRequest, context: Context
    ) -> pb.BulkInvitation:
        """See invitations.proto."""
        release = Release.given(request.release_choice, request.release_categories)
        async with self._work.command(request) as tx:
            bulk = await create_bulk_invitation(tx, _chosen(request.audience), form=request.form, release=release)
            [standing] = await standing_of(tx, [bulk])
            return await tx.commit(_bulk(standing))

    async def GetBulkInvitation(self, request: pb.GetBulkInvitationRequest, context: Context) -> pb.BulkInvitation:
        """See invitations.proto."""
        async with self._work.query() as tx:
            bulk = await bulk_invitation(tx, parse_id(request.bulk_invitation_id, "bulk_invitation_id"))
            [standing] = await standing_of(tx, [bulk])
            return _bulk(standing)

    async def ListBulkInvitations(
        self, request: pb.ListBulkInvitationsRequest, context: Context
    ) -> pb.ListBulkInvitationsResponse:
        """See invitations.proto."""
        size = page_size(request.page_size)
        async with self._work.query() as tx:
            rows = await bulk_queries.bulk_invitations(tx, request.page_token, size + 1)
            standings = await standing_of(tx, rows[:size])
        token = _token_after(rows[size - 1]) if len(rows) > size else ""
        return pb.ListBulkInvitationsResponse(bulk_invitations=[_bulk(one) for one in standings], next_page_token=token)

    async def ListBulkInvitationItems(
        self, request: pb.ListBulkInvitationItemsRequest, context: Context
    ) -> pb.ListBulkInvitationItemsResponse:
        """See invitations.proto."""
        size = page_size(request.page_size)
        rows = await bulk_queries.items(
            self._rows,
            current_principal(),
            parse_id(request.bulk_invitation_id, "bulk_invitation_id"),
            outcome=request.outcome,
            progress=request.progress,
            page_token=request.page_token,
            limit=size + 1,
        )
        page = rows[:size]
        token = encode_cursor(page[-1].sort_name, page[-1].customer_id) if len(rows) > size else ""
        return pb.ListBulkInvitationItemsResponse(items=[_item(row) for row in page], next_page_token=token)

    async def ResubmitBulkInvitation(
        self, request: pb.ResubmitBulkInvitationRequest, context: Context
    ) -> pb.BulkInvitation:
        """See invitations.proto."""
        bulk_id = parse_id(request.bulk_invitation_id, "bulk_invitation_id")
        emails = [(parse_id(one.customer_id, "emails.customer_id"), one.email) for one in request.emails]
        async with self._work.command(request) as tx:
            bulk = await resubmit(tx, bulk_id, emails)
            await tx.session.flush()
            [standing] = await standing_of(tx, [bulk])
            return await tx.commit(_bulk(standing))

    async def ResendInvitation(self, request: pb.ResendInvitationRequest, context: Context) -> accounts_pb2.Invitation:
        """See invitations.proto."""
        async with self._work.command(request) as tx:
            resent = await resend_invitation(tx, parse_id(request.invitation_id, "invitation_id"))
            return await tx.commit(invitation(resent))

    async def PrintAccessLetters(
        self, request: pb.PrintAccessLettersRequest, context: Context
    ) -> AsyncIterator[HttpBody]:
        """See invitations.proto."""
        customer_ids = [parse_id(one, "customer_ids") for one in request.customer_ids]
        pdf = await self._letters.print_letters(
            current_principal(), customer_ids, form=request.form, printing=request.request_id or str(new_id())
        )
        for piece in in_pieces(pdf):
            yield HttpBody(content_type="application/pdf", data=piece)


class InvitationInternalRpc(InvitationInternalServiceServicer):
    """InvitationInternalService."""

    def __init__(self, codes: AccessCodes) -> None:
        self._codes = codes

    async def RedeemAccessCode(
        self, request: internal.RedeemAccessCodeRequest, context: Context
    ) -> internal.RedeemAccessCodeResponse:
        """See invitations_internal.proto."""
        redeemed = await self._codes.redeem(request.code, request.email, request.client_address)
        return internal.RedeemAccessCodeResponse(
            token=redeemed.token,
            needs_email=redeemed.needs_email,
            mail_sent=redeemed.mail_sent,
            tenant_slug=redeemed.tenant_slug,
            letter_greeting=redeemed.letter_greeting,
            form=people_pb2.AddressForm.ValueType(redeemed.form),
        )


def _chosen(audience: pb.Audience) -> Chosen:
    responsible = audience.responsible_account_id
    return Chosen(
        customer_ids=[parse_id(one, "audience.customer_ids") for one in audience.customer_ids],
        query=audience.query,
        responsible=parse_id(responsible, "audience.responsible_account_id") if responsible else None,
        born_from=day_of(audience.born_from),
        with_email=audience.with_email,
    )


def _bulk(standing: Standing) -> pb.BulkInvitation:
    bulk, outcomes = standing.bulk, standing.outcomes
    return pb.BulkInvitation(
        bulk_invitation_id=str(bulk.bulk_invitation_id),
        create_time=timestamp(bulk.created_at),
        creator_account_id=str(bulk.created_by),
        form=people_pb2.AddressForm.ValueType(bulk.form),
        release_choice=ReleaseChoice.ValueType(bulk.release_choice),
        release_categories=bulk.release_categories,
        selected=sum(outcomes.values()),
        pending=outcomes.get(Outcome.BULK_INVITATION_OUTCOME_PENDING, 0),
        invited=outcomes.get(Outcome.BULK_INVITATION_OUTCOME_INVITED, 0),
        email_missing=outcomes.get(Outcome.BULK_INVITATION_OUTCOME_EMAIL_MISSING, 0),
        access_active=outcomes.get(Outcome.BULK_INVITATION_OUTCOME_ACCESS_ACTIVE, 0),
        already_invited=outcomes.get(Outcome.BULK_INVITATION_OUTCOME_ALREADY_INVITED, 0),
        progress=_progress(standing.progress),
        finish_time=timestamp(bulk.finished_at),
    )


def _progress(counts: dict[int, int]) -> Sequence[pb.ProgressCount]:
    return [
        pb.ProgressCount(progress=InvitationProgress.ValueType(progress), customers=count)
        for progress, count in sorted(counts.items())
    ]


def _item(row: bulk_queries.ItemRow) -> pb.BulkInvitationItem:
    return pb.BulkInvitationItem(
        customer_id=str(row.customer_id),
        display_name=display_name(row.salutation, row.title, row.given_name, row.family_name),
        email=row.email,
        has_postal_address=bool(row.street and row.postal_code and row.city),
        outcome=Outcome.ValueType(row.outcome),
        invitation_id=text(row.invitation_id),
        progress=InvitationProgress.ValueType(row.progress),
    )


def _token_after(bulk: BulkInvitation) -> str:
    return encode_cursor(bulk.created_at, bulk.bulk_invitation_id)
