"""What a customer's bank accounts are for, as his insurers say: premiums drawn, claims and benefits paid (F156)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kontor.contracts.v1 import contracts_pb2


@dataclass
class AccountUse:
    """The contracts that draw from an account, and those that pay to it."""

    masked: str
    debits: list[contracts_pb2.Contract] = field(default_factory=list)
    credits: list[contracts_pb2.Contract] = field(default_factory=list)


def uses_of_accounts(contracts: Iterable[contracts_pb2.Contract]) -> Mapping[str, AccountUse]:
    """Return the uses by the account's reference, in the order of the contracts."""
    uses: dict[str, AccountUse] = {}
    for contract in contracts:
        if contract.account_reference:
            _use(uses, contract.account_reference, contract.account_masked).debits.append(contract)
        if contract.credit_account_reference:
            _use(uses, contract.credit_account_reference, contract.credit_account_masked).credits.append(contract)
    return uses


def _use(uses: dict[str, AccountUse], reference: str, masked: str) -> AccountUse:
    return uses.setdefault(reference, AccountUse(masked))
