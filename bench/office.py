"""The platform under measurement: a real installation with a firm and customers who are signed in by OpenID Connect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kontor_tools.installation import Installation

from tests.e2e import journey
from tests.e2e.journey import Firm, Guest
from tests.e2e.stage import InstalledStage, installed

CUSTOMERS = 8


@dataclass(frozen=True)
class Office:
    """An installation, one firm with its administrator, and his customers."""

    stage: InstalledStage
    firm: Firm
    guests: list[Guest]

    @property
    def installation(self) -> Installation:
        """The running platform."""
        return self.stage.installation

    @property
    def port(self) -> int:
        """The gateway's public port."""
        return self.installation.options.port

    @property
    def tenant_id(self) -> UUID:
        """The firm."""
        return UUID(self.firm.tenant_id)

    def sign_in_again(self) -> None:
        """Give everybody a fresh access token; they last ten minutes."""
        self.firm.administrator.refresh()
        for guest in self.guests:
            guest.person.refresh()


@contextmanager
def open_office(home: Path) -> Iterator[Office]:
    """Start the platform below `home` and let people in, as they would come in life; stop it at the end."""
    with installed(home) as stage:
        firm = journey.open_firm(stage, "Messing & Partner", "messing")
        yield Office(stage, firm, [_customer(stage, firm, number) for number in range(CUSTOMERS)])


def _customer(stage: InstalledStage, firm: Firm, number: int) -> Guest:
    person = {"givenName": "Mara", "familyName": f"Messwert {number}", "form": "ADDRESS_FORM_SIE"}
    customer = firm.administrator.post("/v1/customers", person)
    address = f"kunde{number}@messing.example"
    return journey.invite_customer(stage, firm, customer["customerId"], address, "ADDRESS_FORM_SIE")
