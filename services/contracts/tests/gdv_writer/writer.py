"""Writes GDV files for tests, from byte positions of its own: what the reader takes for granted is not used here.

Run as a script it rewrites samples/bestand.gdv, two insurers' packages with believable people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "samples" / "bestand.gdv"


@dataclass(frozen=True)
class Policy:
    """One contract. Days are TTMMJJJJ, premiums cents."""

    number: str
    line: str
    premium: int
    begin: str = "01012024"
    expiry: str = "01012027"
    interval: str = "1"
    status: str = "1"
    currency: str = "EUR"
    gross: int = 0
    printed: str = ""
    product: str = ""


@dataclass(frozen=True)
class Person:
    """One policy holder and his contracts."""

    family_name: str
    given_name: str
    customer_number: str
    salutation: str = "1"
    birth: str = "17051984"
    street: str = "Elbchaussee 12"
    postal_code: str = "22765"
    city: str = "Hamburg"
    country: str = "D"
    phone: str = ""
    mail: str = ""
    iban: str = ""
    credit_iban: str = ""
    policies: Sequence[Policy] = field(default=())


@dataclass
class Package:
    """What one insurer sends."""

    insurer: str
    sender: str
    people: Sequence[Person]
    version_0100: str = "2.3"
    version_0200: str = "2.5"

    def records(self) -> list[bytearray]:
        """Return the records, header and trailer included."""
        inner = [record for person in self.people for policy in person.policies for record in self._of(person, policy)]
        premiums = sum(policy.premium for person in self.people for policy in person.policies)
        trailer = _record("9999", "")
        _put(trailer, 5, f"{len(inner):010d}")
        _put(trailer, 25, f"{premiums:015d}")
        for at in (54, 69, 84, 99):
            _put(trailer, at, "+")
        return [*self._header(), *inner, trailer]

    def _header(self) -> list[bytearray]:
        first, second = _record("0001", "1"), _record("0001", "2")
        for record in (first, second):
            _put(record, 5, self.insurer)
            _put(record, 10, self.sender)
            _put(record, 40, "Hansen & Partner")
            _put(record, 70, "0101202631012026")
        _put(first, 96, "2.5" + self.version_0100 + self.version_0200)
        _put(first, 225, "1.1")
        return [first, second]

    def _of(self, person: Person, policy: Policy) -> list[bytearray]:
        records = [*_address(person), _other_person(person), *_contract(policy), _record("0210", "1")]
        for record in records:
            _put(record, 5, self.insurer)
            _put(record, 11, policy.line)
            _put(record, 14, policy.number.rjust(17))
            _put(record, 31, "01")
        return records


def gdv_file(*packages: Package, end_of_line: bytes = b"\n") -> bytes:
    """Return the file of these packages."""
    records = [bytes(record) for package in packages for record in package.records()]
    return end_of_line.join(records) + end_of_line


def patched(content: bytes, record: int, first: int, text: str) -> bytes:
    """Return a file of LF-ended records with `text` written over one record from byte `first`; both count from 1."""
    at = (record - 1) * 257 + first - 1
    raw = text.encode("latin-1")
    return content[:at] + raw + content[at + len(raw) :]


def _record(kind: str, part: str) -> bytearray:
    record = bytearray(b" " * 256)
    _put(record, 1, kind)
    _put(record, 256, part or " ")
    return record


def _put(record: bytearray, first: int, text: str) -> None:
    raw = text.encode("latin-1")
    record[first - 1 : first - 1 + len(raw)] = raw


def _address(person: Person) -> list[bytearray]:
    one, two, three = (_record("0100", part) for part in "123")
    _put(one, 43, person.salutation)
    _put(one, 44, person.family_name)
    _put(one, 104, person.given_name)
    _put(one, 154, person.country)
    _put(one, 157, person.postal_code)
    _put(one, 163, person.city)
    _put(one, 188, person.street)
    _put(one, 226, person.birth)
    _put(one, 237, "01")
    _put(two, 43, person.customer_number.rjust(17))
    if person.phone:
        _put(two, 157, "10" + person.phone)
    if person.mail:
        _put(three, 43, "50" + person.mail)
    if not person.iban:
        return [one, two, three]
    four = _record("0100", "4")
    _put(four, 209, person.iban)
    if not person.credit_iban:
        return [one, two, three, four]
    _put(four, 103, "0102")
    five = _record("0100", "5")
    _put(five, 43, person.credit_iban)
    return [one, two, three, four, five]


def _other_person(person: Person) -> bytearray:
    """Somebody at the same contract who is not its holder."""
    record = _record("0100", "1")
    _put(record, 43, "2")
    _put(record, 44, person.family_name)
    _put(record, 104, "Mitversicherte")
    _put(record, 226, "00000000")
    _put(record, 237, "02")
    return record


def _contract(policy: Policy) -> list[bytearray]:
    one, two = _record("0200", "1"), _record("0200", "2")
    _put(one, 44, policy.begin)
    _put(one, 52, policy.expiry)
    _put(one, 60, policy.expiry)
    _put(one, 68, policy.interval)
    _put(one, 69, policy.status)
    _put(one, 72, "00000000")
    _put(one, 113, policy.currency)
    _put(one, 116, f"{policy.premium:012d}")
    _put(two, 72, f"{policy.gross:012d}")
    _put(two, 84, policy.printed)
    _put(two, 114, policy.product)
    return [one, two]


PETERSEN = Person(
    "Petersen", "Ingrid", "K100234", salutation="2", birth="03091961", street="Övelgönne 7", postal_code="22605",
    phone="040 8801234", mail="ingrid.petersen@mail.example",
    policies=(
        Policy("HR7734512", "130", 8740, gross=10401, printed="HR-77.345.12", product="Hausrat Komfort"),
        Policy("PH1209833", "040", 5210, gross=6200, interval="1"),
    ),
)  # fmt: skip
SCHAEFER = Person(
    "Schäfer", "Klaus-Dieter", "K100871", birth="28021955", street="Große Freiheit 31", postal_code="22767",
    policies=(Policy("WG5500187", "140", 41230, gross=48651, interval="2", begin="01072019", expiry="01072029"),),
)  # fmt: skip
BAKERY = Person(
    "Bäckerei Groß GmbH", "", "K200045", salutation="3", birth="00000000", street="Wexstraße 4", postal_code="20355",
    mail="buero@baeckerei-gross.example", iban="DE89370400440532013000",
    credit_iban="DE02120300000000202051",
    policies=(Policy("TV3300912", "170", 66000, gross=78540, interval="4"),),
)  # fmt: skip
AYDIN = Person(
    "Aydin", "Ömer", "L77120", birth="14111990", street="Billstedter Hauptstraße 88", postal_code="22111",
    phone="040 7315566",
    policies=(
        Policy("RV90017765", "010", 12500, interval="8", begin="01102021", expiry="01102057"),
        Policy("RV90017766", "010", 0, interval="9", status="6", begin="01042010", expiry="01042045"),
    ),
)  # fmt: skip
NORDLICHT = Package("5312", "Nordlicht Versicherung AG", [PETERSEN, SCHAEFER, BAKERY])
ELBE = Package("1188", "Elbe Lebensversicherung AG", [AYDIN], version_0100="2.1", version_0200="2.3")


if __name__ == "__main__":
    SAMPLE.write_bytes(gdv_file(NORDLICHT, ELBE))
