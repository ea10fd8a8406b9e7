"""Which event tells whom about what, by which channel. The table at the end is the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from google.protobuf.message import Message
from kontor.billing.v1 import events_pb2 as billing
from kontor.chat.v1 import events_pb2 as chat
from kontor.common.v1.money_pb2 import Money
from kontor.contracts.v1 import events_pb2 as contracts
from kontor.experts.v1 import events_pb2 as experts
from kontor.experts.v1.orders_pb2 import OrderState
from kontor.identity.v1 import events_pb2 as identity
from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta, Handler

from kontor_notifications import firm_mails, wording
from kontor_notifications.account_security import AccountHandlers
from kontor_notifications.bell import read_subject, ring_again
from kontor_notifications.bindings import BindingHandlers
from kontor_notifications.contract_notices import ContractHandlers
from kontor_notifications.customer_end import CUSTOMER_END
from kontor_notifications.deletion_notices import DeletionHandlers
from kontor_notifications.deliveries import Planned, plan_for, plan_mail
from kontor_notifications.document_notices import DocumentHandlers
from kontor_notifications.emergency import EmergencyHandlers
from kontor_notifications.firm_end import FIRM_END
from kontor_notifications.identity_notices import IdentityHandlers
from kontor_notifications.invitation_mails import invitation_created, invitation_repeated
from kontor_notifications.master_data_notices import MasterDataHandlers
from kontor_notifications.people import Directory, Person
from kontor_notifications.post_notices import PostHandlers
from kontor_notifications.ringing import Listener, ring_for
from kontor_notifications.unread import note_read, wait_for_reader
from kontor_notifications.wording import Side, Wording

ORDER_STATES = {
    OrderState.ORDER_STATE_IN_PROGRESS: "in Bearbeitung",
    OrderState.ORDER_STATE_CANCELLED: "storniert",
}
"""States whose change the client is told of here; completion has a message of its own (F116, F123)."""

_Order = (
    experts.ConsentGiven
    | experts.ConsentDeclined
    | experts.OrderPlaced
    | experts.OrderStatusChanged
    | experts.OrderCompleted
    | experts.OrderMessagePosted
)


class Handlers:
    """The reactions to events; each runs in the transaction of its inbox row, so nothing is told twice."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def table(self) -> Mapping[type[Message], Handler]:
        """Return events and handlers."""
        master_data, bindings = MasterDataHandlers(self._directory), BindingHandlers(self._directory)
        emergency, account = EmergencyHandlers(self._directory), AccountHandlers()
        documents, known = DocumentHandlers(self._directory), IdentityHandlers(self._directory)
        entries = ContractHandlers(self._directory)
        deletions, post = DeletionHandlers(self._directory), PostHandlers(self._directory)
        return {
            identity.InvitationCreated: invitation_created,
            identity.InvitationRepeated: invitation_repeated,
            identity.BindingRequested: bindings.requested,
            identity.BindingConfirmed: bindings.confirmed,
            identity.PasswordResetRequested: self.password_reset_requested,
            identity.PasswordChanged: self.password_changed,
            identity.CustomerViewStarted: self.customer_view_started,
            identity.AccountEventRecorded: account.event_recorded,
            identity.SignInCodeRequested: account.code_requested,
            identity.EmailChangeRequested: account.email_change_requested,
            identity.EmergencyRequestChanged: emergency.request_changed,
            identity.TrustedPersonChanged: emergency.person_changed,
            identity.TrialEndAnnounced: firm_mails.trial_end_announced,
            identity.TenantSuspended: firm_mails.tenant_suspended,
            identity.TenantDeleted: FIRM_END.begin,
            identity.CustomerDeleted: CUSTOMER_END.begin,
            identity.CustomerDeletionPlanned: deletions.planned,
            identity.CustomerDeletionCancelled: deletions.cancelled,
            identity.ChangeRequested: master_data.change_requested,
            identity.ChangeDecided: master_data.change_decided,
            identity.IdentityLetterRequested: known.letter_requested,
            identity.IdentityProven: known.proven,
            identity.IdentityWithdrawn: known.withdrawn,
            identity.EPostConsentChanged: known.consent_changed,
            identity.VoucherGiven: known.voucher_given,
            identity.RafflePrizeDrawn: known.prize_drawn,
            contracts.ContractEntered: entries.entered,
            contracts.ContractCorrected: entries.corrected,
            contracts.ContractConfirmed: entries.confirmed,
            chat.MessagePosted: self.message_posted,
            chat.ChatRead: self.chat_read,
            billing.InvoiceIssued: self.invoice_issued,
            billing.DunningStarted: self.dunning_started,
            billing.DunningEscalated: self.dunning_escalated,
            experts.ConsentRequested: self.consent_requested,
            experts.ConsentGiven: self.consent_given,
            experts.ConsentDeclined: self.consent_declined,
            experts.OrderPlaced: self.order_placed,
            experts.OrderStatusChanged: self.order_status_changed,
            experts.OrderCompleted: self.order_completed,
            experts.OrderMessagePosted: self.order_message_posted,
            vault.DocumentDelivered: documents.delivered,
            vault.DocumentEndsAnnounced: documents.ends_announced,
            vault.DocumentDueReached: documents.falls_due,
            vault.ExportFinished: documents.archive_ready,
            vault.ImportFinished: documents.archive_read,
            vault.StorageThresholdPassed: documents.storage_fills_up,
            vault.ScannedPostFiled: post.post_filed,
            vault.MailFiled: post.mail_filed,
            vault.MailQuarantined: post.mail_held,
            vault.BinderChanged: post.binder_changed,
        }

    async def password_reset_requested(
        self, tx: Transaction, event: identity.PasswordResetRequested, meta: EventMeta
    ) -> None:
        """Mail the link for a new password."""
        planned = Planned(
            tenant_id=UUID(event.tenant_id),
            template="password_reset",
            dedup_key=f"{meta.event_id}:password_reset",
            parameters={"reset_id": event.reset_id},
        )
        await plan_mail(tx, planned)

    async def password_changed(self, tx: Transaction, event: identity.PasswordChanged, meta: EventMeta) -> None:
        """Warn the person."""
        await plan_for(tx, meta, event.tenant_id, "password_changed", {}, account_id=UUID(event.account_id))

    async def customer_view_started(
        self, tx: Transaction, event: identity.CustomerViewStarted, meta: EventMeta
    ) -> None:
        """Tell the customer that somebody of his firm looks at his office as he sees it."""
        viewers = await self._directory.people(UUID(event.tenant_id), [event.account_id])
        viewer = next((one.addressee.name for one in viewers), "") or "Jemand aus unserem Büro"
        parameters = {"viewer": viewer, "path": wording.VIEWS_LINK}
        kind, said = Kind.NOTIFICATION_KIND_CUSTOMER_VIEW, wording.CUSTOMER_VIEW
        await self._tell_customer(tx, meta, event, kind, said, "customer_view", parameters, event.view_id)

    async def message_posted(self, tx: Transaction, event: chat.MessagePosted, meta: EventMeta) -> None:
        """Let the message wait for its readers, and ring for each (F181–F186).

        Who has an unread message of this chat in his bell already is not looked up again: identity is asked only for
        those who must be told anew.
        """
        chat_id, tenant_id = UUID(event.chat_id), UUID(event.tenant_id)
        to_tell: list[str] = []
        for account_id in sorted(map(UUID, event.recipient_account_ids)):
            waits = await wait_for_reader(
                tx,
                chat_id=chat_id,
                tenant_id=tenant_id,
                account_id=account_id,
                number=event.number,
                posted_at=event.post_time.ToDatetime(meta.time.tzinfo),
                is_customer=not event.sender_is_customer,
            )
            known = waits and await ring_again(
                tx, meta.event_id, tenant_id=tenant_id, account_id=account_id, chat_id=chat_id
            )
            if waits and not known:
                to_tell.append(str(account_id))
        link = wording.chat_link(Side.STAFF if event.sender_is_customer else Side.CUSTOMER, event.chat_id)
        for person in await self._directory.people(tenant_id, to_tell):
            kind = Kind.NOTIFICATION_KIND_CHAT_MESSAGE
            await ring_for(tx, meta, person.listener, kind, wording.CHAT_MESSAGE, link, chat_id)

    async def chat_read(self, tx: Transaction, event: chat.ChatRead, meta: EventMeta) -> None:
        """Nothing up to there needs to be announced any more."""
        tenant_id, account_id, chat_id = UUID(event.tenant_id), UUID(event.reader_account_id), UUID(event.chat_id)
        still_waiting = await note_read(
            tx, chat_id=chat_id, tenant_id=tenant_id, account_id=account_id, number=event.up_to_number
        )
        if not still_waiting:
            await read_subject(tx, tenant_id, account_id, chat_id)

    async def invoice_issued(self, tx: Transaction, event: billing.InvoiceIssued, meta: EventMeta) -> None:
        """Tell the customer."""
        template = "invoice_cancelled" if event.is_cancellation else "invoice_issued"
        said = wording.INVOICE_CANCELLED if event.is_cancellation else wording.INVOICE_ISSUED
        link = wording.invoice_link(event.invoice_id)
        parameters = {"number": event.number, "gross": in_german(event.gross), "path": link}
        await self._tell_customer(
            tx, meta, event, Kind.NOTIFICATION_KIND_INVOICE_ISSUED, said, template, parameters, event.invoice_id
        )

    async def dunning_started(self, tx: Transaction, event: billing.DunningStarted, meta: EventMeta) -> None:
        """Remind the customer of an overdue invoice, in his firm's name (F160)."""
        due = date.fromisoformat(event.due_on)
        parameters = {
            "number": event.number,
            "open": in_german(event.open),
            "due": f"{due:%d.%m.%Y}",
            "path": wording.invoice_link(event.invoice_id),
        }
        kind, said = Kind.NOTIFICATION_KIND_PAYMENT_REMINDER, wording.PAYMENT_REMINDER
        await self._tell_customer(tx, meta, event, kind, said, "payment_reminder", parameters, event.invoice_id)

    async def dunning_escalated(self, tx: Transaction, event: billing.DunningEscalated, meta: EventMeta) -> None:
        """Send the customer the second notice, with the fee that it costs, in his firm's name (F34)."""
        fee = f" Darin enthalten ist eine Mahngebühr von {in_german(event.fee)}." if event.fee.minor_units else ""
        parameters = {
            "number": event.number,
            "open": in_german(event.open),
            "due": f"{date.fromisoformat(event.due_on):%d.%m.%Y}",
            "fee_note": fee,
            "path": wording.invoice_link(event.invoice_id),
        }
        kind, said = Kind.NOTIFICATION_KIND_PAYMENT_REMINDER, wording.SECOND_NOTICE
        await self._tell_customer(tx, meta, event, kind, said, "second_notice", parameters, event.invoice_id)

    async def consent_requested(self, tx: Transaction, event: experts.ConsentRequested, meta: EventMeta) -> None:
        """Ask the customer (F113)."""
        parameters = {
            "service_title": event.service_title,
            "expert_firm_name": event.expert_firm_name or "einen Experten aus unserem Netzwerk",
            "path": wording.consent_link(event.order_id),
        }
        kind, said = Kind.NOTIFICATION_KIND_CONSENT_REQUESTED, wording.CONSENT_REQUESTED
        await self._tell_customer(tx, meta, event, kind, said, "consent_requested", parameters, event.order_id)

    async def consent_given(self, tx: Transaction, event: experts.ConsentGiven, meta: EventMeta) -> None:
        """Tell the client that he can place the order."""
        await self._tell_client(tx, meta, event, Kind.NOTIFICATION_KIND_CONSENT_ANSWERED, wording.CONSENT_GIVEN)

    async def consent_declined(self, tx: Transaction, event: experts.ConsentDeclined, meta: EventMeta) -> None:
        """Tell the client."""
        await self._tell_client(tx, meta, event, Kind.NOTIFICATION_KIND_CONSENT_ANSWERED, wording.CONSENT_DECLINED)

    async def order_placed(self, tx: Transaction, event: experts.OrderPlaced, meta: EventMeta) -> None:
        """Tell the expert (F115)."""
        kind = Kind.NOTIFICATION_KIND_ORDER_PLACED
        for person in await self._directory.people(UUID(event.tenant_id), [event.expert_account_id]):
            await _ring_order(tx, meta, person, Side.EXPERT, event, kind, wording.ORDER_PLACED)
            await _mail_order(tx, meta, person, Side.EXPERT, event, "order_placed")

    async def order_status_changed(self, tx: Transaction, event: experts.OrderStatusChanged, meta: EventMeta) -> None:
        """Tell the client of every change (F116)."""
        state = ORDER_STATES.get(event.to_state)
        if state is None:
            return
        kind = Kind.NOTIFICATION_KIND_ORDER_STATUS_CHANGED
        more = {"state": state}
        await self._tell_client(tx, meta, event, kind, wording.ORDER_STATUS_CHANGED, "order_status", more)

    async def order_completed(self, tx: Transaction, event: experts.OrderCompleted, meta: EventMeta) -> None:
        """Tell the client and invite him to rate (F116, F123)."""
        kind = Kind.NOTIFICATION_KIND_ORDER_COMPLETED
        await self._tell_client(tx, meta, event, kind, wording.ORDER_COMPLETED, "order_completed")

    async def order_message_posted(self, tx: Transaction, event: experts.OrderMessagePosted, meta: EventMeta) -> None:
        """Tell the other side (F119)."""
        is_expert = event.recipient_account_id == event.expert_account_id
        side, kind = Side.EXPERT if is_expert else Side.STAFF, Kind.NOTIFICATION_KIND_ORDER_MESSAGE
        for person in await self._directory.people(UUID(event.tenant_id), [event.recipient_account_id]):
            await _ring_order(tx, meta, person, side, event, kind, wording.ORDER_MESSAGE)

    async def _tell_client(
        self,
        tx: Transaction,
        meta: EventMeta,
        event: _Order,
        kind: Kind.ValueType,
        said: Wording,
        template: str = "",
        more: Mapping[str, str] | None = None,
    ) -> None:
        for person in await self._directory.people(UUID(event.tenant_id), [event.client_account_id]):
            await _ring_order(tx, meta, person, Side.STAFF, event, kind, said, more)
            if template:
                await _mail_order(tx, meta, person, Side.STAFF, event, template, more)

    async def _tell_customer(
        self,
        tx: Transaction,
        meta: EventMeta,
        event: billing.InvoiceIssued
        | billing.DunningStarted
        | billing.DunningEscalated
        | experts.ConsentRequested
        | identity.CustomerViewStarted,
        kind: Kind.ValueType,
        said: Wording,
        template: str,
        parameters: Mapping[str, str],
        subject_id: str,
    ) -> None:
        tenant_id, customer_id = UUID(event.tenant_id), UUID(event.customer_id)
        account_id, addressee = await self._directory.customer(tenant_id, customer_id)
        await plan_for(tx, meta, event.tenant_id, template, parameters, customer_id=customer_id)
        if account_id is not None:
            listener = Listener(tenant_id, account_id, addressee.form)
            await ring_for(tx, meta, listener, kind, said, parameters["path"], UUID(subject_id), parameters)


async def _ring_order(
    tx: Transaction,
    meta: EventMeta,
    person: Person,
    side: Side,
    event: _Order,
    kind: Kind.ValueType,
    said: Wording,
    more: Mapping[str, str] | None = None,
) -> None:
    link = wording.order_link(side, event.order_id)
    parameters = {"service_title": event.service_title, **(more or {})}
    await ring_for(tx, meta, person.listener, kind, said, link, UUID(event.order_id), parameters)


async def _mail_order(
    tx: Transaction,
    meta: EventMeta,
    person: Person,
    side: Side,
    event: _Order,
    template: str,
    more: Mapping[str, str] | None = None,
) -> None:
    path = wording.order_link(side, event.order_id)
    parameters = {"service_title": event.service_title, "path": path, **(more or {})}
    await plan_for(tx, meta, event.tenant_id, template, parameters, account_id=person.account_id)


def in_german(amount: Money) -> str:
    """Return an amount as a German reads it, for example "1.234,50 €"."""
    number = f"{Decimal(amount.minor_units) / 100:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{number} {'€' if amount.currency == 'EUR' else amount.currency}"
