"""Record 0100: from the parts of one address to a policy holder."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from kontor_chassis.email_addresses import is_email_address
from kontor_chassis.sentences import said

from kontor_contracts.gdv import fields
from kontor_contracts.gdv.faults import FieldError
from kontor_contracts.gdv.layouts import INSURER, Layout
from kontor_contracts.gdv.model import Accounts, Address, PolicyHolder, Remark, Salutation
from kontor_contracts.gdv.records import Record

POLICY_HOLDER = ("01", "")
"""Values of "Adresskennzeichen" that mean the policy holder; others are insured persons, payers and so on."""

_SALUTATIONS = {"1": Salutation.MISTER, "2": Salutation.MISS, "3": Salutation.COMPANY}
_COUNTRIES = {
    "": "DE", "D": "DE", "A": "AT", "CH": "CH", "B": "BE", "BG": "BG", "CY": "CY", "CZ": "CZ", "DK": "DK", "E": "ES",
    "EST": "EE", "F": "FR", "FIN": "FI", "FL": "LI", "GB": "GB", "UK": "GB", "GR": "GR", "H": "HU", "HR": "HR",
    "I": "IT", "IRL": "IE", "L": "LU", "LT": "LT", "LV": "LV", "M": "MT", "N": "NO", "NL": "NL", "P": "PT",
    "PL": "PL", "RO": "RO", "RUS": "RU", "S": "SE", "SK": "SK", "SLO": "SI", "TR": "TR", "UA": "UA", "USA": "US",
}  # fmt: skip
"""Country marks of motor vehicles, as the norm uses them, to ISO 3166-1."""

_FOR_PREMIUMS, _FOR_CLAIMS = "01", "02"
_MAIL_CHANNELS = ("51", "50", "52")
_PHONE_CHANNELS = ("31", "30", "32", "10", "20")


def read_holder(parts: dict[str, tuple[Record, Layout]], remarks: list[Remark]) -> PolicyHolder | None:
    """Return the policy holder that the parts of one address describe, or None if it is somebody else's address.

    `parts` maps part numbers to records with their layouts and holds part "1". Raises FieldError.
    """
    record, layout = parts["1"]
    if fields.text(layout["address_kind"], record) not in POLICY_HOLDER:
        return None
    salutation = _SALUTATIONS.get(fields.text(layout["salutation"], record), Salutation.NONE)
    names = [fields.text(layout[key], record) for key in ("name_1", "name_2", "name_3")]
    if not names[0]:
        raise FieldError(record.number, layout["name_1"].name, "ist leer")
    company = salutation is Salutation.COMPANY
    given_name, family_name = ("", " ".join(filter(None, names))) if company else (names[2], _family_name(names))
    holder = PolicyHolder(
        external_number="",
        salutation=salutation,
        title=fields.text(layout["title"], record),
        given_name=given_name,
        family_name=family_name,
        birth_date=fields.day(layout["birth_date"], record),
        address=_address(record, layout, remarks),
        email=_email(parts, remarks),
        phone=_contact(parts, _PHONE_CHANNELS),
    )
    return replace(holder, external_number=_external_number(parts, holder))


def _family_name(names: list[str]) -> str:
    return " ".join(filter(None, names[:2]))


def _address(record: Record, layout: Layout, remarks: list[Remark]) -> Address:
    mark = fields.text(layout["country"], record)
    country = _COUNTRIES.get(mark.upper(), "")
    if not country:
        remarks.append(
            Remark(
                record.number,
                layout["country"].name,
                said("Das Länderkennzeichen „%(value)s“ ist unbekannt.", value=mark),
            )
        )
    return Address(
        street=fields.text(layout["street"], record),
        postal_code=fields.text(layout["postal_code"], record),
        city=fields.text(layout["city"], record),
        country=country,
    )


def _email(parts: dict[str, tuple[Record, Layout]], remarks: list[Remark]) -> str:
    """Return the mail address; older systems without "@" in their character set write "(a)"."""
    found = _contact(parts, _MAIL_CHANNELS).replace("(a)", "@")
    if found and not is_email_address(found):
        remarks.append(
            Remark(
                parts["1"][0].number, "Kommunikationsnummer", "Die E-Mail-Adresse ist ungültig und wurde ausgelassen."
            )
        )
        return ""
    return found


def _contact(parts: dict[str, tuple[Record, Layout]], channels: tuple[str, ...]) -> str:
    """Return the contact of the most wanted channel; "" if there is none."""
    found: dict[str, str] = {}
    for record, layout in parts.values():
        for key, field in layout.fields.items():
            if key.startswith("channel_"):
                value = fields.text(layout[key.replace("channel", "contact")], record)
                if value:
                    found.setdefault(fields.text(field, record), value)
    return next((found[channel] for channel in channels if channel in found), "")


def _external_number(parts: dict[str, tuple[Record, Layout]], holder: PolicyHolder) -> str:
    """Return the stable name of the person: broker's number, else insurer's, else a digest of who he is."""
    insurer = fields.text(INSURER, parts["1"][0])
    if "2" in parts:
        record, layout = parts["2"]
        if brokers_number := fields.text(layout["brokers_number"], record):
            return brokers_number
        if insurers_number := fields.text(layout["insurers_number"], record):
            return f"{insurer}-{insurers_number}"
    who = [holder.family_name, holder.given_name]
    who += [holder.birth_date.isoformat()] if holder.birth_date else [holder.address.postal_code, holder.address.street]
    return f"P-{hashlib.sha256('|'.join(who).casefold().encode()).hexdigest()[:20]}"


def read_accounts(parts: dict[str, tuple[Record, Layout]]) -> Accounts:
    """Return the accounts that the parts of an address name.

    "Typ der Bankverbindung" says what each is for: 01 premiums, 02 claims; one that says neither is for premiums
    unless another is.
    """
    named = [(_account_field(parts, "4", f"account_type_{n}"), _account_field(parts, part, f"iban_{n}"))
             for n, part in ((1, "4"), (2, "5"))]  # fmt: skip
    by_type = {kind: iban for kind, iban in reversed(named) if iban}
    credit = by_type.pop(_FOR_CLAIMS, "")
    debit = by_type.pop(_FOR_PREMIUMS, "") or next(reversed(by_type.values()), "")
    return Accounts(debit, credit)


def _account_field(parts: dict[str, tuple[Record, Layout]], part: str, key: str) -> str:
    if part not in parts:
        return ""
    record, layout = parts[part]
    return fields.text(layout[key], record)


def merge_holders(first: PolicyHolder, again: PolicyHolder) -> PolicyHolder:
    """Return the holder with what his other addresses in the file add to the first."""
    return replace(
        first,
        birth_date=first.birth_date or again.birth_date,
        email=first.email or again.email,
        phone=first.phone or again.phone,
        address=first.address if first.address.street or first.address.city else again.address,
    )
