"""Who is told of which step of an emergency access (F73-F76): the customer at all his addresses, and who is trusted.

What the mails say, and the link that stops a request, is asked of identity when a mail is sent; here is only planned.
"""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.deliveries import plan_for
from kontor_notifications.people import Directory

_STEPS = {
    Step.EMERGENCY_STEP_REQUEST: "request",
    Step.EMERGENCY_STEP_CONFIRM: "confirm",
    Step.EMERGENCY_STEP_WAIT: "wait",
    Step.EMERGENCY_STEP_RELEASE: "release",
    Step.EMERGENCY_STEP_VETO: "veto",
    Step.EMERGENCY_STEP_WITHDRAW: "withdraw",
    Step.EMERGENCY_STEP_LAPSE: "lapse",
    Step.EMERGENCY_STEP_UNDO: "undo",
    Step.EMERGENCY_STEP_END: "end",
}
"""Steps of a request, by the names of their mails."""

_TOLD_TO_CUSTOMER = {
    Step.EMERGENCY_STEP_ACCEPT: "trusted_accepted",
    Step.EMERGENCY_STEP_DECLINE: "trusted_declined",
}
CUSTOMER_PAGE, TRUSTED_PAGE = "/kunde/notfall", "/vertrauen"


class EmergencyHandlers:
    """The reactions to identity's events about emergency access."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def request_changed(self, tx: Transaction, event: identity.EmergencyRequestChanged, meta: EventMeta) -> None:
        """Mail a step of a request to all involved."""
        step = _STEPS.get(event.step)
        if step is None:
            return
        about = {"emergency_request_id": event.emergency_request_id}
        await self._mail_customer(tx, meta, event, f"emergency_{step}_customer", about)
        for account_id in event.trusted_account_ids:
            parameters = {**about, "path": TRUSTED_PAGE}
            await plan_for(
                tx, meta, event.tenant_id, f"emergency_{step}_trusted", parameters, account_id=UUID(account_id)
            )

    async def person_changed(self, tx: Transaction, event: identity.TrustedPersonChanged, meta: EventMeta) -> None:
        """Mail the customer who answered, and a trusted person that he is none any more."""
        about = {"trusted_person_id": event.trusted_person_id}
        template = _TOLD_TO_CUSTOMER.get(event.step)
        if template is not None:
            await self._mail_customer(tx, meta, event, template, about)
        elif event.step == Step.EMERGENCY_STEP_REMOVE:
            await plan_for(tx, meta, event.tenant_id, "trusted_removed", about)

    async def _mail_customer(
        self,
        tx: Transaction,
        meta: EventMeta,
        event: identity.EmergencyRequestChanged | identity.TrustedPersonChanged,
        template: str,
        about: dict[str, str],
    ) -> None:
        """Plan the mail to his address in the firm's books, and to that of his access where it is another."""
        tenant_id, customer_id = UUID(event.tenant_id), UUID(event.customer_id)
        parameters = {**about, "path": CUSTOMER_PAGE}
        account_id, known = await self._directory.customer(tenant_id, customer_id)
        if known.email:
            await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=customer_id)
        if account_id is None:
            return
        for person in await self._directory.people(tenant_id, [str(account_id)]):
            if person.addressee.email.lower() != known.email.lower():
                await plan_for(tx, meta, event.tenant_id, template, parameters, account_id=account_id)
