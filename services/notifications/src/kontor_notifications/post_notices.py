"""What the vault has to tell a customer about paper post and his binders (F15, F16, F61)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from kontor.notifications.v1.notifications_pb2 import NotificationKind as Kind
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.database import Transaction
from kontor_chassis.events import EventMeta

from kontor_notifications import wording_post as wording
from kontor_notifications.document_notices import tell_customer
from kontor_notifications.people import Directory
from kontor_notifications.wording import Wording

_BINDERS: Final[Mapping[str, tuple[Wording, str]]] = {
    "ORDERED": (wording.BINDER_ORDERED, "binder_ordered"),
    "PICKUP_PLANNED": (wording.BINDER_PICKUP, "binder_pickup"),
    "RECEIVED": (wording.BINDER_RECEIVED, "binder_received"),
    "STORED": (wording.BINDER_SCANNED, "binder_scanned"),
    "RETURNED": (wording.BINDER_RETURNED, "binder_returned"),
    "DESTRUCTION_ALLOWED": (wording.BINDER_DESTRUCTION, "binder_destruction"),
    "DESTROYED": (wording.BINDER_DESTROYED, "binder_destroyed"),
    "CANCELLED": (wording.BINDER_CANCELLED, "binder_cancelled"),
}
"""States that are told of; not what the scan centre does inside, nor the wish to have a binder back."""


class PostHandlers:
    """Reactions to events of the vault; neither a letter nor a binder is named, only linked."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def post_filed(self, tx: Transaction, event: vault.ScannedPostFiled, meta: EventMeta) -> None:
        """Tell the customer that post was scanned, once for all of it in a batch."""
        kind, said, parameters = Kind.NOTIFICATION_KIND_POST, wording.POST_SCANNED, {"path": wording.POST_PAGE}
        await tell_customer(self._directory, tx, meta, event, kind, said, "post_scanned", parameters, event.batch_id)

    async def mail_filed(self, tx: Transaction, event: vault.MailFiled, meta: EventMeta) -> None:
        """Tell the customer that papers came by mail."""
        kind, said, parameters = Kind.NOTIFICATION_KIND_POST, wording.MAIL_FILED, {"path": wording.DOCUMENTS_PAGE}
        await tell_customer(self._directory, tx, meta, event, kind, said, "mail_filed", parameters, event.mail_id)

    async def mail_held(self, tx: Transaction, event: vault.MailQuarantined, meta: EventMeta) -> None:
        """Ask the customer whether a mail is to be filed."""
        kind, said, parameters = Kind.NOTIFICATION_KIND_POST, wording.MAIL_HELD, {"path": wording.MAIL_PAGE}
        await tell_customer(self._directory, tx, meta, event, kind, said, "mail_held", parameters, event.mail_id)

    async def binder_changed(self, tx: Transaction, event: vault.BinderChanged, meta: EventMeta) -> None:
        """Tell the customer where his binder is."""
        told = _BINDERS.get(event.state)
        if told is None:
            return
        said, template = told
        parameters = {"path": wording.binder_link(event.binder_order_id)}
        if event.pickup_on:
            parameters["day"] = f"{date.fromisoformat(event.pickup_on):%d.%m.%Y}"
        kind = Kind.NOTIFICATION_KIND_BINDER
        await tell_customer(self._directory, tx, meta, event, kind, said, template, parameters, event.binder_order_id)
