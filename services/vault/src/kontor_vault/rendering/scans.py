"""Piles of scanned pages: which codes are on which page, which are blank, and some pages as a PDF of their own.

Runs in the rendering process only.
"""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pikepdf
import pypdfium2
import zxingcpp
from PIL import Image

from kontor_vault.rendering.results import Rendered, State

MOST_PAGES = 1000
_SHEETS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_DPI = 150
_MOST_PIXELS = 6_000_000
_LARGE = 0.2
"""Of the page's width: a code as wide as those of separator sheets; smaller ones that cannot be read are a sender's."""
_DARKER = 30
_BLANK_DOTS = 45
"""Dots at 75 dpi that dust may leave on a blank page; one short word has some hundred."""
_KEPT_KEYS = frozenset({"/Type", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Resources", "/UserUnit", "/Parent"})


def surveyed(content: bytes, first: int, count: int) -> Rendered:
    """Return what is seen on `count` pages from `first`, counted from 0, as JSON with the number of all."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as refused:
        return Rendered(State.ENCRYPTED if "password" in str(refused).lower() else State.BROKEN)
    total = len(document)
    if not 0 < total <= MOST_PAGES:
        return Rendered(State.TOO_LARGE if total else State.BROKEN)
    try:
        seen = [_seen(document[number]) for number in range(first, min(first + count, total))]
    except pypdfium2.PdfiumError:
        return Rendered(State.BROKEN)
    return Rendered(State.READY, json.dumps({"total": total, "pages": seen}).encode())


def taken(content: bytes, pages: list[int]) -> Rendered:
    """Return some pages as a PDF with nothing of any other page in it."""
    with pikepdf.open(io.BytesIO(content)) as pile, pikepdf.new() as piece:
        pile.remove_unreferenced_resources()
        for number in pages:
            page = pile.pages[number]
            for key in [key for key in page.obj.keys() if key not in _KEPT_KEYS]:  # noqa: SIM118 - not a mapping
                del page.obj[key]
            piece.pages.append(page)
        out = io.BytesIO()
        piece.save(out, deterministic_id=True)
    return Rendered(State.READY, out.getvalue())


def _seen(page: Any) -> dict[str, object]:
    wide, high = page.get_size()
    if wide <= 0 or high <= 0:
        return {"codes": [], "damaged": False, "blank": True}
    scale = min(_DPI / 72, (_MOST_PIXELS / (wide * high)) ** 0.5)
    picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    found = zxingcpp.read_barcodes(picture, formats=_SHEETS, return_errors=True)
    codes = [code.text for code in found if code.valid]
    damaged = not codes and any(_width(code.position) > _LARGE * min(picture.size) for code in found)
    return {"codes": codes, "damaged": damaged, "blank": not found and _is_blank(picture)}


def _width(position: zxingcpp.Position) -> float:
    left, right = position.top_left, position.top_right
    return math.hypot(right.x - left.x, right.y - left.y)


def _is_blank(picture: Image.Image) -> bool:
    """Whether nothing stands out from the paper but dust; a doubt keeps the page."""
    small = picture.reduce(2)
    histogram = small.histogram()
    half, paper = small.width * small.height / 2, 255
    while paper and sum(histogram[paper:]) < half:
        paper -= 1
    return sum(histogram[: max(paper - _DARKER, 0)]) < _BLANK_DOTS
