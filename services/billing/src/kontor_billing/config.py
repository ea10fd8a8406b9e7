"""Settings of billing: nothing beyond those of every service but where identity is."""

from __future__ import annotations

from kontor_chassis.settings import Address, ServiceSettings


class BillingSettings(ServiceSettings):
    """What the billing process is told."""

    identity_address: Address
    """Asked for the firm and the customer at the moment an invoice is issued."""
