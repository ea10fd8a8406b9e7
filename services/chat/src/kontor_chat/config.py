"""Settings of chat: those of every service, and where identity is."""

from __future__ import annotations

from kontor_chassis.settings import Address, ServiceSettings


class ChatSettings(ServiceSettings):
    """What the chat process is told."""

    identity_address: Address
    """Asked who is responsible for a customer, and whether his access is active."""
