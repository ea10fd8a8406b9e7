"""StaffService and HouseholdService: absence, leaving, and the people of a household."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import households_pb2, staff_pb2
from kontor.identity.v1.households_pb2_grpc import HouseholdServiceServicer
from kontor.identity.v1.staff_pb2_grpc import StaffServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_identity.absences import absences, cancel_absence, create_absence
from kontor_identity.departures import deactivate_staff
from kontor_identity.households import HouseholdMember, household_of, invite_person, remove_person
from kontor_identity.queries import number_in, text_and_id
from kontor_identity.rpc.messages import text, timestamp
from kontor_identity.staff_tables import StaffAbsence


class StaffRpc(StaffServiceServicer):
    """StaffService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def CreateAbsence(self, request: staff_pb2.CreateAbsenceRequest, context: Context) -> staff_pb2.Absence:
        """See staff.proto."""
        substitute = request.substitute_account_id
        async with self._work.command(request) as tx:
            absence = await create_absence(
                tx,
                parse_id(request.account_id, "account_id"),
                starts_on=request.starts_on,
                ends_on=request.ends_on,
                substitute=parse_id(substitute, "substitute_account_id") if substitute else None,
            )
            return await tx.commit(_absence(absence))

    async def ListAbsences(
        self, request: staff_pb2.ListAbsencesRequest, context: Context
    ) -> staff_pb2.ListAbsencesResponse:
        """See staff.proto."""
        size = page_size(request.page_size)
        async with self._work.query() as tx:
            found = await absences(tx, text_and_id(request.page_token), size + 1)
        page = found[:size]
        token = encode_cursor(page[-1].starts_on.isoformat(), page[-1].absence_id) if len(found) > size else ""
        return staff_pb2.ListAbsencesResponse(absences=[_absence(row) for row in page], next_page_token=token)

    async def CancelAbsence(self, request: staff_pb2.CancelAbsenceRequest, context: Context) -> Empty:
        """See staff.proto."""
        async with self._work.command(request) as tx:
            await cancel_absence(tx, parse_id(request.absence_id, "absence_id"))
            return await tx.commit(Empty())

    async def DeactivateStaff(
        self, request: staff_pb2.DeactivateStaffRequest, context: Context
    ) -> staff_pb2.DeactivateStaffResponse:
        """See staff.proto."""
        successor = request.successor_account_id
        async with self._work.command(request) as tx:
            departure = await deactivate_staff(
                tx,
                parse_id(request.account_id, "account_id"),
                parse_id(successor, "successor_account_id") if successor else None,
            )
            return await tx.commit(staff_pb2.DeactivateStaffResponse(customers=departure.customers))


class HouseholdRpc(HouseholdServiceServicer):
    """HouseholdService."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def ListHouseholdPersons(
        self, request: households_pb2.ListHouseholdPersonsRequest, context: Context
    ) -> households_pb2.ListHouseholdPersonsResponse:
        """See households.proto."""
        size, start = page_size(request.page_size), number_in(request.page_token, 0)
        async with self._work.query() as tx:
            everybody = await household_of(tx, parse_id(request.customer_id, "customer_id"))
        page = everybody[start : start + size]
        token = encode_cursor(start + size) if len(everybody) > start + size else ""
        return households_pb2.ListHouseholdPersonsResponse(
            persons=[_person(one) for one in page], next_page_token=token
        )

    async def InviteHouseholdPerson(
        self, request: households_pb2.InviteHouseholdPersonRequest, context: Context
    ) -> households_pb2.HouseholdPerson:
        """See households.proto."""
        async with self._work.command(request) as tx:
            row = await invite_person(
                tx,
                parse_id(request.customer_id, "customer_id"),
                name=request.display_name,
                email=request.email,
                standing=request.standing,
            )
            invited = HouseholdMember(
                row.invitation_id, row.display_name, row.email, row.standing, True, row.created_at
            )
            return await tx.commit(_person(invited))

    async def RemoveHouseholdPerson(
        self, request: households_pb2.RemoveHouseholdPersonRequest, context: Context
    ) -> Empty:
        """See households.proto."""
        async with self._work.command(request) as tx:
            person_id = parse_id(request.household_person_id, "household_person_id")
            await remove_person(tx, parse_id(request.customer_id, "customer_id"), person_id)
            return await tx.commit(Empty())


def _absence(row: StaffAbsence) -> staff_pb2.Absence:
    return staff_pb2.Absence(
        absence_id=str(row.absence_id),
        account_id=str(row.account_id),
        starts_on=row.starts_on.isoformat(),
        ends_on=row.ends_on.isoformat(),
        substitute_account_id=text(row.substitute_account_id),
    )


def _person(one: HouseholdMember) -> households_pb2.HouseholdPerson:
    return households_pb2.HouseholdPerson(
        household_person_id=str(one.person_id),
        display_name=one.display_name,
        email=one.email,
        standing=households_pb2.Standing.ValueType(one.standing),
        invited=one.invited,
        create_time=timestamp(one.since),
    )
