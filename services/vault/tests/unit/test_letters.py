"""What is recognised in German letters as they come (F1, F146): type, sender, day, due day, number of a contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor.vault.v1.vault_pb2 import DocumentKind
from kontor_vault.recognising.letters import Facts, names_contract, recognise

TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Letter:
    """A letter and what a person reads in it."""

    text: str
    sender: str
    name: str
    kind: str
    dated_on: str
    due_on: str = ""
    contract: str = ""
    not_contract: str = ""


PREMIUM = Letter(
    """Allianz Versicherungs-AG, 10900 Berlin

Frau
Julia Brandt
Elbchaussee 12
22765 Hamburg

Ihre Ansprechpartnerin
Frau Schulz, Telefon 0 40.12 34-5 67
Hamburg, 02.01.2026

Beitragsrechnung zu Ihrer Kfz-Versicherung
Versicherungsschein-Nr. AS-9312 4711 88

Sehr geehrte Frau Brandt,
für die Zeit vom 01.02.2026 bis 31.01.2027 berechnen wir Ihnen folgenden Beitrag:
Beitrag 412,30 EUR
Versicherungsteuer 78,34 EUR
Bitte überweisen Sie den Betrag von 490,64 EUR bis spätestens zum 01.02.2026 auf unser Konto.

Mit freundlichen Grüßen
Ihre Allianz
""",
    "Allianz",
    "Beitragsrechnung",
    "INVOICE",
    "2026-01-02",
    "2026-02-01",
    "AS-9312471188",
    "AS-9312471189",
)
DEBITED = Letter(
    """HUK-COBURG
Versicherungsgruppe
96440 Coburg

Herrn Mehmet Yildiz
Lange Reihe 5
20099 Hamburg
Coburg, den 15. Dezember 2025

Ihre Beitragsrechnung 2026
Versicherungsnummer 700/123456-K

Guten Tag Herr Yildiz,
der Beitrag von 311,20 EUR ist am 01.01.2026 fällig. Wir ziehen ihn per SEPA-Lastschrift von Ihrem Konto ein,
Sie brauchen nichts zu tun.
Freundliche Grüße
HUK-COBURG-Allgemeine Versicherung AG
""",
    "HUK-COBURG",
    "Beitragsrechnung",
    "INVOICE",
    "2025-12-15",
    contract="700/123456-K",
)
POLICY = Letter(
    """Gothaer Allgemeine Versicherung AG · Gothaer Allee 1 · 50969 Köln

Familie Brandt
Elbchaussee 12, 22765 Hamburg

Versicherungsschein                                   Datum: 14.03.2026
Privathaftpflichtversicherung
Versicherungsschein-Nummer: 12.345.678-901
Versicherungsbeginn: 01.04.2026, 0 Uhr
Versicherungsablauf: 01.04.2027

Sehr geehrte Familie Brandt,
vielen Dank für Ihr Vertrauen. Es gelten die Allgemeinen Versicherungsbedingungen. Die Rechnung erhalten Sie getrennt.
""",
    "Gothaer",
    "Versicherungsschein",
    "POLICY",
    "2026-03-14",
    contract="12345678901",
)
ADDENDUM = Letter(
    """R+V Allgemeine Versicherung AG
Raiffeisenplatz 1, 65189 Wiesbaden
Wiesbaden, 20.05.2026
Nachtrag Nr. 3 zum Versicherungsschein
Wohngebäudeversicherung Nr. 405 77 123456789
Sehr geehrter Herr Lindner,
wie gewünscht haben wir Ihren Vertrag zum 01.06.2026 geändert. Dieser Nachtrag ist Bestandteil Ihres Vertrages.
""",
    "R+V",
    "Nachtrag",
    "ADDENDUM",
    "2026-05-20",
    contract="405 77 123456789",
)
BENEFIT = Letter(
    """Debeka Krankenversicherungsverein a. G.
56058 Koblenz
Frau Sabine Krüger
Koblenz, 10. April 2026
Leistungsabrechnung Nr. 17
Mitgliedsnummer 99.887.766-5
Sehr geehrte Frau Krüger,
Ihre Belege haben wir geprüft. Erstattungsbetrag: 182,44 EUR. Rechnung vom 01.03.2026 Dr. Weiß 212,00 EUR.
""",
    "Debeka",
    "Leistungsabrechnung",
    "BENEFIT_STATEMENT",
    "2026-04-10",
    contract="998877665",
)
CERTIFICATE = Letter(
    """Techniker Krankenkasse
22291 Hamburg
31.01.2026
Bescheinigung für das Finanzamt über geleistete Beiträge 2025
Sehr geehrte Frau Brandt,
im Jahr 2025 haben Sie folgende Beiträge geleistet.
""",
    "Techniker Krankenkasse",
    "Steuerbescheinigung",
    "CERTIFICATE",
    "2026-01-31",
)
TERMS = Letter(
    """Haftpflichtkasse VVaG
Allgemeine Versicherungsbedingungen für die Privathaftpflichtversicherung (AVB PHV 2024)
Stand 01.01.2024
1 Gegenstand der Versicherung
Versicherungsschutz besteht im Rahmen des versicherten Risikos.
""",
    "Haftpflichtkasse",
    "Versicherungsbedingungen",
    "TERMS",
    "",
)
GYM = Letter(
    """FitWerk Hamburg GmbH & Co. KG
