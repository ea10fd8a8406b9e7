"""Who is told of which step of an emergency access (F73-F76): the customer at all his addresses, and who is trusted.

What the mails say, and the link that stops a request, is asked of identity when a mail is sent; here is only planned.
"""

from __future__ import annotations

from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.identity.v1.emergency_pb2 import EmergencyStep as Step
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.deliveries import Planned, plan_for, plan_mail
from kontor_notifications.people import Directory
from kontor_notifications.ringing import Listener, ring_for
from kontor_notifications.wording import Wording
from kontor_notifications.wording_emergency import TO_CUSTOMER, TO_TRUSTED

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
_KIND = Kind.NOTIFICATION_KIND_EMERGENCY
CUSTOMER_PAGE, TRUSTED_PAGE = "/kunde/notfall", "/vertrauen"


class EmergencyHandlers:
    """The reactions to identity's events about emergency access."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def request_changed(self, tx: Transaction, event: identity.EmergencyRequestChanged, meta: EventMeta) -> None:
        """Tell all involved of a step of a request: by mail and in the bell."""
        step = _STEPS.get(event.step)
        if step is None:
            return
        about = {"emergency_request_id": event.emergency_request_id}
        await self._mail_customer(tx, meta, event, f"emergency_{step}_customer")
        await self._ring_customer(tx, meta, event, TO_CUSTOMER[step], event.emergency_request_id)
        for account_id in event.trusted_account_ids:
            parameters = {**about, "path": TRUSTED_PAGE}
            await plan_for(
                tx, meta, event.tenant_id, f"emergency_{step}_trusted", parameters, account_id=UUID(account_id)
            )
        tenant_id, subject = UUID(event.tenant_id), UUID(event.emergency_request_id)
        for person in await self._directory.people(tenant_id, event.trusted_account_ids):
            listener = Listener(tenant_id, person.account_id, person.addressee.form)
            await ring_for(tx, meta, listener, _KIND, TO_TRUSTED[step], TRUSTED_PAGE, subject)

    async def person_changed(self, tx: Transaction, event: identity.TrustedPersonChanged, meta: EventMeta) -> None:
        """Tell the customer who answered, and mail a trusted person that he is none any more."""
        about = {"trusted_person_id": event.trusted_person_id}
        template = _TOLD_TO_CUSTOMER.get(event.step)
        if template is not None:
            parameters, customer_id = {**about, "path": CUSTOMER_PAGE}, UUID(event.customer_id)
            await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=customer_id)
            await self._ring_customer(tx, meta, event, TO_CUSTOMER[template], event.trusted_person_id)
        elif event.step == Step.EMERGENCY_STEP_REMOVE:
            await plan_for(tx, meta, event.tenant_id, "trusted_removed", about)

    async def _ring_customer(
        self,
        tx: Transaction,
        meta: EventMeta,
        event: identity.EmergencyRequestChanged | identity.TrustedPersonChanged,
        said: Wording,
        subject_id: str,
    ) -> None:
        """Ring for the customer, if he has access."""
        tenant_id = UUID(event.tenant_id)
        account_id, addressee = await self._directory.customer(tenant_id, UUID(event.customer_id))
        if account_id is not None:
            listener = Listener(tenant_id, account_id, addressee.form)
            await ring_for(tx, meta, listener, _KIND, said, CUSTOMER_PAGE, UUID(subject_id))

    async def _mail_customer(
        self, tx: Transaction, meta: EventMeta, event: identity.EmergencyRequestChanged, template: str
    ) -> None:
        """Plan a mail to each of his addresses, which are named by their places and looked up when it is sent."""
        tenant_id, request_id = UUID(event.tenant_id), event.emergency_request_id
        notice = await self._directory.emergency_notice(tenant_id, request_id, to_customer=False)
        for place in range(len(notice.customer_addresses)):
            planned = Planned(
                tenant_id=tenant_id,
                template=template,
                dedup_key=f"{meta.event_id}:{event.customer_id}:{place}",
                parameters={"emergency_request_id": request_id, "path": CUSTOMER_PAGE, "address": str(place)},
                customer_id=UUID(event.customer_id),
            )
            await plan_mail(tx, planned)
