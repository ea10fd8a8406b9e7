"""What a portfolio file says, as values: holders, contracts, remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum


class Salutation(Enum):
    """Key of the form of address ("Anredeschlüssel")."""

    NONE = ""
    MISTER = "Herr"
    MISS = "Frau"
    COMPANY = "Firma"


class Standing(Enum):
    """Where a contract stands, after the norm's key "Vertragsstatus"."""

    ACTIVE = "active"
    PREMIUM_FREE = "premium_free"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Interval(Enum):
    """How often is paid, after the norm's key "Zahlungsweise"."""

    UNKNOWN = "unknown"
    YEARLY = "yearly"
    HALF_YEARLY = "half_yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    SINGLE = "single"
    NONE = "none"


@dataclass(frozen=True)
class Address:
    """A postal address; `country` is ISO 3166-1 alpha-2, empty if unknown."""

    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True)
class PolicyHolder:
    """A person or company that holds contracts."""

    external_number: str
    """Stable name across files: the broker's own customer number, else the insurer's, else one made of the person."""
    salutation: Salutation
    title: str
    given_name: str
    family_name: str
    """Family name, or the whole name of a company."""
    birth_date: date | None
    address: Address
    email: str
    phone: str


@dataclass(frozen=True)
class Accounts:
    """Accounts of a contract by IBAN, unchecked (0100 parts 4 and 5, F156); empty where the file has none."""

    debit: str = ""
    """From which premiums are drawn."""
    credit: str = ""
    """To which claims and benefits are paid."""

    @property
    def ibans(self) -> frozenset[str]:
        """What is known of both."""
        return frozenset(filter(None, (self.debit, self.credit)))


@dataclass(frozen=True)
class PolicyContract:
    """One contract of one holder."""

    holder: str
    """`external_number` of the holder."""
    insurer_number: str
    insurer_name: str
    line_key: str
    """Line of business ("Sparte"), three digits."""
    policy: str
    """Number of the policy without blanks, as the insurer's systems know it."""
    printed_number: str
    """The number as it is printed; the same as `policy` if the file does not tell."""
    standing: Standing
    interval: Interval
    premium_minor_units: int | None
    """Premium of one payment interval: with tax where the file has it (0200 part 2), else net."""
    currency: str
    begin: date | None
    expiry: date | None
    product: str
    accounts: Accounts = Accounts()
    """The policy holder's accounts as the file has them."""

    @property
    def identity(self) -> str:
        """What makes it the same contract in another file: insurer, policy and, for bundled policies, line."""
        return f"{self.insurer_number}/{self.policy}/{self.line_key}"


@dataclass(frozen=True)
class Remark:
    """Something worth knowing that does not stop an import."""

    record_number: int
    field: str
    message: str


@dataclass(frozen=True)
class Portfolio:
    """Everything a file holds; holders and contracts are unique, in the order of their first appearance."""

    packages: int
    records: int
    holders: tuple[PolicyHolder, ...]
    contracts: tuple[PolicyContract, ...]
    skipped: Mapping[str, int]
    """How many records of types that are not read, by type."""
    remarks: tuple[Remark, ...] = field(default=())
