"""Papers of the demo, set with typst: letters as PDF, and a firm's mark as SVG."""

from __future__ import annotations

import typst

LETTER = """
#set document(title: "{title}", author: "{sender}")
#set page(paper: "a4", margin: (x: 25mm, y: 30mm))
#set text(lang: "de", size: 11pt)
#text(size: 9pt, fill: luma(90))[{sender}]
#v(12mm)
{recipient}
#v(12mm)
= {title}
#v(4mm)
{body}
"""


def letter(title: str, sender: str, recipient: str, paragraphs: list[str]) -> bytes:
    """Return a letter as PDF; the texts are plain text."""
    body = "\n\n".join(_plain(paragraph) for paragraph in paragraphs)
    source = LETTER.format(title=_plain(title), sender=_plain(sender), recipient=_plain(recipient), body=body)
    document = typst.compile(source.encode("utf-8"), format="pdf")
    if not isinstance(document, bytes):
        raise TypeError("a letter is one document")
    return document


def mark(letters: str, color: str) -> bytes:
    """Return a firm's mark: its initials on a round field of its colour."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
        f'<circle cx="32" cy="32" r="32" fill="{color}"/>'
        '<text x="32" y="42" text-anchor="middle" font-family="Georgia, serif" font-size="28" fill="#ffffff">'
        f"{letters}</text></svg>"
    ).encode()


def _plain(text: str) -> str:
    """Keep typst from reading signs of a text as its markup."""
    return "".join("\\" + sign if sign in "\\#*_`$<>@[]\"=-+/~'" else sign for sign in text)