Hammer Straße 3 · 20537 Hamburg
Herrn Tom Lindner
Rechnung Nr. 2026-00831
Rechnungsdatum: 05.03.2026   Kundennummer: 55012
Guten Tag Herr Lindner,
für Ihre Mitgliedschaft berechnen wir 29,90 EUR. Zahlbar innerhalb von 14 Tagen ohne Abzug.
Bankverbindung: Hamburger Sparkasse IBAN DE89 3704 0044 0532 0130 00
""",
    "FitWerk Hamburg GmbH & Co. KG",
    "Rechnung",
    "INVOICE",
    "2026-03-05",
    "2026-03-19",
)
TAX = Letter(
    """Finanzamt Hamburg-Nord
Borsteler Chaussee 45
22453 Hamburg                      12.06.2026
Bescheid für 2025 über Einkommensteuer und Solidaritätszuschlag
Steuernummer 17/123/45678
Festgesetzt werden 1.204,00 EUR. Bitte zahlen Sie spätestens am 15.07.2026 413,00 EUR.
""",
    "Finanzamt Hamburg-Nord",
    "Steuerbescheid",
    "CORRESPONDENCE",
    "2026-06-12",
    "2026-07-15",
)
CANCELLED = Letter(
    """VHV Allgemeine Versicherung AG, 30138 Hannover
Hannover, 30.09.2026
Bestätigung Ihrer Kündigung
Kfz-Versicherung H 12-345678
Sehr geehrte Frau Krüger,
gern bestätigen wir Ihre Kündigung zum 31.12.2026. Bitte senden Sie uns die Erklärung bis zum 15.10.2026 zurück.
""",
    "VHV",
    "Kündigungsbestätigung",
    "CORRESPONDENCE",
    "2026-09-30",
    "2026-10-15",
    contract="H12-345678",
)
PRIVATE = Letter(
    """Liebe Julia,
wie schön, dass ihr uns im Sommer besuchen kommt. Der Garten ist voller Rosen.
Deine Tante Ilse
""",
    "",
    "Schreiben",
    "CORRESPONDENCE",
    "",
)
LETTERS = (PREMIUM, DEBITED, POLICY, ADDENDUM, BENEFIT, CERTIFICATE, TERMS, GYM, TAX, CANCELLED, PRIVATE)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)
def test_a_letter_is_recognised(letter: Letter) -> None:
    """F1, F146, F147: sender, plain name, kind, day, due day and number as a person reads them."""
    facts = recognise(letter.text, "scan0001.pdf", TODAY)
    days = (facts.dated_on, facts.due_on)
    assert (facts.sender, facts.name, DocumentKind.Name(facts.kind)) == (
        letter.sender,
        letter.name,
        f"DOCUMENT_KIND_{letter.kind}",
    )
    assert tuple(str(day or "") for day in days) == (letter.dated_on, letter.due_on)
    if letter.contract:
        assert names_contract(facts, letter.contract), facts.numbers
    if letter.not_contract:
        assert not names_contract(facts, letter.not_contract)


def test_what_says_nothing_makes_no_proposal() -> None:
    """F1: a private letter and an empty page are left in peace."""
    assert not recognise(PRIVATE.text, "Brief.pdf", TODAY).says_something
    assert not recognise("", "IMG_1234.jpg", TODAY).says_something
    assert recognise(PREMIUM.text, "x.pdf", TODAY).says_something


def test_words_broken_at_the_end_of_a_line_are_one() -> None:
    """F1: recognised pages break words."""
    facts = recognise("Allianz AG\nIhre Beitragsrech-\nnung\nSehr geehrte Frau Brandt,\n", "x.pdf", TODAY)
    assert facts.name == "Beitragsrechnung"


def test_the_file_tells_what_the_text_does_not() -> None:
    """F146: an insurer's file says what it is when nothing in its text does."""
    facts = recognise("Allianz AG\nGuten Tag,\nanbei.", "VN_4711882_POL_20260101.pdf", TODAY)
    assert (facts.name, facts.dated_on, facts.file_name) == (
        "Versicherungsschein",
        date(2026, 1, 1),
        "VN_4711882_POL_20260101.pdf",
    )
    assert names_contract(facts, "4711882")


@given(st.text(max_size=2000))
@settings(max_examples=60, deadline=None)
def test_no_text_is_too_strange(text: str) -> None:
    """F1: whatever a file says, recognising it ends, and gives facts within their bounds."""
    facts = recognise(text, text[:80], TODAY)
    assert isinstance(facts, Facts)
    assert len(facts.numbers) <= 40
    assert len(facts.sender) <= 80


def test_numbers_of_the_gdv_sample() -> None:
    """F92, F146: the numbers of contracts in the official sample are found again in a letter that names them."""
    sample = Path(__file__).parents[5] / "shared/data/gdv/musterdatei_041222.txt"
    records = sample.read_bytes().decode("latin-1").splitlines() if sample.exists() else []
    numbers = sorted({record[13:30].strip() for record in records if record.startswith("0200")})
    for number in numbers:
        facts = recognise(f"Allianz\nVersicherungsschein-Nr. {number}\nSehr geehrte Damen,\n", "x.pdf", TODAY)
        assert names_contract(facts, number), number
