"""The text of PDFs, pictures, Office files and plain text; runs in the reading process only.

A page of a PDF without a text layer is drawn and recognised, as a picture is. Tesseract takes the drawing from a pipe
and writes no file, which is why it is called itself and not through OCRmyPDF, whose work is PDFs in folders (ADR 16).
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from kontor_vault.reading.results import MOST_CHARACTERS, MOST_PAGES, MOST_RECOGNISED_PAGES, Reading

_DOTS_PER_INCH = 300
_MOST_PIXELS = 40_000_000
_LEAST_LETTERS = 20
"""A page with fewer letters is taken for a picture: scanners print a line of their own."""
_PAGE_SECONDS = 30
_MOST_UNPACKED = 32 << 20
_OFFICE_PARTS = re.compile(r"word/(document|header\d*|footer\d*)\.xml|xl/sharedStrings\.xml|ppt/slides/slide\d+\.xml")
_OPEN_DOCUMENT_PARTS = re.compile(r"content\.xml")


def read(content: bytes, media_type: str, recogniser: str) -> Reading:
    """Return the text of a file; `recogniser` is the command of text recognition, empty where there is none."""
    if media_type == "application/pdf":
        return _of_pdf(content, recogniser)
    if media_type.startswith("image/"):
        return _of_picture(content, recogniser)
    if media_type in {"text/plain", "application/xml"}:
        return Reading(_plain(content)[:MOST_CHARACTERS], 1)
    if media_type.startswith("application/vnd.o"):
        return _of_office(content, _OFFICE_PARTS if "openxmlformats" in media_type else _OPEN_DOCUMENT_PARTS)
    return Reading()


def _of_pdf(content: bytes, recogniser: str) -> Reading:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return Reading(is_unreadable=True)
    texts: list[str] = []
    pictures = characters = 0
    pages = min(len(document), MOST_PAGES)
    for number in range(pages):
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        if sum(map(str.isalpha, text)) < _LEAST_LETTERS and _has_picture(page):
            pictures += 1
            if recogniser and pictures <= MOST_RECOGNISED_PAGES:
                text = _recognised(_drawn(page), recogniser)
        texts.append(text)
        characters += len(text)
        if characters >= MOST_CHARACTERS:
            break
    text = _tidy("\n".join(texts))
    return Reading(text, pages, needs_recognition=bool(pictures) and not recogniser)


def _has_picture(page: Any) -> bool:
    return next(iter(page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)), None) is not None


def _drawn(page: Any) -> Image.Image:
    width, height = page.get_size()
    scale = _DOTS_PER_INCH / 72
    scale = min(scale, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    picture: Image.Image = page.render(scale=scale, grayscale=True).to_pil()
    return picture


def _of_picture(content: bytes, recogniser: str) -> Reading:
    if not recogniser:
        return Reading(pages=1, needs_recognition=True)
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return Reading(is_unreadable=True)
            upright = ImageOps.exif_transpose(opened).convert("L")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return Reading(is_unreadable=True)
    return Reading(_tidy(_recognised(upright, recogniser)), 1)


def _recognised(picture: Image.Image, recogniser: str) -> str:
    drawn = io.BytesIO()
    picture.save(drawn, "PNG", compress_level=1)
    command = [recogniser, "stdin", "stdout", "-l", "deu", "--dpi", str(_DOTS_PER_INCH)]
    try:
        done = subprocess.run(  # noqa: S603 - the command of the settings, within the limits of this process
            command,
            input=drawn.getvalue(),
            capture_output=True,
            timeout=_PAGE_SECONDS,
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _of_office(content: bytes, parts: re.Pattern[str]) -> Reading:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [info for info in archive.infolist() if parts.fullmatch(info.filename)]
            if sum(info.file_size for info in found) > _MOST_UNPACKED:
                return Reading(is_unreadable=True)
            text = "\n".join(" ".join(_words_of(archive.read(info))) for info in found)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ElementTree.ParseError):
        return Reading(is_unreadable=True)
    return Reading(_tidy(text), 1)


def _words_of(part: bytes) -> Iterator[str]:
    if b"<!DOCTYPE" in part[:4096]:  # Office writes none; entities would unpack without end
        return
    for element in ElementTree.fromstring(part).iter():  # noqa: S314 - no document type, bounded in size and memory
        yield from filter(None, ((element.text or "").strip(), (element.tail or "").strip()))


def _plain(content: bytes) -> str:
    try:
        return _tidy(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _tidy(content.decode("cp1252", "replace"))


def _tidy(text: str) -> str:
    """Return a text with words joined that a line's end broke, and without what no database takes."""
    joined = re.sub(r"(\w)[-\xad\ufffe]\r?\n(?=[a-zäöüß])", r"\1", text).replace("\x00", " ")
    return re.sub(r"[ \t\r\f\v\xa0]+", " ", joined).strip()[:MOST_CHARACTERS]
