"""Whom an event is for, asked between the transactions of its handler (`kontor_chassis.questions`)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kontor_chassis.questions import answer_to

from kontor_notifications.mails import Addressee
from kontor_notifications.people import Directory, EmergencyNotice, Person


class AskedBetweenTransactions:
    """A directory for handlers of events: no transaction of theirs is open while identity answers."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def people(self, tenant_id: UUID, account_ids: Sequence[str]) -> list[Person]:
        """Return the people behind accounts."""
        asked = tuple(account_ids)
        if not asked:
            return []
        return answer_to(("people", tenant_id, asked), lambda: self._directory.people(tenant_id, asked))

    async def customer(self, tenant_id: UUID, customer_id: UUID) -> tuple[UUID | None, Addressee]:
        """Return a customer's account and how to reach him."""
        question = ("customer", tenant_id, customer_id)
        return answer_to(question, lambda: self._directory.customer(tenant_id, customer_id))

    async def responsible(self, tenant_id: UUID, customer_id: UUID) -> list[Person]:
        """Return who looks after a customer today."""
        question = ("responsible", tenant_id, customer_id)
        return answer_to(question, lambda: self._directory.responsible(tenant_id, customer_id))

    async def emergency_notice(self, tenant_id: UUID, request_id: str, *, to_customer: bool) -> EmergencyNotice:
        """Return what a mail about a request for emergency access says."""
        question = ("emergency", tenant_id, request_id, to_customer)
        return answer_to(
            question, lambda: self._directory.emergency_notice(tenant_id, request_id, to_customer=to_customer)
        )
