"""RetentionService: proto → use case → proto, no decisions."""

from __future__ import annotations

from kontor.vault.v1 import retention_pb2 as pb
from kontor.vault.v1.retention_pb2_grpc import RetentionServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import document_ends, retention
from kontor_vault.document_ends import Retention
from kontor_vault.retention import Rule
from kontor_vault.rpc import convert


class RetentionRpc(RetentionServiceServicer):
    """Serves it."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetRetentionRules(self, request: pb.GetRetentionRulesRequest, context: Context) -> pb.RetentionRules:
        """See retention.proto."""
        async with self._work.query() as tx:
            rules = await retention.rules_of(tx, current_principal().required_tenant())
        return pb.RetentionRules(rules=map(_rule, rules.values()))

    async def UpdateRetentionRules(
        self, request: pb.UpdateRetentionRulesRequest, context: Context
    ) -> pb.RetentionRules:
        """See retention.proto."""
        given = [Rule(each.kind, each.protect_years, each.end_years, each.basis) for each in request.rules.rules]
        async with self._work.command(request) as tx:
            await retention.set_rules(tx, given)
            rules = await retention.rules_of(tx, tx.principal.required_tenant())
            return await tx.commit(pb.RetentionRules(rules=map(_rule, rules.values())))

    async def GetDocumentRetention(
        self, request: pb.GetDocumentRetentionRequest, context: Context
    ) -> pb.DocumentRetention:
        """See retention.proto."""
        async with self._work.query() as tx:
            found = await document_ends.retention_of(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=parse_id(request.document_id, "document_id"),
            )
        return _retention(found)

    async def SetDocumentEnd(self, request: pb.SetDocumentEndRequest, context: Context) -> pb.DocumentRetention:
        """See retention.proto."""
        async with self._work.command(request) as tx:
            found = await document_ends.set_end(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                document_id=parse_id(request.document_id, "document_id"),
                end_on=request.end_on,
            )
            return await tx.commit(_retention(found))


def _rule(rule: Rule) -> pb.RetentionRule:
    return pb.RetentionRule(
        kind=convert.kinds([rule.kind])[0],
        protect_years=rule.protect_years,
        end_years=rule.end_years,
        basis=rule.basis,
        is_default=rule.is_default,
    )


def _retention(found: Retention) -> pb.DocumentRetention:
    return pb.DocumentRetention(
        protected_until=str(found.protected_until or ""),
        correct_until_time=None if found.correct_until is None else convert.timestamp(found.correct_until),
        rule=None if found.rule is None else _rule(found.rule),
        end_on=str(found.end_on or ""),
    )
