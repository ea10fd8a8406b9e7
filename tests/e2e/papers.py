"""Papers of the journey, made on the spot: real PDFs of any size and a small GDV portfolio."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import pikepdf

SIDE = 512
"""Pixels along each edge of the scanned picture that fills a page; three bytes each."""


def pdf_of(at_least: int) -> bytes:
    """Return a valid multi-page PDF of at least so many bytes, each page a picture that cannot be compressed."""
    document = pikepdf.new()
    while len(document.pages) * SIDE * SIDE * 3 < at_least:
        picture = pikepdf.Stream(document, os.urandom(SIDE * SIDE * 3))
        picture["/Type"] = pikepdf.Name.XObject
        picture["/Subtype"] = pikepdf.Name.Image
        picture["/Width"] = SIDE
        picture["/Height"] = SIDE
        picture["/ColorSpace"] = pikepdf.Name.DeviceRGB
        picture["/BitsPerComponent"] = 8
        page = document.add_blank_page(page_size=(595, 842))
        page.obj["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=picture))
        page.obj["/Contents"] = pikepdf.Stream(document, b"q 595 0 0 842 0 0 cm /Scan Do Q")
    written = io.BytesIO()
    document.save(written, compress_streams=False)
    return written.getvalue()


def pages_of(content: bytes) -> int:
    """Return the number of pages; raises what pikepdf raises for something that is no PDF."""
    with pikepdf.open(io.BytesIO(content)) as document:
        return len(document.pages)


def joined(parts: Sequence[bytes]) -> bytes:
    """Return several PDFs as one, the way a scanner does with a pile."""
    with pikepdf.new() as pile:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as document:
                pile.pages.extend(document.pages)
        written = io.BytesIO()
        pile.save(written)
    return written.getvalue()
