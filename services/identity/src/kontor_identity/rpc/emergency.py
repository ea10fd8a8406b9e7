"""EmergencyAccessService and its internal calls: message → use case → message, no decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import emergency_internal_pb2 as internal_pb
from kontor.identity.v1 import emergency_pb2 as pb
from kontor.identity.v1.emergency_internal_pb2_grpc import EmergencyInternalServiceServicer
from kontor.identity.v1.emergency_pb2_grpc import EmergencyAccessServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.directory import DIRECTORY, within_firm
from kontor_identity.emergency import lists, machine, notices, persons, plans, requests, trusteeships
from kontor_identity.rpc import emergency_messages as messages


class _OfCustomer(Protocol):
    customer_id: str


class EmergencyRpc(EmergencyAccessServiceServicer):
    """EmergencyAccessService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def GetEmergencyPlan(self, request: pb.GetEmergencyPlanRequest, context: Context) -> pb.EmergencyPlan:
        """See emergency.proto."""
        async with self._work.query() as tx:
            await plans.require_holder(tx, _own(request))
            return messages.plan(await plans.plan_of(tx, _own(request)))

    async def UpdateEmergencyPlan(self, request: pb.UpdateEmergencyPlanRequest, context: Context) -> pb.EmergencyPlan:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            plan = await persons.update_plan(
                tx,
                _own(request),
                quorum=request.plan.quorum,
                waiting_hours=request.plan.waiting_hours,
                access_days=request.plan.access_days,
                etag=request.plan.etag,
            )
            return await tx.commit(messages.plan(plan))

    async def ListTrustedPersons(
        self, request: pb.ListTrustedPersonsRequest, context: Context
    ) -> pb.ListTrustedPersonsResponse:
        """See emergency.proto."""
        size, (_, after) = page_size(request.page_size), queries.text_and_id(request.page_token)
        async with self._work.query() as tx:
            await plans.require_holder(tx, _own(request))
            found = list(await persons.persons_of(tx, _own(request)))
        begin = next((i + 1 for i, person in enumerate(found) if person.trusted_person_id == after), 0)
        page = found[begin : begin + size]
        token = encode_cursor("", page[-1].trusted_person_id) if begin + size < len(found) else ""
        return pb.ListTrustedPersonsResponse(persons=map(messages.person, page), next_page_token=token)

    async def CreateTrustedPerson(self, request: pb.CreateTrustedPersonRequest, context: Context) -> pb.TrustedPerson:
        """See emergency.proto."""
        given = request.person
        new = persons.NewPerson(given.name, given.email, given.phone, given.relation, _ids(given.folder_ids))
        async with self._work.command(request) as tx:
            person = await persons.create_person(tx, _own(request), new)
            return await tx.commit(messages.person(person))

    async def UpdateTrustedPerson(self, request: pb.UpdateTrustedPersonRequest, context: Context) -> pb.TrustedPerson:
        """See emergency.proto."""
        given = request.person
        values: dict[str, str | list[UUID]] = {
            "name": given.name,
            "phone": given.phone,
            "relation": given.relation,
            "folder_ids": _ids(given.folder_ids),
        }
        wanted = set(request.update_mask.paths) or set(values)
        changes = {field: value for field, value in values.items() if field in wanted}
        async with self._work.command(request) as tx:
            person = await persons.update_person(tx, _own(request), _person(request), etag=given.etag, **changes)
            return await tx.commit(messages.person(person))

    async def RemoveTrustedPerson(self, request: pb.RemoveTrustedPersonRequest, context: Context) -> pb.TrustedPerson:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(messages.person(await persons.remove_person(tx, _own(request), _person(request))))

    async def ResendTrustedPersonInvitation(
        self, request: pb.ResendTrustedPersonInvitationRequest, context: Context
    ) -> pb.TrustedPerson:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            return await tx.commit(
                messages.person(await persons.resend_invitation(tx, _own(request), _person(request)))
            )

    async def ReorderTrustedPersons(
        self, request: pb.ReorderTrustedPersonsRequest, context: Context
    ) -> pb.ReorderTrustedPersonsResponse:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            ordered = await persons.reorder_persons(tx, _own(request), _ids(request.trusted_person_ids))
            return await tx.commit(pb.ReorderTrustedPersonsResponse(persons=map(messages.person, ordered)))

    async def StopEmergencyRequest(
        self, request: pb.StopEmergencyRequestRequest, context: Context
    ) -> pb.EmergencyRequest:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            actor, customer_id = pb.EMERGENCY_ACTOR_CUSTOMER, _own(request)
            await plans.require_holder(tx, customer_id)
            row = await requests.stop_request(tx, _request(request), actor, customer_id=customer_id)
            names = await notices.names_of(tx, customer_id)
            return await tx.commit(messages.request(row, row.course, names))

    async def ListEmergencyEntries(
        self, request: pb.ListEmergencyEntriesRequest, context: Context
    ) -> pb.ListEmergencyEntriesResponse:
        """See emergency.proto."""
        customer_id, size = _own(request), page_size(request.page_size)
        async with self._work.query() as tx:
            await plans.require_holder(tx, customer_id)
            rows = await lists.list_entries(tx, customer_id, _before(request.page_token), size + 1)
            names = await notices.names_of(tx, customer_id)
        token = encode_cursor("", rows[size - 1].entry_id) if len(rows) > size else ""
        entries = [messages.entry(row, names) for row in rows[:size]]
        return pb.ListEmergencyEntriesResponse(entries=entries, next_page_token=token)

    async def ListEmergencyRequests(
        self, request: pb.ListEmergencyRequestsRequest, context: Context
    ) -> pb.ListEmergencyRequestsResponse:
        """See emergency.proto."""
        customer_id, size = _own(request), page_size(request.page_size)
        async with self._work.query() as tx:
            reader = await lists.reader_of(tx, customer_id)
            rows = await lists.list_requests(tx, customer_id, _before(request.page_token), size + 1)
            names = await notices.names_of(tx, customer_id)
            folders = await lists.open_folders(tx, customer_id, reader.person_id) if reader.person_id else {}
        token = encode_cursor("", rows[size - 1].emergency_request_id) if len(rows) > size else ""
        shown = [
            messages.request(
                row,
                machine.settle(row.course, tx.now),
                names,
                person_id=reader.person_id,
                folder_ids=folders.get(row.emergency_request_id, ()),
            )
            for row in rows[:size]
        ]
        return pb.ListEmergencyRequestsResponse(requests=shown, next_page_token=token)

    async def CreateEmergencyRequest(
        self, request: pb.CreateEmergencyRequestRequest, context: Context
    ) -> pb.EmergencyRequest:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            row = await requests.create_request(tx, _own(request), request.reason)
            names = await notices.names_of(tx, row.customer_id)
            return await tx.commit(messages.request(row, row.course, names, person_id=row.supporter_ids[-1]))

    async def ConfirmEmergencyRequest(
        self, request: pb.ConfirmEmergencyRequestRequest, context: Context
    ) -> pb.EmergencyRequest:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            row = await requests.confirm_request(tx, _own(request), _request(request))
            names = await notices.names_of(tx, row.customer_id)
            return await tx.commit(messages.request(row, row.course, names, person_id=row.supporter_ids[-1]))

    async def WithdrawEmergencyRequest(
        self, request: pb.WithdrawEmergencyRequestRequest, context: Context
    ) -> pb.EmergencyRequest:
        """See emergency.proto."""
        async with self._work.command(request) as tx:
            row = await requests.withdraw_request(tx, _own(request), _request(request))
            names = await notices.names_of(tx, row.customer_id)
            return await tx.commit(messages.request(row, row.course, names, person_id=row.supporter_ids[0]))

    async def ListTrusteeships(
        self, request: pb.ListTrusteeshipsRequest, context: Context
    ) -> pb.ListTrusteeshipsResponse:
        """See emergency.proto."""
        caller, size = current_principal(), page_size(request.page_size)
        after = queries.text_and_id(request.page_token)
        async with self._work.work(DIRECTORY) as tx:
            found = await trusteeships.trusteeships_of(tx, caller.required_account())
        rest = [view for view in found if trusteeships.order_of(view) > after]
        page = rest[:size]
        token = encode_cursor(*trusteeships.order_of(page[-1])) if len(rest) > size else ""
        shown = [messages.trusteeship(view, current=view.customer_id == caller.customer_id) for view in page]
        return pb.ListTrusteeshipsResponse(trusteeships=shown, next_page_token=token)

    async def CheckEmergencyLink(self, request: pb.CheckEmergencyLinkRequest, context: Context) -> pb.EmergencyLink:
        """See emergency.proto."""
        async with self._work.work(DIRECTORY) as tx:
            return messages.link(await notices.look_at_link(tx, request.token))

    async def StopByEmergencyLink(self, request: pb.StopByEmergencyLinkRequest, context: Context) -> pb.EmergencyLink:
        """See emergency.proto."""
        async with self._work.work(DIRECTORY) as tx:
            return await tx.commit(messages.link(await notices.stop_by_link(tx, request.token)))

    async def DeclineTrustedPersonInvitation(
        self, request: pb.DeclineTrustedPersonInvitationRequest, context: Context
    ) -> Empty:
        """See emergency.proto."""
        async with self._work.work(DIRECTORY) as tx:
            await trusteeships.decline_invitation(tx, request.token)
            return await tx.commit(Empty())


