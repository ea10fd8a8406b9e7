"""The GDV reader against files of our own writing and, where it lies beside the project, the official sample."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_contracts.gdv import GdvFileError, Portfolio, Problem, read_portfolio
from kontor_contracts.gdv import layouts as gdv_layouts
from kontor_contracts.gdv.model import Accounts, Interval, Salutation, Standing

SAMPLE = Path(__file__).parents[1] / "samples" / "bestand.gdv"
SHARED = Path(__file__).parents[5] / "shared" / "data" / "gdv"
OFFICIAL = SHARED / "musterdatei_041222.txt"
NORM = SHARED / "VUVM2023.xml"


def refused(content: bytes) -> Problem:
    """Return the first problem of a file that must be refused."""
    with pytest.raises(GdvFileError) as error:
        read_portfolio(content)
    return error.value.problems[0]


def test_sample_is_what_the_writer_writes(gdv: ModuleType) -> None:
    """The sample in the repository is current."""
    assert gdv.gdv_file(gdv.NORDLICHT, gdv.ELBE) == SAMPLE.read_bytes()


def test_reads_people_and_contracts_of_several_packages() -> None:
    """F130: names with umlauts, companies, mail addresses, premiums with tax, status and payment mode arrive."""
    portfolio = read_portfolio(SAMPLE.read_bytes())
    assert (portfolio.packages, portfolio.records, len(portfolio.holders), len(portfolio.contracts)) == (2, 50, 4, 6)
    ingrid, klaus, bakery, oemer = portfolio.holders
    assert (ingrid.given_name, ingrid.family_name, ingrid.salutation) == ("Ingrid", "Petersen", Salutation.MISS)
    assert (ingrid.external_number, ingrid.email, ingrid.phone) == (
        "5312-K100234",
        "ingrid.petersen@mail.example",
        "040 8801234",
    )
    assert (ingrid.address.street, ingrid.address.country, klaus.birth_date) == (
        "Övelgönne 7",
        "DE",
        date(1955, 2, 28),
    )
    assert (bakery.family_name, bakery.given_name, bakery.salutation, bakery.birth_date) == (
        "Bäckerei Groß GmbH",
        "",
        Salutation.COMPANY,
        None,
    )
    assert oemer.external_number == "1188-L77120"
    household = portfolio.contracts[0]
    assert (household.identity, household.printed_number) == ("5312/HR7734512/130", "HR-77.345.12")
    assert (household.premium_minor_units, household.currency, household.product) == (10401, "EUR", "Hausrat Komfort")
    assert household.insurer_name == "Nordlicht Versicherung AG"
    pension, paid_up = portfolio.contracts[4:]
    assert (pension.interval, pension.standing, pension.begin) == (Interval.MONTHLY, Standing.ACTIVE, date(2021, 10, 1))
    assert (paid_up.interval, paid_up.standing) == (Interval.NONE, Standing.PREMIUM_FREE)
    assert portfolio.skipped == {"0210": 6}
    assert [contract.accounts for contract in portfolio.contracts[2:5]] == [
        Accounts(), Accounts("DE89370400440532013000", "DE02120300000000202051"), Accounts(),
    ]  # fmt: skip


@pytest.mark.parametrize("end_of_line", [b"", b"\n", b"\r\n"])
def test_ends_of_lines_do_not_matter(gdv: ModuleType, end_of_line: bytes) -> None:
    """Records may follow each other directly, or with LF or CR LF between them."""
    assert read_portfolio(gdv.gdv_file(gdv.ELBE, end_of_line=end_of_line)) == read_portfolio(gdv.gdv_file(gdv.ELBE))


# Records of the file gdv_file(ELBE): 1, 2 header; 3-5 address; 6 other person; 7, 8 contract; 9 not read; …; 17 trailer
@pytest.mark.parametrize(
    ("record", "first", "text", "field", "message"),
    [
        (3, 226, "31021990", "Geburtsdatum", "31021990"),
        (3, 44, " " * 30, "Name 1", "leer"),
        (3, 44, "M\x81ller", "Name 1", "ISO 8859-1"),
        (7, 44, "3x122024", "Vertragsbeginn", "kein Datum"),
        (7, 116, "00000012,500", "Gesamtbeitrag (Netto) in Währungseinheiten", "keine Zahl"),
        (7, 113, "eur", "Währungsschlüssel", "keine Währung"),
        (7, 14, "          RV90017", "Versicherungsschein-Nummer", "fehlt die Adresse"),
        (4, 14, "          RV90017", "Satznummer", "fehlt Teil 1"),
        (1, 99, "7.1", "Version Satzart 0100", "7.1"),
        (9, 1, "02x0", "Satzart", "02x0"),
        (17, 5, "0000000013", "Anzahl der Sätze", "nennt 13, gelesen wurden 14"),
        (17, 25, "000000000012501", "Gesamtbeitrag", "nennt 125,01, gelesen wurden 125,00"),
    ],
)
def test_a_broken_file_is_refused_with_record_and_field(
    gdv: ModuleType, record: int, first: int, text: str, field: str, message: str
) -> None:
    """F130: nothing is guessed; the broker is told the record number and the field."""
    problem = refused(gdv.patched(gdv.gdv_file(gdv.ELBE), record, first, text))
    assert (problem.record_number, problem.field) == (record, field)
    assert message in problem.message


def test_a_file_without_beginning_or_end_is_refused(gdv: ModuleType) -> None:
    """A file that was cut off anywhere is refused."""
    content: bytes = gdv.gdv_file(gdv.ELBE)
    assert refused(b"").message == "Die Datei ist leer."
    assert "fehlt der Nachsatz" in refused(content[: 257 * 16]).message
    assert "fehlt der Vorsatz" in refused(content[257 * 2 :]).message
    assert "fehlt der Nachsatz" in refused(content[: 257 * 16] + content).message
    assert refused(content[:-100]).message == "Der Satz hat 157 statt 256 Bytes."


def test_utf8_is_recognised(gdv: ModuleType) -> None:
    """A file that somebody converted to UTF-8 is refused with the reason."""
    content = gdv.gdv_file(gdv.ELBE).decode("latin-1").encode("utf-8")
    assert refused(content) == Problem(3, "", "Der Satz ist in UTF-8 geschrieben; verlangt ist ISO 8859-1.")


def test_several_faults_are_told_at_once(gdv: ModuleType) -> None:
    """The broker need not send the file again for every single fault."""
    content = gdv.patched(gdv.gdv_file(gdv.ELBE), 3, 226, "99999999")
    with pytest.raises(GdvFileError) as error:
        read_portfolio(gdv.patched(content, 14, 44, "99999999"))
    assert [problem.record_number for problem in error.value.problems][:2] == [3, 14]


def test_unknown_keys_are_remarked_not_refused(gdv: ModuleType) -> None:
    """A status or payment mode that the norm does not name does not stop a whole portfolio."""
    odd = replace(
        gdv.AYDIN, country="XX", mail="nicht-da", policies=[gdv.Policy("1", "040", 100, status="9", interval="5")]
    )
    portfolio = read_portfolio(gdv.gdv_file(gdv.Package("1188", "Elbe", [odd])))
    assert [remark.field for remark in portfolio.remarks] == [
        "Länderkennzeichen",
        "Kommunikationsnummer",
        "Vertragsstatus",
        "Zahlungsweise",
    ]
    assert portfolio.contracts[0].standing is Standing.ACTIVE


def test_the_last_state_of_a_contract_counts(gdv: ModuleType) -> None:
    """A contract that a file names twice is one contract."""
    twice = replace(gdv.AYDIN, policies=[gdv.Policy("1", "040", 100), gdv.Policy("1", "040", 200, status="4")])
    portfolio = read_portfolio(gdv.gdv_file(gdv.Package("1188", "Elbe", [twice])))
    assert [(found.premium_minor_units, found.standing) for found in portfolio.contracts] == [(200, Standing.ENDED)]


def test_people_without_number_keep_their_identity(gdv: ModuleType) -> None:
    """The same person gets the same external number in every file, another person another one."""

    def number(**changes: Any) -> str:
        person = replace(gdv.AYDIN, customer_number="", **changes)
        return read_portfolio(gdv.gdv_file(gdv.Package("1188", "Elbe", [person]))).holders[0].external_number

    assert number() == number(street="Neuer Weg 1")
    assert number() != number(given_name="Emre")


@pytest.mark.parametrize("path", [path for path in (SAMPLE, OFFICIAL) if path.exists()], ids=lambda path: path.name)
def test_official_and_own_sample_are_complete(path: Path) -> None:
    """Every policy holder has a name, every contract a holder, and the trailer's totals were right."""
    portfolio = read_portfolio(path.read_bytes())
    numbers = {holder.external_number for holder in portfolio.holders}
    assert all(contract.holder in numbers for contract in portfolio.contracts)
    assert portfolio.records == len(path.read_bytes().splitlines())
    if path == OFFICIAL:
        assert (len(portfolio.holders), len(portfolio.contracts)) == (10, 14)
        assert sum(contract.premium_minor_units or 0 for contract in portfolio.contracts) == 480_600


