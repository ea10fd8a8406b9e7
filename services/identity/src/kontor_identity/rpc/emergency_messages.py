"""Emergency access: rows and values to messages; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kontor.identity.v1 import emergency_internal_pb2
from kontor.identity.v1 import emergency_pb2 as pb
from kontor_chassis.etags import etag_of

from kontor_identity.emergency.machine import Course
from kontor_identity.emergency.notices import LinkView, RequestNotice
from kontor_identity.emergency.tables import EmergencyEntry, EmergencyPlan, EmergencyRequest, TrustedPerson
from kontor_identity.emergency.trusteeships import TrusteeshipView
from kontor_identity.rpc.messages import text, timestamp


def plan(row: EmergencyPlan) -> pb.EmergencyPlan:
    """Return the customer's rules."""
    return pb.EmergencyPlan(
        quorum=row.quorum,
        waiting_hours=row.waiting_hours,
        access_days=row.access_days,
        etag=etag_of(row.version),
    )


def person(row: TrustedPerson) -> pb.TrustedPerson:
    """Return a trusted person."""
    state = pb.TrustedPersonState.ValueType(row.state)
    return pb.TrustedPerson(
        trusted_person_id=str(row.trusted_person_id),
        name=row.name,
        email=row.email,
        phone=row.phone,
        relation=row.relation,
        folder_ids=[str(folder_id) for folder_id in row.folder_ids],
        state=state,
        position=row.position,
        invite_expire_time=(timestamp(row.invite_expires_at) if state == pb.TRUSTED_PERSON_STATE_INVITED else None),
        answer_time=timestamp(row.answered_at),
        etag=etag_of(row.version),
    )


def request(
    row: EmergencyRequest,
    course: Course,
    names: Mapping[UUID, str],
    *,
    person_id: UUID | None = None,
    folder_ids: Sequence[UUID] = (),
) -> pb.EmergencyRequest:
    """Return a request as it stands in `course`, for the trusted person `person_id` or for the customer."""
    awaits_second = course.state == pb.EMERGENCY_REQUEST_STATE_REQUESTED
    return pb.EmergencyRequest(
        emergency_request_id=str(row.emergency_request_id),
        customer_id=str(row.customer_id),
        state=course.state,
        reason=row.reason,
        supporter_names=[names.get(one, "") for one in course.supporters],
        quorum=row.quorum,
        request_time=timestamp(row.requested_at),
        wait_start_time=timestamp(course.waiting_since),
        release_time=timestamp(course.release_at),
        access_end_time=timestamp(course.access_ends_at),
        end_time=timestamp(course.ended_at),
        lapse_time=timestamp(row.lapses_at) if awaits_second else None,
        supported_by_me=person_id in course.supporters,
        folder_ids=[str(folder_id) for folder_id in folder_ids],
    )


def entry(row: EmergencyEntry, names: Mapping[UUID, str]) -> pb.EmergencyEntry:
    """Return a line of the history."""
    return pb.EmergencyEntry(
        entry_id=str(row.entry_id),
        entry_time=timestamp(row.time),
        step=pb.EmergencyStep.ValueType(row.step),
        actor=pb.EmergencyActor.ValueType(row.actor),
        person_name=names.get(row.trusted_person_id, "") if row.trusted_person_id else "",
        emergency_request_id=text(row.emergency_request_id),
    )


def trusteeship(view: TrusteeshipView, *, current: bool) -> pb.Trusteeship:
    """Return for whom an account is trusted."""
    return pb.Trusteeship(
        trusted_person_id=str(view.trusted_person_id),
        customer_id=str(view.customer_id),
        customer_name=view.customer_name,
        tenant_name=view.tenant_name,
        membership_id=str(view.membership_id),
        current=current,
        position=view.position,
        accepted_count=view.accepted_count,
        quorum=view.quorum,
        waiting_hours=view.waiting_hours,
    )


def link(view: LinkView) -> pb.EmergencyLink:
    """Return what a link is for."""
    return pb.EmergencyLink(
        state=view.course.state,
        tenant_slug=view.tenant.slug,
        tenant_name=view.tenant.name,
        release_time=timestamp(view.course.release_at),
    )


def notice(view: RequestNotice) -> emergency_internal_pb2.EmergencyNotice:
    """Return what a mail about a request says."""
    return emergency_internal_pb2.EmergencyNotice(
        customer_name=view.customer_name,
        requester_name=view.supporter_names[0],
        supporter_names=view.supporter_names,
        reason=view.request.reason,
        release_time=timestamp(view.request.release_at),
        access_end_time=timestamp(view.request.access_ends_at),
        stop_url=view.stop_url,
        customer_addresses=view.customer_addresses,
    )