@dataclass(frozen=True)
class EmergencyInternalRpc(EmergencyInternalServiceServicer):
    """EmergencyInternalService."""

    work: UnitOfWork
    public_url: str

    async def CheckEmergencyAccess(
        self, request: internal_pb.CheckEmergencyAccessRequest, context: Context
    ) -> internal_pb.CheckEmergencyAccessResponse:
        """See emergency_internal.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self.work.work(_within(request.tenant_id)) as tx:
            found = await requests.access_in_force(tx, customer_id, parse_id(request.account_id, "account_id"))
        return internal_pb.CheckEmergencyAccessResponse(emergency_request_id=str(found or ""))

    async def PrepareEmergencyNotice(
        self, request: internal_pb.PrepareEmergencyNoticeRequest, context: Context
    ) -> internal_pb.EmergencyNotice:
        """See emergency_internal.proto."""
        _within(request.tenant_id)  # links are visible to identity as a whole only
        async with self.work.work(DIRECTORY) as tx:
            stop_at = self.public_url if request.to_customer else ""
            notice = await notices.prepare_notice(tx, _request(request), stop_at)
            if notice.request.tenant_id != parse_id(request.tenant_id, "tenant_id"):
                raise not_found("Diese Anfrage")
            return await tx.commit(messages.notice(notice))

    async def GetTrustedPersonNotice(
        self, request: internal_pb.GetTrustedPersonNoticeRequest, context: Context
    ) -> internal_pb.TrustedPersonNotice:
        """See emergency_internal.proto."""
        person_id = parse_id(request.trusted_person_id, "trusted_person_id")
        async with self.work.work(_within(request.tenant_id)) as tx:
            person, customer_name = await notices.person_notice(tx, person_id)
        return internal_pb.TrustedPersonNotice(
            customer_name=customer_name, person_name=person.name, person_email=person.email
        )


class _OfRequest(Protocol):
    emergency_request_id: str


class _OfPerson(Protocol):
    trusted_person_id: str


def _own(request: _OfCustomer) -> UUID:
    """Return the customer that the caller acts as, or for; raises NOT_FOUND when he names another."""
    customer_id = parse_id(request.customer_id, "customer_id")
    if current_principal().customer_id != customer_id:
        raise not_found("Dieser Kunde")
    return customer_id


def _request(request: _OfRequest) -> UUID:
    return parse_id(request.emergency_request_id, "emergency_request_id")


def _person(request: _OfPerson) -> UUID:
    return parse_id(request.trusted_person_id, "trusted_person_id")


def _ids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(one) for one in texts]


def _before(page_token: str) -> UUID:
    return queries.text_and_id(page_token)[1] if page_token else queries.AFTER_ALL_IDS


def _within(tenant_id: str) -> Principal:
    return within_firm(parse_id(tenant_id, "tenant_id"), current_principal())
