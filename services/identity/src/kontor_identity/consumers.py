"""Events that identity acts on: signs of life (decision 12), dunning (F160), the fate of mails, and
the proof that a deleted customer's documents are unreadable (F94)."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from kontor.billing.v1 import events_pb2 as billing
from kontor.chat.v1 import events_pb2 as chat
from kontor.notifications.v1 import events_pb2 as notifications
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.events import Handler

from kontor_identity.critical_processes import dunning_ended, dunning_started
from kontor_identity.deletions.plans import customer_erased
from kontor_identity.emergency.signs_of_life import document_stored, message_posted
from kontor_identity.invitation_mails import mail_settled
from kontor_identity.service_tiers import agreement_over, agreement_signed

CONSUMERS: Mapping[type[Message], Handler] = {
    chat.MessagePosted: message_posted,
    vault.DocumentStored: document_stored,
    vault.CustomerErased: customer_erased,
    billing.ServiceAgreementSigned: agreement_signed,
    billing.ServiceAgreementWithdrawn: agreement_over,
    billing.ServiceAgreementEnded: agreement_over,
    billing.DunningStarted: dunning_started,
    billing.DunningEnded: dunning_ended,
    notifications.InvitationMailSettled: mail_settled,
}
"""Event → handler."""
