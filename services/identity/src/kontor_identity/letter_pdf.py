"""Letters with a code as PDF/A-3a and PDF/UA-1: DIN 5008 address field, code, QR code, in the firm's name and colour.

A pure function of letters and sender; fonts are typst's own. Boundary: no storage, no codes of its own making.
"""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import segno
import typst
from kontor.identity.v1.people_pb2 import AddressForm

from kontor_identity.letter_words import ACCESS_LETTER as ACCESS_LETTER
from kontor_identity.letter_words import IDENTITY_LETTER as IDENTITY_LETTER
from kontor_identity.letter_words import LetterWords

TEMPLATE: Final = Path(__file__).parent / "data" / "access_letter.typ"
STANDARDS: Final[list[Any]] = ["a-3a", "ua-1"]
DEFAULT_COLOR: Final = "#12355b"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")

_compiler: typst.Compiler | None = None
_compiling = threading.Lock()


@dataclass(frozen=True)
class Sender:
    """The firm as its letters show it."""

    name: str
    street: str
    place: str
    email: str
    phone: str
    color: str
    printed_on: date
    logo: bytes = b""
    logo_type: str = ""


@dataclass(frozen=True)
class Letter:
    """One letter: to whom, how addressed, with which code for which page, in which words."""

    lines: Sequence[str]
    greeting: str
    form: int
    code: str
    page: str
    valid_until: date
    words: LetterWords


def letters_pdf(letters: Sequence[Letter], sender: Sender) -> bytes:
    """Return one PDF of all letters. Takes some 10 ms of CPU a letter: call it in a thread."""
    global _compiler
    document = json.dumps(_content(letters, sender), ensure_ascii=False)
    with _compiling:
        if _compiler is None:
            _compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
        pdf = _compiler.compile(format="pdf", sys_inputs={"document": document}, pdf_standards=STANDARDS)
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave pages instead of one document")
    return pdf


def _content(letters: Sequence[Letter], sender: Sender) -> dict[str, Any]:
    return {
        "title": letters[0].words.title,
        "color": sender.color if _COLOR.fullmatch(sender.color) else DEFAULT_COLOR,
        "logo": _logo(sender),
        "sender": {
            "name": sender.name,
            "line": " · ".join(part for part in (sender.name, sender.street, sender.place) if part),
            "contact": " · ".join(part for part in (sender.email, sender.phone) if part),
            "place": sender.place.partition(" ")[2],
        },
        "day": f"{sender.printed_on:%d.%m.%Y}",
        "letters": [_one(letter) for letter in letters],
    }


def _one(letter: Letter) -> dict[str, Any]:
    informal = letter.form == AddressForm.ADDRESS_FORM_DU
    target = f"{letter.page}{'&' if '?' in letter.page else '?'}{urlencode({'code': letter.code})}"
    return {
        **asdict(letter.words.informal if informal else letter.words.formal),
        "code_label": letter.words.code_label,
        "lines": list(letter.lines),
        "greeting": letter.greeting,
        "code": letter.code,
        "page": letter.page.partition("://")[2],
        "valid_until": f"{letter.valid_until:%d.%m.%Y}",
        "qr": _qr_code(target),
    }


def _qr_code(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, error="m").save(drawn, kind="svg", border=0, omitsize=True, xmldecl=False)
    return drawn.getvalue().decode()


def _logo(sender: Sender) -> str:
    """Return the logo as an SVG picture, whatever kind it is; empty without one."""
    if not sender.logo:
        return ""
    content = base64.b64encode(sender.logo).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 64"><image width="260" height="64"'
        f' preserveAspectRatio="xMinYMid meet" href="data:{sender.logo_type};base64,{content}"/></svg>'
    )
