"""From records to a portfolio: packages, addresses and the contracts that belong to them, totals checked.

A package is 0001, then for every contract its addresses (0100) and the contract itself (0200), each in parts, then
9999 with the number of records and the sum of premiums. A file may hold several packages one after the other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from kontor_chassis.sentences import said

from kontor_contracts.gdv import fields
from kontor_contracts.gdv.faults import FieldError, GdvFileError, Problem
from kontor_contracts.gdv.layouts import (
    ADDRESS,
    CONTRACT,
    CONTRACT_KEY,
    HEADER,
    PART,
    POLICY,
    RECORD_TYPE,
    TRAILER,
    Layout,
    Version,
    is_known,
    layout_for,
)
from kontor_contracts.gdv.model import Accounts, Address, PolicyContract, PolicyHolder, Portfolio, Remark
from kontor_contracts.gdv.persons import merge_holders, read_accounts, read_holder
from kontor_contracts.gdv.policies import Sender, read_contract
from kontor_contracts.gdv.records import Record, split_records

__all__ = ["Address", "PolicyContract", "PolicyHolder", "Portfolio", "Remark", "read_portfolio"]

_MOST_PROBLEMS = 20
_NEWEST: Version = (2, 9)

_LAYOUTS = {"0100": ADDRESS, "0200": CONTRACT}

Parts = dict[str, tuple[Record, Layout]]


def read_portfolio(content: bytes) -> Portfolio:
    """Return everything a file holds, or raise GdvFileError with up to twenty faults; nothing in between."""
    records = split_records(content)
    reader = _Reader()
    for record in records:
        reader.take(record)
        if len(reader.problems) >= _MOST_PROBLEMS:
            break
    else:
        reader.finish(len(records))
    if reader.problems:
        raise GdvFileError(sorted(reader.problems, key=lambda problem: problem.record_number)[:_MOST_PROBLEMS])
    return Portfolio(
        packages=reader.packages,
        records=len(records),
        holders=tuple(reader.holders.values()),
        contracts=tuple(reader.contracts.values()),
        skipped=dict(sorted(reader.skipped.items())),
        remarks=tuple(sorted(reader.remarks, key=lambda remark: remark.record_number)),
    )


@dataclass
class _Package:
    """The package being read. `parts` are those of the address or contract that is not complete yet."""

    sender: Sender
    versions: dict[str, Version]
    records: int = 0
    premiums: int = 0
    parts: Parts = field(default_factory=dict)
    holder_of: dict[str, str] = field(default_factory=dict)
    """External number of the policy holder by the key of the contract's records."""
    accounts_of: dict[str, Accounts] = field(default_factory=dict)
    """His accounts by the same key."""
    unreadable: set[str] = field(default_factory=set)
    """Keys of contracts with an address that could not be read."""


