"""CustomerDeletionService: messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from kontor.identity.v1 import customer_deletions_pb2 as pb
from kontor.identity.v1.customer_deletions_pb2_grpc import CustomerDeletionServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_identity.deletions import plans
from kontor_identity.deletions.tables import CustomerDeletionRow
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, time_and_id
from kontor_identity.rpc.messages import timestamp


class CustomerDeletionRpc(CustomerDeletionServiceServicer):
    """CustomerDeletionService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetCustomerDeletion(
        self, request: pb.GetCustomerDeletionRequest, context: Context
    ) -> pb.CustomerDeletion:
        """See customer_deletions.proto."""
        async with self._work.query() as tx:
            row = await plans.planned_deletion(tx, parse_id(request.customer_id, "customer_id"))
            return _message(row) if row is not None else pb.CustomerDeletion(customer_id=request.customer_id)

    async def PlanCustomerDeletion(
        self, request: pb.PlanCustomerDeletionRequest, context: Context
    ) -> pb.CustomerDeletion:
        """See customer_deletions.proto."""
        async with self._work.command(request) as tx:
            row = await plans.plan_deletion(tx, parse_id(request.customer_id, "customer_id"))
            return await tx.commit(_message(row))

    async def CancelCustomerDeletion(
        self, request: pb.CancelCustomerDeletionRequest, context: Context
    ) -> pb.CustomerDeletion:
        """See customer_deletions.proto."""
        async with self._work.command(request) as tx:
            row = await plans.cancel_deletion(tx, parse_id(request.customer_id, "customer_id"))
            return await tx.commit(_message(row))

    async def ListCustomerDeletions(
        self, request: pb.ListCustomerDeletionsRequest, context: Context
    ) -> pb.ListCustomerDeletionsResponse:
        """See customer_deletions.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.query() as tx:
            rows = await plans.deletions_of_firm(tx, before, size + 1)
        last = rows[size - 1] if len(rows) > size else None
        token = encode_cursor(last.planned_at, last.customer_deletion_id) if last is not None else ""
        return pb.ListCustomerDeletionsResponse(
            customer_deletions=[_message(row) for row in rows[:size]], next_page_token=token
        )


def _state(row: CustomerDeletionRow) -> pb.CustomerDeletionState.ValueType:
    if row.cancelled_at is not None:
        return pb.CUSTOMER_DELETION_STATE_CANCELLED
    if row.certificate is not None:
        return pb.CUSTOMER_DELETION_STATE_CERTIFIED
    return pb.CUSTOMER_DELETION_STATE_DELETED if row.deleted_at else pb.CUSTOMER_DELETION_STATE_PLANNED


def _message(row: CustomerDeletionRow) -> pb.CustomerDeletion:
    return pb.CustomerDeletion(
        customer_deletion_id=str(row.customer_deletion_id),
        customer_id=str(row.customer_id),
        customer_number=row.customer_number,
        state=_state(row),
        by_customer=row.by_customer,
        plan_time=timestamp(row.planned_at),
        due_time=timestamp(row.due_at),
        delete_time=timestamp(row.deleted_at),
        certificate=_certificate(row) if row.certificate is not None else None,
    )


def _certificate(row: CustomerDeletionRow) -> pb.DeletionCertificate:
    return pb.DeletionCertificate(
        number=row.certificate or 0,
        documents=row.documents,
        size_bytes=row.size_bytes,
        keys_digest=row.keys_digest,
        hash=row.certificate_hash,
        erase_time=timestamp(row.erased_at),
    )
