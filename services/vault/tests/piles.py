"""Piles of paper as a scanner delivers them: each page a picture, sheets among them as they are printed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pikepdf
import zxingcpp
from kontor_vault.scan_codes import code_of
from PIL import Image, ImageDraw

SIZE = (827, 1169)
"""A4 at 100 dpi."""
_CODE_AT = (270, 150)


def letter(mark: str) -> Image.Image:
    """Return a page with a line of text on it."""
    page = Image.new("L", SIZE, 250)
    ImageDraw.Draw(page).text((120, 200), f"Sehr geehrte Frau Brandt, {mark}", fill=20, font_size=24)
    return page


def blank() -> Image.Image:
    """Return a page with nothing on it but two specks of dust."""
    page = Image.new("L", SIZE, 245)
    ImageDraw.Draw(page).point([(100, 100), (400, 900)], fill=60)
    return page


def sheet(code: str, *, damaged: bool = False) -> Image.Image:
    """Return a separator sheet, a little askew; a damaged one says nothing any more."""
    drawn = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="Q").to_image(scale=7)
    page = Image.new("L", SIZE, 255)
    page.paste(Image.fromarray(drawn), _CODE_AT)
    if damaged:
        left, top = _CODE_AT
        ImageDraw.Draw(page).rectangle((left + 80, top + 80, left + 220, top + 220), fill=0)
    return page.rotate(2, fillcolor=255)


def forged(sheet_id: str, expire_time: datetime) -> str:
    """Return the code of a sheet that exists, signed with a key that is not its customer's."""
    return code_of(UUID(sheet_id), expire_time, b"x" * 32)


def pile(pages: Sequence[Image.Image]) -> bytes:
    """Return pages as one PDF that shares one directory of resources, as some scanners write it."""
    made = io.BytesIO()
    pages[0].save(made, "PDF", resolution=100, save_all=True, append_images=pages[1:])
    with pikepdf.open(made) as document:
        shared = pikepdf.Dictionary()
        for number, page in enumerate(document.pages):
            name = f"/Scan{number}"
            shared[name] = page.obj.Resources.XObject["/image"]
            page.obj.Contents = document.make_stream(page.Contents.read_bytes().replace(b"/image", name.encode()))
        resources = document.make_indirect(pikepdf.Dictionary(XObject=shared))
        for page in document.pages:
            page.obj.Resources = resources
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def pictures_in(content: bytes) -> set[bytes]:
    """Return every picture that a PDF carries anywhere, shown or not."""
    with pikepdf.open(io.BytesIO(content)) as document:
        found = (each for each in document.objects if isinstance(each, pikepdf.Stream))
        return {each.read_raw_bytes() for each in found if each.get("/Subtype") == "/Image"}
