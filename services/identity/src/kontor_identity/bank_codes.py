"""IBANs: checked offline, with BIC and bank where the directory of bank codes knows them (F157).

An unknown bank code warns by an empty bank and is no fault: the directory ages with the release of the library.
"""

from __future__ import annotations

from dataclasses import dataclass

from kontor_chassis.errors import DomainError, invalid
from schwifty import IBAN
from schwifty.exceptions import InvalidChecksumDigits, InvalidCountryCode, InvalidLength, SchwiftyException


@dataclass(frozen=True)
class CheckedIban:
    """An IBAN that is formally right."""

    iban: str
    """Without blanks."""
    bic: str
    bank_name: str

    @property
    def formatted(self) -> str:
        """In groups of four."""
        return " ".join(self.iban[start : start + 4] for start in range(0, len(self.iban), 4))

    @property
    def masked(self) -> str:
        """Country and first digits, last four digits."""
        return f"{self.iban[:4]} •••• {self.iban[-4:]}"


def check_iban(text: str) -> CheckedIban:
    """Return a checked IBAN; raises INVALID that says what is wrong with it."""
    try:
        iban = IBAN(text, validate_bban=True)
    except InvalidChecksumDigits:
        raise _wrong("Die Prüfziffer dieser IBAN stimmt nicht. Bitte vergleichen Sie sie noch einmal.") from None
    except InvalidLength:
        raise _wrong("Diese IBAN ist zu kurz oder zu lang.") from None
    except InvalidCountryCode:
        raise _wrong("Eine IBAN beginnt mit dem Kürzel eines Landes, zum Beispiel DE.") from None
    except SchwiftyException:
        raise _wrong("Das ist keine gültige IBAN.") from None
    name = iban.bank.name if iban.bank else ""
    return CheckedIban(iban.compact, iban.bic.compact if iban.bic else "", str(name))


def _wrong(sentence: str) -> DomainError:
    return invalid("iban", sentence, reason="IBAN_INVALID")
