"""Events that identity acts on: what shows that a customer is alive (decision 12)."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from kontor.billing.v1 import events_pb2 as billing
from kontor.chat.v1 import events_pb2 as chat
from kontor.vault.v1 import events_pb2 as vault
from kontor_chassis.events import Handler

from kontor_identity.critical_processes import dunning_ended, dunning_started
from kontor_identity.emergency.signs_of_life import document_stored, message_posted

CONSUMERS: Mapping[type[Message], Handler] = {
    chat.MessagePosted: message_posted,
    vault.DocumentStored: document_stored,
    billing.DunningStarted: dunning_started,
    billing.DunningEnded: dunning_ended,
}
"""Event → handler."""
