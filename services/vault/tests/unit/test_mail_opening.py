"""Mails taken apart, and when their senders are believed."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_vault.mail_opening import MailUnreadableError, is_proven, opened_mail

_SENDER = "julia@mail.example"


def test_attachments_come_out_and_pictures_of_the_text_do_not() -> None:
    """Section 7, DOC: what somebody attached becomes a document, not the letterhead that his text shows."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = (
        f"Julia <{_SENDER.upper()}>",
        "Rechnung  Mai",
        "<1@mail.example>",
    )
    mail.set_content("Anbei.")
    mail.add_alternative("<img src='cid:logo'>", subtype="html")
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(b"logo", "image", "png", cid="<logo>", filename="logo.png", disposition="inline")
    mail.add_attachment(b"%PDF-1.7 eins", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    mail.add_attachment(b"zwei", maintype="application", subtype="octet-stream")
    opened = opened_mail(bytes(mail), "mx.kontor.example")
    assert (opened.sender, opened.subject, opened.message_id) == (_SENDER, "Rechnung Mai", "<1@mail.example>")
    assert [(each.file_name, each.content) for each in opened.attachments] == [
        ("Übersicht.pdf", b"%PDF-1.7 eins"),
        ("Anlage", b"zwei"),
    ]
    assert not opened.is_proven


@pytest.mark.parametrize("senders", ["", "a@b.example, c@d.example", "niemand"])
def test_a_mail_needs_one_sender(senders: str) -> None:
    """Section 7, DOC: whoever cannot be told is nobody who was let in."""
    with pytest.raises(MailUnreadableError):
        opened_mail(f"From: {senders}\r\n\r\nHallo".encode(), "")


@pytest.mark.parametrize(
    ("result", "believed"),
    [
        ("mx.kontor.example; dmarc=pass header.from=mail.example", True),
        ("mx.kontor.example; dkim=pass header.d=mail.example", True),
        ("mx.kontor.example; spf=pass smtp.mailfrom=bounce@mail.example", True),
        ("mx.kontor.example; dmarc=fail header.from=mail.example", False),
        ("mx.kontor.example; dkim=pass header.d=angreifer.example", False),
        ("mx.kontor.example; dkim=pass header.d=example", False),
        ("mx.kontor.example; spf=pass smtp.mailfrom=x@angreifer.example; dkim=none", False),
        ("mx.angreifer.example; dmarc=pass header.from=mail.example", False),
        ("mx.kontor.example; none", False),
        ("", False),
    ],
)
def test_only_what_the_configured_server_says_is_believed(result: str, believed: bool) -> None:
    """Section 7, DOC: a sender is proved by our mail server alone, for a domain that is his."""
    assert is_proven(_SENDER, [result], "mx.kontor.example") is believed
    assert not is_proven(_SENDER, [result], "")


def test_results_below_the_topmost_say_nothing() -> None:
    """Section 7, DOC: a sender can write such a line himself; ours stands above it."""
    forged = "mx.kontor.example; dmarc=pass header.from=mail.example"
    lines = f"Authentication-Results: mx.kontor.example; dmarc=fail\r\nAuthentication-Results: {forged}"
    mail = f"{lines}\r\nFrom: {_SENDER}\r\n\r\nHallo".encode()
    assert not opened_mail(mail, "mx.kontor.example").is_proven
    assert opened_mail(f"Authentication-Results: {forged}\r\nFrom: {_SENDER}\r\n\r\n".encode(), "mx.kontor.example")


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_nothing_in_results_breaks_it(result: str) -> None:
    """Section 7, DOC: whatever a stranger writes there, he is not believed."""
    assert not is_proven(_SENDER, [result], "mx.kontor.example")
