"""GranteeInternalService: proto → use case → proto, no decisions."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.identity.v1 import grantees_internal_pb2 as pb
from kontor.identity.v1.grantees_internal_pb2_grpc import GranteeInternalServiceServicer
from kontor.identity.v1.households_pb2 import Standing
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity.directory import within_firm
from kontor_identity.grantees import household_person, trusted_person


@dataclass(frozen=True)
class GranteeInternalRpc(GranteeInternalServiceServicer):
    """GranteeInternalService."""

    work: UnitOfWork

    async def ResolveGrantee(self, request: pb.ResolveGranteeRequest, context: Context) -> pb.ResolveGranteeResponse:
        """See grantees_internal.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        caller = within_firm(parse_id(request.tenant_id, "tenant_id"), current_principal())
        async with self.work.work(caller) as tx:
            if request.household_person_id:
                person_id = parse_id(request.household_person_id, "household_person_id")
                found = await household_person(tx, customer_id, person_id)
            else:
                person_id = parse_id(request.trusted_person_id, "trusted_person_id")
                found = await trusted_person(tx, customer_id, person_id)
        return pb.ResolveGranteeResponse(
            account_id=str(found.account_id), display_name=found.name, standing=Standing.ValueType(found.standing)
        )
