"""Settings of the expert network: nothing beyond those of every service but where identity is."""

from __future__ import annotations

from kontor_chassis.settings import Address, ServiceSettings


class ExpertsSettings(ServiceSettings):
    """What the experts process is told."""

    identity_address: Address
    """Asked for firms' names and, where a consent allows it, for the customer's data."""
