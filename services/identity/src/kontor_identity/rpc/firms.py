"""FirmService: the operator's firms, a firm's own life, the directory."""

from __future__ import annotations

from collections.abc import AsyncIterator

from google.api.httpbody_pb2 import HttpBody
from kontor.identity.v1 import firms_pb2 as pb
from kontor.identity.v1 import tenants_pb2
from kontor.identity.v1.firms_pb2_grpc import FirmServiceServicer
from kontor_chassis.database import RowReader, Transaction, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_identity import firm_overviews, plans
from kontor_identity.firm_exports import firm_archive, in_pieces
from kontor_identity.firm_facts import CHANGEABLE, FirmStatement, record_signed_contract, update_own_firm, verify_fact
from kontor_identity.processing_agreements import accept_agreement, agreement_in_force, publish_agreement
from kontor_identity.rpc import firm_messages as messages
from kontor_identity.rpc.tenants import fields_of, registration
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Tenant
from kontor_identity.trials import extend_trial
from kontor_identity.waiting_list import enter_firm, move_in_queue, place_of, set_note


class FirmRpc(FirmServiceServicer):
    """FirmService."""

    def __init__(self, work: UnitOfWork, rows: RowReader) -> None:
        self._work = work
        self._rows = rows

    async def EnterFirm(self, request: pb.EnterFirmRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            given = registration(request.tenant)
            tenant = await enter_firm(tx, given, channel=request.channel, note=request.note)
            return await tx.commit(await self._firm(tx, tenant))

    async def ListFirms(self, request: pb.ListFirmsRequest, context: Context) -> pb.ListFirmsResponse:
        """See firms.proto."""
        size = page_size(request.page_size)
        found = await firm_overviews.firms(
            self._rows, state=request.state, query=request.query, page_token=request.page_token, limit=size + 1
        )
        page = found[:size]
        sizes = await firm_overviews.sizes_of(self._rows, [row.tenant_id for row in page])
        waiting = request.state == tenants_pb2.TENANT_STATE_WAITING
        token = _next(page[-1], waiting=waiting) if len(found) > size else ""
        first = 1 if waiting and not request.page_token and not request.query else 0
        firms = [messages.firm(row, sizes[row.tenant_id], first and first + place) for place, row in enumerate(page)]
        return pb.ListFirmsResponse(firms=firms, next_page_token=token)

    async def GetFirm(self, request: pb.GetFirmRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        async with self._work.query() as tx:
            tenant = await tx.session.get(Tenant, parse_id(request.tenant_id, "tenant_id"))
            if tenant is None:
                raise not_found("Diese Firma")
            return await self._firm(tx, tenant)

    async def SetFirmNote(self, request: pb.SetFirmNoteRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            tenant = await set_note(tx, parse_id(request.tenant_id, "tenant_id"), request.note)
            return await tx.commit(await self._firm(tx, tenant))

    async def MoveInQueue(self, request: pb.MoveInQueueRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        before = parse_id(request.before_tenant_id, "before_tenant_id") if request.before_tenant_id else None
        async with self._work.command(request) as tx:
            tenant = await move_in_queue(tx, parse_id(request.tenant_id, "tenant_id"), before)
            return await tx.commit(await self._firm(tx, tenant))

    async def VerifyFirmFact(self, request: pb.VerifyFirmFactRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            tenant_id = parse_id(request.tenant_id, "tenant_id")
            tenant = await verify_fact(tx, tenant_id, request.fact, request.value)
            return await tx.commit(await self._firm(tx, tenant))

    async def RecordSignedContract(self, request: pb.RecordSignedContractRequest, context: Context) -> pb.Firm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            tenant = await record_signed_contract(tx, parse_id(request.tenant_id, "tenant_id"), request.signed_on)
            return await tx.commit(await self._firm(tx, tenant))

    async def GetOwnFirm(self, request: pb.GetOwnFirmRequest, context: Context) -> pb.OwnFirm:
        """See firms.proto."""
        async with self._work.query() as tx:
            return await _own(tx, await own_tenant(tx))

    async def UpdateOwnFirm(self, request: pb.UpdateOwnFirmRequest, context: Context) -> pb.OwnFirm:
        """See firms.proto."""
        given = request.firm
        stated = FirmStatement(given.homepage, given.ihk_number, given.directory_listed, given.directory_text)
        async with self._work.command(request) as tx:
            fields = fields_of(request.update_mask, CHANGEABLE)
            tenant = await update_own_firm(tx, stated, fields=fields, etag=given.etag)
            return await tx.commit(await _own(tx, tenant))

    async def GetPlanCatalogue(self, request: pb.GetPlanCatalogueRequest, context: Context) -> pb.PlanCatalogue:
        """See firms.proto."""
        async with self._work.query() as tx:
            offered = await plans.plans_of_the_day(tx)
            contacts = await plans.contacts_of(tx, tx.principal.required_tenant())
        best = plans.recommended(offered, contacts, with_interfaces=request.with_interfaces)
        return messages.catalogue(offered, best)

    async def SetPlanTerms(self, request: pb.SetPlanTermsRequest, context: Context) -> pb.PlanCatalogue:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            await plans.set_terms(tx, messages.plan_row(request.terms, request.valid_from))
            offered = await plans.plans_of_the_day(tx)
            return await tx.commit(messages.catalogue(offered, recommended=0))

    async def ChoosePlan(self, request: pb.ChoosePlanRequest, context: Context) -> pb.OwnFirm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(await _own(tx, await plans.choose_plan(tx, request.plan)))

    async def ExtendTrial(self, request: pb.ExtendTrialRequest, context: Context) -> pb.OwnFirm:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(await _own(tx, await extend_trial(tx, request.net)))

    async def ExportFirm(self, request: pb.ExportFirmRequest, context: Context) -> AsyncIterator[HttpBody]:
        """See firms.proto."""
        async with self._work.query() as tx:
            archive = await firm_archive(tx)
        for piece in in_pieces(archive):
            yield HttpBody(content_type="application/zip", data=piece)

    async def GetProcessingAgreement(
        self, request: pb.GetProcessingAgreementRequest, context: Context
    ) -> pb.ProcessingAgreement:
        """See firms.proto."""
        async with self._work.query() as tx:
            return messages.agreement(await agreement_in_force(tx, tx.principal.required_tenant()))

    async def AcceptProcessingAgreement(
        self, request: pb.AcceptProcessingAgreementRequest, context: Context
    ) -> pb.ProcessingAgreement:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(messages.agreement(await accept_agreement(tx, request.version, request.sha256)))

    async def PublishProcessingAgreement(
        self, request: pb.PublishProcessingAgreementRequest, context: Context
    ) -> pb.ProcessingAgreement:
        """See firms.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(messages.agreement(await publish_agreement(tx, request.body)))

    async def ListAdvisers(self, request: pb.ListAdvisersRequest, context: Context) -> pb.ListAdvisersResponse:
        """See firms.proto."""
        size = page_size(request.page_size)
        found = await firm_overviews.advisers(
            self._rows, query=request.query, place=request.place, page_token=request.page_token, limit=size + 1
        )
        page = found[:size]
        token = encode_cursor(page[-1].name.lower(), page[-1].tenant_id) if len(found) > size else ""
        return pb.ListAdvisersResponse(advisers=[messages.adviser(row) for row in page], next_page_token=token)

    async def _firm(self, tx: Transaction, tenant: Tenant) -> pb.Firm:
        size = (await firm_overviews.sizes_of(self._rows, [tenant.tenant_id]))[tenant.tenant_id]
        return messages.firm(tenant, size, await place_of(tx, tenant))


async def _own(tx: Transaction, tenant: Tenant) -> pb.OwnFirm:
    agreement = await agreement_in_force(tx, tenant.tenant_id)
    return messages.own_firm(
        tenant,
        await plans.terms_of(tx, tenant),
        await plans.contacts_of(tx, tenant.tenant_id),
        processing_accepted=agreement.acceptance is not None,
    )


def _next(last: Tenant, *, waiting: bool) -> str:
    if waiting:
        return encode_cursor(last.queue_rank, last.created_at, last.tenant_id)
    return encode_cursor(last.created_at, last.tenant_id)
