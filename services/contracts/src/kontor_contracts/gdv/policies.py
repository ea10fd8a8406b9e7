"""Record 0200: from the parts of one contract to its values."""

from __future__ import annotations

from dataclasses import dataclass

from kontor_chassis.sentences import said

from kontor_contracts.gdv import fields
from kontor_contracts.gdv.faults import FieldError
from kontor_contracts.gdv.layouts import INSURER, LINE, POLICY, Layout
from kontor_contracts.gdv.model import Accounts, Interval, PolicyContract, Remark, Standing
from kontor_contracts.gdv.records import Record

_STANDINGS = {
    "1": Standing.ACTIVE,
    "2": Standing.ACTIVE,  # in force for less than a year
    "3": Standing.SUSPENDED,
    "4": Standing.ENDED,
    "5": Standing.PREMIUM_FREE,
    "6": Standing.PREMIUM_FREE,
    "7": Standing.PREMIUM_FREE,  # after a claim
    "8": Standing.ACTIVE,  # premiums deferred
    "A": Standing.PREMIUM_FREE,  # pays out, for example a pension
    "B": Standing.PREMIUM_FREE,  # may be called
}
_INTERVALS = {
    "1": Interval.YEARLY,
    "2": Interval.HALF_YEARLY,
    "4": Interval.QUARTERLY,
    "6": Interval.SINGLE,
    "8": Interval.MONTHLY,
    "9": Interval.NONE,
}


@dataclass(frozen=True)
class Sender:
    """Who made the package (record 0001)."""

    insurer_number: str
    name: str


def read_contract(
    parts: dict[str, tuple[Record, Layout]], *, holder: str, sender: Sender, accounts: Accounts, remarks: list[Remark]
) -> PolicyContract:
    """Return the contract that the parts of record 0200 describe; `parts` holds part "1". Raises FieldError."""
    record, layout = parts["1"]
    insurer = fields.text(INSURER, record)
    policy = fields.text(POLICY, record).replace(" ", "")
    line_key = fields.text(LINE, record)
    for field, value in ((INSURER, insurer), (LINE, line_key), (POLICY, policy)):
        if not value:
            raise FieldError(record.number, field.name, "Das Feld ist leer.")
    if not (len(line_key) == 3 and line_key.isdecimal()):
        raise FieldError(record.number, LINE.name, said("„%(value)s“ ist keine Sparte.", value=line_key))
    currency = fields.text(layout["currency"], record) or "EUR"
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise FieldError(record.number, layout["currency"].name, said("„%(value)s“ ist keine Währung.", value=currency))
    gross, printed, product = _second_part(parts)
    net = fields.number(layout["premium"], record)
    fields.day(layout["left_on"], record)  # a broken one refuses the file
    return PolicyContract(
        holder=holder,
        insurer_number=insurer,
        insurer_name=sender.name if insurer == sender.insurer_number else "",
        line_key=line_key,
        policy=policy,
        printed_number=printed or policy,
        standing=_standing(record, layout, remarks),
        interval=_interval(record, layout, remarks),
        premium_minor_units=gross or net,
        currency=currency,
        begin=fields.day(layout["begin"], record),
        expiry=fields.day(layout["expiry"], record),
        product=product,
        accounts=accounts,
    )


def _second_part(parts: dict[str, tuple[Record, Layout]]) -> tuple[int | None, str, str]:
    """Return gross premium, printed number and product name, as far as the file has them."""
    if "2" not in parts:
        return None, "", ""
    record, layout = parts["2"]
    return (
        fields.number(layout["gross_premium"], record),
        fields.text(layout["printed_number"], record),
        fields.text(layout["product"], record),
    )


def _standing(record: Record, layout: Layout, remarks: list[Remark]) -> Standing:
    key = fields.text(layout["status"], record)
    if key not in _STANDINGS:
        name = layout["status"].name
        text = said("Der Status „%(value)s“ ist unbekannt; der Vertrag gilt als aktiv.", value=key)
        remarks.append(Remark(record.number, name, text))
    return _STANDINGS.get(key, Standing.ACTIVE)


def _interval(record: Record, layout: Layout, remarks: list[Remark]) -> Interval:
    key = fields.text(layout["interval"], record)
    if key and key not in _INTERVALS:
        name = layout["interval"].name
        text = said("Die Zahlungsweise „%(value)s“ wird als unbekannt geführt.", value=key)
        remarks.append(Remark(record.number, name, text))
    return _INTERVALS.get(key, Interval.UNKNOWN)
