"""Mails in English: as complete as in German, with figures as English readers know them."""

from __future__ import annotations

from datetime import UTC, datetime
from string import Template

import pytest
from kontor_chassis.ids import new_id
from kontor_notifications.english.figures import in_english
from kontor_notifications.english.texts import ENGLISH
from kontor_notifications.mail_text import MailText
from kontor_notifications.mail_texts import TEXTS
from kontor_notifications.mails import Addressee, Firm, Outgoing, compose_mail
from kontor_notifications.wording import Form

FIRM = Firm("Hansen & Partner", "buero@hansen.example", "040 123456", "Elbchaussee 1, 22765 Hamburg", "#12355b")


def names_in(text: MailText, body: str) -> set[str]:
    """Return the parameters that a mail says."""
    return {name for part in (text.subject, body) for name in Template(part).get_identifiers()}


def test_every_mail_exists_in_english() -> None:
    """NOT, F172: no mail stays German for whom English was chosen."""
    assert set(ENGLISH) == set(TEXTS)


@pytest.mark.parametrize("template", sorted(ENGLISH))
def test_it_says_the_same(template: str) -> None:
    """NOT: the same parameters and a button where the German mail has one; no German word slips in."""
    german, english = TEXTS[template], ENGLISH[template]
    assert names_in(english, english.formal) == names_in(german, german.formal)
    assert bool(english.button) == bool(german.button)
    words = set(f"{english.subject} {english.formal} {english.button}".split())
    assert not words & {"Sie", "Ihr", "Ihre", "Ihnen", "der", "die", "das", "und", "ist", "nicht", "ansehen"}


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("01.07.2026", "1 July 2026"),
        ("15.12.2026, 09:05 Uhr", "15 December 2026, 09:05 (German time)"),
        ("1.234,50 €", "€1,234.50"),
        ("-0,36 €", "-€0.36"),
        ("storniert", "cancelled"),
        ("in 7 Tagen", "in 7 days"),
        (" Der Zugriff endet am 01.07.2026, 12:00 Uhr.", " Access ends on 1 July 2026, 12:00 (German time)."),
        (" Darin enthalten ist eine Mahngebühr von 2,50 €.", " This includes a reminder fee of €2.50."),
        ("Gutachten am 01.07.2026", "Gutachten am 01.07.2026"),
    ],
)
def test_figures_in_english(german: str, english: str) -> None:
    """NOT: days, moments and amounts are said in English; a title stays as somebody wrote it."""
    assert in_english({"given": german}) == {"given": english}


def test_names_are_joined_in_english() -> None:
    """F75: two supporters are joined by "and", whatever they are called."""
    assert in_english({"supporters": "Anna Moser und Tom Lindner"}) == {"supporters": "Anna Moser and Tom Lindner"}


@pytest.mark.parametrize("form", list(Form))
def test_an_english_mail(form: Form) -> None:
    """F172: greeting, regards, button and headers are English; the firm's name and address stay."""
    addressee = Addressee("julia@mail.example", "Julia Brandt", "Dear Ms Brandt", form, "en")
    parameters = {"number": "R-7", "gross": "1.234,50 €"}
    link = "https://kontor.example/kunde"
    outgoing = Outgoing(
        new_id(), "invoice_issued", parameters, FIRM, addressee, link, datetime(2026, 7, 1, 10, tzinfo=UTC)
    )
    message = compose_mail(outgoing, "post@kontor.example")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    said = text.get_content()
    assert said.startswith("Dear Ms Brandt,")
    assert "your invoice R-7 over €1,234.50 is ready for you." in said
    assert "Kind regards" in said
    assert "Phone 040 123456" in said
    assert 'lang="en"' in html.get_content()
    assert (message["Content-Language"], message["Subject"]) == ("en", "Your invoice R-7")
