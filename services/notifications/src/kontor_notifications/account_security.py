"""Who is told what about his own access. What the mails say is asked of identity when they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kontor.identity.v1 import events_pb2 as identity
from kontor.identity.v1.account_security_pb2 import AccountEventKind as Kind
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications.deliveries import Planned, plan_mail

TEMPLATES: Mapping[int, str] = {
    Kind.ACCOUNT_EVENT_KIND_NEW_DEVICE: "account_new_device",
    Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGE_REQUESTED: "account_email_change_requested",
    Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGED: "account_email_changed",
    Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_ENABLED: "account_second_factor_enabled",
    Kind.ACCOUNT_EVENT_KIND_SECOND_FACTOR_DISABLED: "account_second_factor_disabled",
    Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODES_RENEWED: "account_recovery_codes_renewed",
    Kind.ACCOUNT_EVENT_KIND_RECOVERY_CODE_USED: "account_recovery_code_used",
    Kind.ACCOUNT_EVENT_KIND_PASSKEY_ADDED: "account_passkey_added",
    Kind.ACCOUNT_EVENT_KIND_PASSKEY_REMOVED: "account_passkey_removed",
}
_PAGE = "/konto/sicherheit"
FORMER_ADDRESS = "former"
"""Value of the parameter "to" for the mail to the address an account had before."""


class AccountHandlers:
    """The reactions to identity's events about people's own access."""

    async def event_recorded(self, tx: Transaction, event: identity.AccountEventRecorded, meta: EventMeta) -> None:
        """Tell the person; a change of address is told to the former address, too."""
        template = TEMPLATES.get(event.kind)
        if template is None:
            return
        parameters = {"account_event_id": event.account_event_id, "path": _PAGE}
        await _plan(tx, meta, event.tenant_id, event.account_id, template, parameters)
        if event.kind == Kind.ACCOUNT_EVENT_KIND_EMAIL_CHANGED:
            former = {**parameters, "to": FORMER_ADDRESS}
            await _plan(tx, meta, event.tenant_id, event.account_id, template, former)

    async def code_requested(self, tx: Transaction, event: identity.SignInCodeRequested, meta: EventMeta) -> None:
        """Mail the one-time code; it is made when the mail is written."""
        parameters = {"ticket_id": event.ticket_id}
        await _plan(tx, meta, event.tenant_id, event.account_id, "sign_in_code", parameters)

    async def email_change_requested(
        self, tx: Transaction, event: identity.EmailChangeRequested, meta: EventMeta
    ) -> None:
        """Mail the link to the new address; it is made when the mail is written."""
        parameters = {"change_id": event.change_id}
        await _plan(tx, meta, event.tenant_id, event.account_id, "email_change", parameters)


async def _plan(
    tx: Transaction, meta: EventMeta, tenant_id: str, account_id: str, template: str, parameters: Mapping[str, str]
) -> None:
    planned = Planned(
        tenant_id=UUID(tenant_id),
        template=template,
        dedup_key=f"{meta.event_id}:{account_id}:{parameters.get('to', '')}",
        parameters=parameters,
        account_id=UUID(account_id),
    )
    await plan_mail(tx, planned)
