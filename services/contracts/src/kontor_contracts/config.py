"""Settings of contracts: those of every service, and where identity is."""

from __future__ import annotations

from kontor_chassis.settings import Address, ServiceSettings


class ContractsSettings(ServiceSettings):
    """What the contracts process is told."""

    identity_address: Address
    """Takes the customers of a portfolio, and is asked whether a customer exists."""
