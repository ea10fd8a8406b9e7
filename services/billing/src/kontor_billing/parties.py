"""Who bills and who pays, as printed on an invoice. Values only; where they come from is `adapters/identity.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Party:
    """Name and address of a firm or a person; e-mail and telephone of a firm only."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Seller:
    """The firm that bills, with what its invoices look like and how they are numbered."""

    party: Party
    slug: str
    color: str
    """Primary colour of the firm's brand, "#12355b"."""
