"""Settings of billing: nothing beyond those of every service but where identity and vault are."""

from __future__ import annotations

from kontor_chassis.settings import Address, ServiceSettings


class BillingSettings(ServiceSettings):
    """What the billing process is told."""

    identity_address: Address
    """Asked for the firm and the customer at the moment an invoice is issued."""
    vault_address: Address
    """Asked for what a customer stores when he gives further storage back."""