def test_layouts_agree_with_the_norm() -> None:
    """No two fields of a part overlap, and each stands where the association's own description puts it."""
    norm = NORM.read_text(encoding="latin-1") if NORM.exists() else ""
    for layout in (gdv_layouts.HEADER, gdv_layouts.TRAILER, *gdv_layouts.ADDRESS, *gdv_layouts.CONTRACT):
        ordered = sorted(layout.fields.values(), key=lambda field: field.first)
        assert all(one.last < two.first for one, two in itertools.pairwise(ordered))
        described = _part_of_norm(norm, layout.record_type, layout.part or "1")
        for field in layout.fields.values():
            assert not norm or f"{field.first:03d}-{field.last:03d}-" in described, (layout.record_type, field)


def _part_of_norm(norm: str, record_type: str, part: str) -> str:
    for block in norm.split("<satzart>")[1:]:
        if re.search(rf"<auspraegung>{record_type}</auspraegung>", block):
            return next(found for found in block.split("<satzanfang ") if found.startswith(f'teilsatz="{part}"'))
    return ""


def read_or_refuse(content: bytes) -> Portfolio | None:
    """Return the portfolio, or None for a refusal that says something; any other exception fails the test."""
    try:
        return read_portfolio(content)
    except GdvFileError as error:
        problems = error.problems
    assert 1 <= len(problems) <= 20
    assert all(problem.message for problem in problems)
    return None


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No input makes the reader fail in any other way than by a refusal."""
    read_or_refuse(content)


@settings(max_examples=300)
@given(st.integers(0, 17 * 257 - 1), st.binary(min_size=1, max_size=12))
def test_any_damage_is_read_or_refused(at: int, damage: bytes) -> None:
    """A file damaged anywhere is refused or read completely, never in part."""
    content = SAMPLE.read_bytes()
    portfolio = read_or_refuse(content[:at] + damage + content[at + len(damage) :])
    assert portfolio is None or portfolio.records == 50


_latin = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]), min_size=1, max_size=30)


@settings(max_examples=200)
@given(
    family=_latin,
    given=_latin,
    premium=st.integers(0, 10**12 - 1),
    number=st.from_regex(r"[A-Z0-9]{1,17}", fullmatch=True),
)
def test_what_is_written_is_read(gdv: ModuleType, family: str, given: str, premium: int, number: str) -> None:
    """Names, premiums and numbers come back as they were written."""
    person = gdv.Person(family, given, "K1", policies=[gdv.Policy(number, "040", premium)])
    portfolio = read_portfolio(gdv.gdv_file(gdv.Package("1188", "Elbe", [person])))
    (holder,), (contract,) = portfolio.holders, portfolio.contracts
    assert (holder.family_name, holder.given_name) == (family.strip(), given.strip())
    assert (contract.policy, contract.premium_minor_units) == (number, premium)
