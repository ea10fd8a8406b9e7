"""Absence of staff and who stands in (F182–F185, decision 11; known failure: chats assigned to absent staff).

Days are German calendar days. Whoever is away today is asked for nothing: his substitute takes his place in the
customer's list, and when nobody of the list is there the administrators come, those first who are there.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.clock import billing_day
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from sqlalchemy import select, tuple_

from kontor_identity.staff import administrators_of, responsibles_of, staff_of
from kontor_identity.staff_tables import StaffAbsence
from kontor_identity.tables import Customer, Membership


async def create_absence(
    tx: Transaction, account_id: UUID, *, starts_on: str, ends_on: str, substitute: UUID | None
) -> StaffAbsence:
    """Enter an absence. Raises FORBIDDEN "NOT_YOUR_ABSENCE", INVALID for days or a substitute that will not do, and
    PRECONDITION "ABSENCE_OVERLAPS" and "SUBSTITUTE_ABSENT".
    """
    tenant_id = tx.principal.required_tenant()
    if account_id != tx.principal.account_id and not tx.principal.has(Role.ROLE_ADMINISTRATOR):
        raise _not_yours()
    first, last = _day(starts_on, "starts_on"), _day(ends_on, "ends_on")
    if last < first or last < _today(tx):
        raise invalid("ends_on", "Der letzte Tag liegt vor dem ersten oder in der Vergangenheit.")
    await _require_staff(tx, tenant_id, account_id, "account_id")
    if await _overlapping(tx, account_id, first, last):
        raise DomainError(ErrorKind.PRECONDITION, "ABSENCE_OVERLAPS", "In diesen Tagen ist schon eine Abwesenheit.")
    if substitute is not None:
        if substitute == account_id:
            raise invalid("substitute_account_id", "Niemand vertritt sich selbst.")
        await _require_staff(tx, tenant_id, substitute, "substitute_account_id")
        if await _overlapping(tx, substitute, first, last):
            raise DomainError(
                ErrorKind.PRECONDITION, "SUBSTITUTE_ABSENT", "Die Vertretung ist in diesen Tagen selbst nicht da."
            )
    absence = StaffAbsence(
        absence_id=new_id(),
        tenant_id=tenant_id,
        account_id=account_id,
        substitute_account_id=substitute,
        starts_on=first,
        ends_on=last,
        created_by=tx.principal.required_account(),
        created_at=tx.now,
    )
    tx.session.add(absence)
    await tx.session.flush()
    return absence


async def cancel_absence(tx: Transaction, absence_id: UUID) -> None:
    """Call an absence off; NOT_FOUND for another firm's, FORBIDDEN for a colleague's."""
    absence = await tx.session.get(StaffAbsence, absence_id, with_for_update=True)
    if absence is None or absence.tenant_id != tx.principal.required_tenant():
        raise not_found("Diese Abwesenheit")
    if absence.account_id != tx.principal.account_id and not tx.principal.has(Role.ROLE_ADMINISTRATOR):
        raise _not_yours()
    absence.cancelled_at = absence.cancelled_at or tx.now


async def absences(tx: Transaction, after: tuple[str, UUID], limit: int) -> list[StaffAbsence]:
    """Return present and coming absences of the caller's firm, in order of their first day."""
    first_day = date.fromisoformat(after[0]) if after[0] else date.min
    statement = (
        select(StaffAbsence)
        .where(
            StaffAbsence.tenant_id == tx.principal.required_tenant(),
            StaffAbsence.cancelled_at.is_(None),
            StaffAbsence.ends_on >= _today(tx),
            tuple_(StaffAbsence.starts_on, StaffAbsence.absence_id) > tuple_(first_day, after[1]),
        )
        .order_by(StaffAbsence.starts_on, StaffAbsence.absence_id)
        .limit(limit)
    )
    return list((await tx.session.execute(statement)).scalars())


async def present_responsibles(tx: Transaction, customer: Customer) -> list[UUID]:
    """Return who looks after a customer today, in order: for whoever is away his substitute, if that one is there."""
    wanted = [one.member.account_id for one in await responsibles_of(tx, customer)]
    away = await away_today(tx, customer.tenant_id)
    places = [away.get(account_id) if account_id in away else account_id for account_id in wanted]
    there = [account_id for account_id in places if account_id is not None and account_id not in away]
    return list(dict.fromkeys(there))


async def present_administrators(tx: Transaction, tenant_id: UUID) -> list[UUID]:
    """Return the administrators, those who are there today first; never nobody because all are away."""
    everybody = await administrators_of(tx, tenant_id)
    away = await away_today(tx, tenant_id)
    return sorted(everybody, key=lambda account_id: account_id in away)


async def away_today(tx: Transaction, tenant_id: UUID) -> dict[UUID, UUID | None]:
    """Return who of a firm is away today, with the substitute as long as that one works there."""
    today = _today(tx)
    statement = (
        select(StaffAbsence.account_id, Membership.account_id)
        .outerjoin(
            Membership,
            (Membership.account_id == StaffAbsence.substitute_account_id)
            & (Membership.tenant_id == tenant_id)
            & Membership.customer_id.is_(None)
            & Membership.ended_at.is_(None),
        )
        .where(
            StaffAbsence.tenant_id == tenant_id,
            StaffAbsence.cancelled_at.is_(None),
            StaffAbsence.starts_on <= today,
            StaffAbsence.ends_on >= today,
        )
    )
    return {row[0]: row[1] for row in (await tx.session.execute(statement)).all()}


async def hand_over_absences(tx: Transaction, leaver: UUID, successor: UUID | None) -> None:
    """Let nobody be represented by somebody who left; his own absences end."""
    tenant_id = tx.principal.required_tenant()
    statement = select(StaffAbsence).where(
        StaffAbsence.tenant_id == tenant_id,
        StaffAbsence.cancelled_at.is_(None),
        (StaffAbsence.account_id == leaver) | (StaffAbsence.substitute_account_id == leaver),
    )
    for absence in (await tx.session.execute(statement)).scalars():
        if absence.account_id == leaver:
            absence.cancelled_at = tx.now
        else:
            absence.substitute_account_id = successor if successor != absence.account_id else None


async def _overlapping(tx: Transaction, account_id: UUID, first: date, last: date) -> bool:
    statement = select(StaffAbsence.absence_id).where(
        StaffAbsence.tenant_id == tx.principal.required_tenant(),
        StaffAbsence.account_id == account_id,
        StaffAbsence.cancelled_at.is_(None),
        StaffAbsence.starts_on <= last,
        StaffAbsence.ends_on >= first,
    )
    return (await tx.session.execute(statement.limit(1))).first() is not None


async def _require_staff(tx: Transaction, tenant_id: UUID, account_id: UUID, field: str) -> None:
    found = await tx.session.execute(staff_of(tenant_id).where(Membership.account_id == account_id))
    if found.first() is None:
        raise invalid(field, "Diese Person gehört nicht zu Ihrer Firma.", reason="NOT_STAFF")


def _today(tx: Transaction) -> date:
    return date.fromisoformat(billing_day(tx.now))


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(field, "Dieses Datum gibt es nicht.") from None


def _not_yours() -> DomainError:
    return DomainError(ErrorKind.FORBIDDEN, "NOT_YOUR_ABSENCE", "Abwesenheiten anderer tragen nur Administratoren ein.")
