"""JetStream streams: one per service, holding every event it publishes.

Streams are transport and may be deleted at any time: whoever needs one makes it anew (`ensure_stream`), and the
reconciler fills what consumers had not seen.
"""

from __future__ import annotations

from datetime import timedelta

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

KEPT = timedelta(days=14)
"""How long a stream keeps events; the outbox keeps them as long."""
DUPLICATE_WINDOW = timedelta(minutes=5)
"""How long the stream recognises the id of a message that is published twice."""


def stream_name(service: str) -> str:
    """Return the stream of a service's events, for example "KONTOR_VAULT"."""
    return f"KONTOR_{service.upper()}"


async def ensure_stream(jetstream: JetStreamContext, service: str, replicas: int = 1) -> None:
    """Create the service's stream, or change its settings to today's."""
    config = StreamConfig(
        name=stream_name(service),
        subjects=[f"kontor.{service}.v1.>"],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        max_age=KEPT.total_seconds(),
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        num_replicas=replicas,
    )
    try:
        await jetstream.add_stream(config)
    except BadRequestError:  # exists with other settings
        await jetstream.update_stream(config)
