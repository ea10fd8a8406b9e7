"""EPostService and EPostInternalService: messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from datetime import UTC

from kontor.identity.v1 import epost_internal_pb2 as internal
from kontor.identity.v1 import epost_pb2 as pb
from kontor.identity.v1.epost_internal_pb2_grpc import EPostInternalServiceServicer
from kontor.identity.v1.epost_pb2_grpc import EPostServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity import epost
from kontor_identity.customers import customer_in_sight
from kontor_identity.directory import within_firm
from kontor_identity.proofs.tables import EPostEntryRow
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, time_and_id
from kontor_identity.rpc.messages import text, timestamp


class EPostRpc(EPostServiceServicer):
    """EPostService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetEPostConsent(self, request: pb.GetEPostConsentRequest, context: Context) -> pb.EPostConsent:
        """See epost.proto."""
        async with self._work.query() as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            return _consent(request.customer_id, await epost.latest_entry(tx, customer.customer_id))

    async def DecideEPostConsent(self, request: pb.DecideEPostConsentRequest, context: Context) -> pb.EPostConsent:
        """See epost.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.command(request) as tx:
            entry = await epost.decide(tx, customer_id, request.decision, request.sha256)
            return await tx.commit(_consent(request.customer_id, entry))

    async def ListEPostDecisions(
        self, request: pb.ListEPostDecisionsRequest, context: Context
    ) -> pb.ListEPostDecisionsResponse:
        """See epost.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.query() as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            rows = await epost.entries_of(tx, customer.customer_id, before, size + 1)
        token = encode_cursor(rows[size - 1].decided_at, rows[size - 1].epost_entry_id) if len(rows) > size else ""
        return pb.ListEPostDecisionsResponse(entries=[_entry(row) for row in rows[:size]], next_page_token=token)


class EPostInternalRpc(EPostInternalServiceServicer):
    """EPostInternalService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def CheckEPostConsent(
        self, request: internal.CheckEPostConsentRequest, context: Context
    ) -> internal.CheckEPostConsentResponse:
        """See epost_internal.proto."""
        tenant_id = parse_id(request.tenant_id, "tenant_id")
        at = request.at_time.ToDatetime(UTC) if request.HasField("at_time") else None
        async with self._work.work(within_firm(tenant_id, current_principal())) as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            entry = await epost.latest_entry(tx, customer.customer_id, at)
        if entry is None or entry.decision != pb.E_POST_DECISION_GIVEN:
            return internal.CheckEPostConsentResponse(e_post_entry_id=text(entry.epost_entry_id) if entry else "")
        return internal.CheckEPostConsentResponse(
            in_force=True,
            e_post_entry_id=str(entry.epost_entry_id),
            version=entry.version,
            decide_time=timestamp(entry.decided_at),
        )


def _consent(customer_id: str, entry: EPostEntryRow | None) -> pb.EPostConsent:
    body, sha256 = epost.text_in_force()
    return pb.EPostConsent(
        customer_id=customer_id,
        decision=pb.EPostDecision.ValueType(entry.decision) if entry else pb.E_POST_DECISION_UNSPECIFIED,
        entry=_entry(entry) if entry else None,
        version=epost.VERSION,
        body=body,
        sha256=sha256,
    )


def _entry(row: EPostEntryRow) -> pb.EPostEntry:
    return pb.EPostEntry(
        e_post_entry_id=str(row.epost_entry_id),
        decision=pb.EPostDecision.ValueType(row.decision),
        version=row.version,
        sha256=row.sha256,
        decide_time=timestamp(row.decided_at),
        account_id=str(row.account_id),
    )
