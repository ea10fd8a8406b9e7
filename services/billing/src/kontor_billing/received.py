"""What every payment that somebody records has to keep, whoever it came from."""

from __future__ import annotations

from datetime import date

from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid

from kontor_billing.periods import german_day


def received_on(tx: Transaction, paid_on: date | None, amount_minor: int) -> date:
    """Return the day on which a payment arrived, today if nobody says; raises INVALID for a day ahead, or no amount."""
    today = german_day(tx.now)
    if paid_on is not None and paid_on > today:
        raise invalid("paid_on", "Der Zahlungseingang liegt in der Zukunft.")
    if amount_minor <= 0:
        raise invalid("amount", "Bitte geben Sie einen Betrag über 0,00 € an.")
    return paid_on or today


def require_not_above(left_minor: int, amount_minor: int) -> None:
    """Raise PRECONDITION "PAYMENT_TOO_HIGH" for more than is open."""
    if amount_minor > left_minor:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "PAYMENT_TOO_HIGH",
            "Der Betrag ist höher als das, was auf diese Rechnung noch offen ist.",
            metadata={"open_minor": str(left_minor)},
        )


def already_reversed() -> DomainError:
    """Return the error for a payment that was taken back before."""
    return DomainError(ErrorKind.PRECONDITION, "PAYMENT_REVERSED", "Diese Zahlung ist schon zurückgenommen.")