class _Reader:
    """Takes one record after the other; knows the package it is in."""

    def __init__(self) -> None:
        self.packages = 0
        self.holders: dict[str, PolicyHolder] = {}
        self.contracts: dict[str, PolicyContract] = {}
        self.skipped: Counter[str] = Counter()
        self.remarks: list[Remark] = []
        self.problems: list[Problem] = []
        self._package: _Package | None = None

    def take(self, record: Record) -> None:
        """Read one record; what is wrong with it is added to the problems."""
        try:
            if record.record_type == "0001":
                self._begin(record)
            elif self._package is None:
                self._complain(record, RECORD_TYPE.name, "Vor diesem Satz fehlt der Vorsatz 0001.")
            else:
                self._take_within(record, self._package)
        except FieldError as broken:
            self.problems.append(broken.problem)

    def finish(self, records: int) -> None:
        """Complain about a last package without its end."""
        if self._package is not None:
            self.problems.append(Problem(records, "", "Am Ende der Datei fehlt der Nachsatz 9999."))

    def _begin(self, record: Record) -> None:
        if self._package is not None:
            if record.part != "1" and self._package.records == 0:
                return  # further parts of the header name versions of records that are not read
            self._complain(record, "", "Vor diesem Vorsatz 0001 fehlt der Nachsatz 9999.")
        self.packages += 1
        sender = Sender(fields.text(HEADER["insurer"], record), fields.text(HEADER["sender"], record))
        self._package = _Package(sender, {})
        for record_type in ("0100", "0200", "9999"):
            named = HEADER[f"version_{record_type}"]
            version = fields.version(named, record)
            if version is not None and not is_known(version):
                raise FieldError(
                    record.number,
                    named.name,
                    said("Die Version %(version)s ist unbekannt.", version=f"{version[0]}.{version[1]}"),
                )
            self._package.versions[record_type] = version or _NEWEST

    def _take_within(self, record: Record, package: _Package) -> None:
        kind = record.record_type
        if kind == "9999":
            self._package = None
            self._complete(package)
            self._check_totals(record, package)
            return
        package.records += 1
        if kind in _LAYOUTS:
            self._take_part(record, package)
        elif kind.isdecimal() and kind.isascii():
            self.skipped[kind] += 1
        else:
            self._complain(record, RECORD_TYPE.name, said("„%(value)s“ ist keine Satzart.", value=kind))

    def _take_part(self, record: Record, package: _Package) -> None:
        """Add a part to the address or contract it belongs to; part 1 begins another one."""
        kind = record.record_type
        if record.part == "1":
            self._complete(package)
        elif "1" not in package.parts or _key(package.parts["1"][0]) != _key(record):
            self._complain(record, PART.name, said("Vor diesem Teil fehlt Teil 1 der Satzart %(kind)s.", kind=kind))
            return
        layout = layout_for(_LAYOUTS[kind], record.part, package.versions.get(kind, _NEWEST))
        if layout is None:
            return  # a part that says nothing Kontor reads
        if record.part in package.parts:
            self._complain(
                record,
                PART.name,
                said("Teil %(part)s der Satzart %(kind)s kommt doppelt vor.", part=record.part, kind=kind),
            )
            return
        package.parts[record.part] = (record, layout)

    def _complete(self, package: _Package) -> None:
        """Understand the address or contract whose parts are all there now."""
        parts, package.parts = package.parts, {}
        if not parts:
            return
        first = parts["1"][0]
        key = CONTRACT_KEY.text_in(first.content)
        if first.record_type == "0100":
            self._add_holder(parts, package, key)
        else:
            self._add_contract(parts, package, key)

    def _add_holder(self, parts: Parts, package: _Package, key: str) -> None:
        package.unreadable.add(key)
        holder = read_holder(parts, self.remarks)
        package.unreadable.discard(key)
        if holder is None:
            return
        known = self.holders.get(holder.external_number)
        self.holders[holder.external_number] = merge_holders(known, holder) if known else holder
        package.holder_of[key] = holder.external_number
        package.accounts_of[key] = read_accounts(parts)

    def _add_contract(self, parts: Parts, package: _Package, key: str) -> None:
        record, layout = parts["1"]
        package.premiums += fields.number(layout["premium"], record) or 0
        holder = package.holder_of.get(key)
        if holder is None and key in package.unreadable:
            return  # its address is complained about already
        if holder is None:
            self._complain(record, POLICY.name, "Zu diesem Vertrag fehlt die Adresse des Versicherungsnehmers (0100).")
            return
        contract = read_contract(
            parts,
            holder=holder,
            sender=package.sender,
            accounts=package.accounts_of.get(key, Accounts()),
            remarks=self.remarks,
        )
        if contract.identity in self.contracts:
            self.remarks.append(
                Remark(record.number, POLICY.name, "Der Vertrag kommt mehrfach vor; der letzte Stand gilt.")
            )
        self.contracts[contract.identity] = contract

    def _check_totals(self, record: Record, package: _Package) -> None:
        """Compare the trailer with what was read; a faulty contract before it is complained about already."""
        for key, counted in (("records", package.records), ("premiums", package.premiums)):
            named = TRAILER[key]
            stated = fields.number(named, record)
            if stated is None:
                self.remarks.append(Remark(record.number, named.name, "Der Nachsatz nennt keine Summe zum Vergleich."))
            elif stated != counted and not self.problems:
                unit = _euro if key == "premiums" else str
                text = "Der Nachsatz nennt %(stated)s, gelesen wurden %(counted)s."
                self._complain(record, named.name, said(text, stated=unit(stated), counted=unit(counted)))

    def _complain(self, record: Record, field_name: str, message: str) -> None:
        self.problems.append(Problem(record.number, field_name, message))


def _key(record: Record) -> tuple[str, str]:
    return record.record_type, CONTRACT_KEY.text_in(record.content)


def _euro(minor_units: int) -> str:
    return f"{minor_units // 100},{minor_units % 100:02d}"
