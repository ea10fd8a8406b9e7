"""PDF: a picture of a page, and a copy without anything that acts by itself. Runs in the rendering process only."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image

from kontor_vault.rendering.results import Rendered, State

_MOST_PIXELS = 12_000_000
_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/GoToE",
    "/Rendition",
    "/Movie",
    "/Sound",
}
_ANNOTATIONS = {"/RichMedia", "/Screen", "/3D", "/Movie", "/Sound", "/FileAttachment"}
"""What acts, plays or carries files; links to web pages stay."""


def page_picture(content: bytes, number: int, width: int) -> Image.Image | Rendered:
    """Return a page, counted from 1, as a picture of about `width` pixels."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as refused:
        return Rendered(State.ENCRYPTED if "password" in str(refused).lower() else State.BROKEN)
    if not 1 <= number <= len(document):
        return Rendered(State.BROKEN)
    page = document[number - 1]
    wide, high = page.get_size()
    if wide <= 0 or high <= 0:
        return Rendered(State.BROKEN)
    scale = min(width / wide, (_MOST_PIXELS / (wide * high)) ** 0.5)
    picture: Image.Image = page.render(scale=scale).to_pil()
    return picture.convert("RGB")


def cleaned(content: bytes) -> Rendered:
    """Return the PDF without scripts, automatic actions, embedded files and XFA; UNCHANGED when it has none."""
    try:
        document = pikepdf.open(io.BytesIO(content))
    except pikepdf.PasswordError:
        return Rendered(State.ENCRYPTED)
    except pikepdf.PdfError:
        return Rendered(State.BROKEN)
    with document:
        removed = _strip_root(document.Root) + sum(_strip_page(page.obj) for page in document.pages)
        if not removed:
            return Rendered(State.UNCHANGED)
        out = io.BytesIO()
        document.save(out)
    return Rendered(State.READY, out.getvalue())


def _strip_root(root: Any) -> int:
    removed = _drop(root, "/OpenAction", "/AA")
    if "/Names" in root:
        removed += _drop(root.Names, "/JavaScript", "/EmbeddedFiles")
    if "/AcroForm" in root:
        removed += _drop(root.AcroForm, "/XFA")
        removed += sum(_strip_field(field, 0) for field in root.AcroForm.get("/Fields", []))
    return removed


def _strip_field(field: Any, depth: int) -> int:
    removed = _drop(field, "/AA") + _drop_action(field)
    kids = field.get("/Kids", []) if depth < 50 else []
    return removed + sum(_strip_field(kid, depth + 1) for kid in kids)


def _strip_page(page: Any) -> int:
    removed = _drop(page, "/AA")
    annotations = page.get("/Annots", [])
    kept = [each for each in annotations if str(each.get("/Subtype", "")) not in _ANNOTATIONS]
    if len(kept) < len(annotations):
        removed += len(annotations) - len(kept)
        page.Annots = pikepdf.Array(kept)
    return removed + sum(_drop(each, "/AA") + _drop_action(each) for each in kept)


def _drop_action(holder: Any) -> int:
    action = holder.get("/A")
    if not isinstance(action, pikepdf.Dictionary):
        return 0
    if str(action.get("/S", "")) in _ACTIONS or "/Next" in action:
        return _drop(holder, "/A")
    return 0


def _drop(holder: Any, *names: str) -> int:
    found = [name for name in names if name in holder]
    for name in found:
        del holder[name]
    return len(found)
