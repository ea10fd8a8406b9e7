"""The form of an English mail."""

from __future__ import annotations

from kontor_notifications.mail_text import MailText


def english(subject: str, text: str, button: str = "") -> MailText:
    """Return a mail that says the same to whom a firm says Sie and to whom it says Du."""
    return MailText(subject, text, text, button)
