"""A postal address as a value, and its columns in a row."""

from __future__ import annotations

from dataclasses import dataclass

from kontor_identity.tables import AddressColumns


@dataclass(frozen=True)
class PostalAddress:
    """Street with number, postal code (text: it may begin with 0), city, ISO country; empty where unknown."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""

    @staticmethod
    def of(row: AddressColumns) -> PostalAddress:
        """Return the address in a row."""
        return PostalAddress(row.street or "", row.postal_code or "", row.city or "", row.country or "")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.street or self.postal_code or self.city)

    def write_to(self, row: AddressColumns) -> None:
        """Put the address into a row; a known address without a country is in Germany."""
        row.street = self.street.strip()
        row.postal_code = self.postal_code.strip()
        row.city = self.city.strip()
        row.country = self.country or ("" if self.is_empty else "DE")
