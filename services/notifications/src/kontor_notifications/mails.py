"""Turns what a mail says into a message: text and HTML in the firm's colours, sent in the firm's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

import mrml
from jinja2 import Environment, PackageLoader, StrictUndefined

from kontor_notifications.english.figures import in_english
from kontor_notifications.english.texts import ENGLISH
from kontor_notifications.mail_texts import TEXTS
from kontor_notifications.wording import Form

_DEFAULT_COLOR = "#1f3a5f"
_GERMAN_WORDS = {
    "language": "de",
    "regards": "Freundliche Grüße",
    "copy": "Adresse zum Kopieren",
    "phone": "Telefon",
    "email": "E-Mail",
}
_ENGLISH_WORDS = {
    "language": "en",
    "regards": "Kind regards",
    "copy": "Address to copy",
    "phone": "Phone",
    "email": "E-mail",
}
_HTML = Environment(
    loader=PackageLoader("kontor_notifications"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_TEXT = Environment(
    loader=PackageLoader("kontor_notifications"),
    autoescape=False,  # noqa: S701 - the plain text part; the HTML part has an environment of its own
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True)
class Firm:
    """In whose name a mail goes out."""

    name: str
    email: str
    phone: str
    address: str
    primary_color: str = ""
    origin: str = ""
    """Origin of the firm's own domain (F79); links lead there. Empty: the platform's."""


@dataclass(frozen=True)
class Addressee:
    """To whom a mail goes."""

    email: str
    name: str
    greeting: str
    """Opening of the letter, without the comma."""
    form: Form
    language: str = "de"
    """In which language he is written to: "de" or "en"; the greeting is in it."""


@dataclass(frozen=True)
class Outgoing:
    """Everything a mail is made of."""

    mail_id: UUID
    template: str
    parameters: Mapping[str, str]
    firm: Firm
    addressee: Addressee
    link: str
    """Absolute address of the page to open; empty for a mail without one."""
    written: datetime


def compose_mail(mail: Outgoing, sender_address: str) -> EmailMessage:
    """Return the message. The same mail always has the same Message-ID, so that a repetition can be recognised."""
    is_english = mail.addressee.language == "en" and mail.template in ENGLISH
    text = ENGLISH[mail.template] if is_english else TEXTS[mail.template]
    parameters = in_english(mail.parameters) if is_english else dict(mail.parameters)
    parameters["firm"] = mail.firm.name
    words = _ENGLISH_WORDS if is_english else _GERMAN_WORDS
    given = {
        "subject": text.subject_with(parameters),
        "greeting": mail.addressee.greeting,
        "paragraphs": text.paragraphs(mail.addressee.form, parameters),
        "button": text.button if mail.link else "",
        "link": mail.link,
        "firm": mail.firm,
        "color": mail.firm.primary_color or _DEFAULT_COLOR,
        "words": words,
    }
    user, _, domain = sender_address.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(mail.firm.name), user, domain)
    message["To"] = Address(_one_line(mail.addressee.name), addr_spec=mail.addressee.email)
    reply_to = _reply_to(mail.firm)
    if reply_to is not None:
        message["Reply-To"] = reply_to
    message["Subject"] = given["subject"]
    message["Date"] = format_datetime(mail.written)
    message["Message-ID"] = f"<{mail.mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXT.get_template("mail.txt.j2").render(given))
    mjml = _HTML.get_template("mail.mjml.j2").render(given)
    message.add_alternative(mrml.to_html(mjml).content, subtype="html")
    message["Content-Language"] = words["language"]  # before its parts were there it would have gone to one of them
    return message


def _reply_to(firm: Firm) -> Address | None:
    """Return where answers go; None when the firm has no address, or one that cannot be written to."""
    try:
        return Address(_one_line(firm.name), addr_spec=firm.email) if firm.email else None
    except (MessageError, ValueError, IndexError):  # all that the parser of addresses raises
        return None


def _one_line(name: str) -> str:
    return " ".join(name.split())
