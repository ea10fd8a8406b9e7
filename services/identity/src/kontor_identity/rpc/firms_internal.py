"""What other services ask about a firm's terms and policies."""

from __future__ import annotations

from datetime import UTC, date
from uuid import UUID

from kontor.identity.v1 import firms_internal_pb2 as pb
from kontor.identity.v1 import master_data_pb2
from kontor.identity.v1.firms_internal_pb2_grpc import FirmInternalServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import DomainError, invalid
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_identity import plans
from kontor_identity.account_references import account_reference, blinded_iban
from kontor_identity.bank_codes import check_iban
from kontor_identity.directory import within_firm
from kontor_identity.edit_policies import policy_of
from kontor_identity.rpc.firm_messages import plan_terms
from kontor_identity.rpc.master_data import policy_message
from kontor_identity.sealing import Sealer
from kontor_identity.staff import own_tenant


class FirmInternalRpc(FirmInternalServiceServicer):
    """FirmInternalService."""

    def __init__(self, work: UnitOfWork, sealer: Sealer) -> None:
        self._work = work
        self._sealer = sealer

    async def GetFirmMeasure(self, request: pb.GetFirmMeasureRequest, context: Context) -> pb.FirmMeasure:
        """See firms_internal.proto."""
        try:
            day = date.fromisoformat(request.terms_day)
        except ValueError:
            raise invalid("terms_day", "Diesen Tag gibt es im Kalender nicht.") from None
        caller = _within(request.tenant_id)
        async with self._work.work(caller) as tx:
            offered = await plans.plans_of_the_day(tx, day)
            before = request.contacts_before_time.ToDatetime(UTC)
            contacts = await plans.contacts_of(tx, caller.required_tenant(), before)
        return pb.FirmMeasure(plans=map(plan_terms, offered), contacts=contacts)

    async def GetFirmLimits(self, request: pb.GetFirmLimitsRequest, context: Context) -> pb.FirmLimits:
        """See firms_internal.proto."""
        async with self._work.work(_within(request.tenant_id)) as tx:
            terms = await plans.terms_of(tx, await own_tenant(tx))
        if terms is None:
            return pb.FirmLimits()
        return pb.FirmLimits(plan_name=plans.NAMES[terms.plan], storage_bytes=terms.storage_bytes or 0)

    async def GetFirmEditPolicy(
        self, request: pb.GetFirmEditPolicyRequest, context: Context
    ) -> master_data_pb2.EditPolicy:
        """See firms_internal.proto."""
        caller = _within(request.tenant_id)
        async with self._work.work(caller) as tx:
            return policy_message(await policy_of(tx, caller.required_tenant()))

    async def NameBankAccounts(
        self, request: pb.NameBankAccountsRequest, context: Context
    ) -> pb.NameBankAccountsResponse:
        """See firms_internal.proto."""
        tenant_id = parse_id(request.tenant_id, "tenant_id")
        return pb.NameBankAccountsResponse(accounts=[self._named(tenant_id, iban) for iban in request.ibans])

    def _named(self, tenant_id: UUID, text: str) -> pb.NamedBankAccount:
        try:
            checked = check_iban(text)
        except DomainError:
            return pb.NamedBankAccount()
        reference = account_reference(self._sealer, tenant_id, blinded_iban(self._sealer, checked.iban))
        return pb.NamedBankAccount(reference=reference, masked_iban=checked.masked)


def _within(tenant_id: str) -> Principal:
    return within_firm(parse_id(tenant_id, "tenant_id"), current_principal())
