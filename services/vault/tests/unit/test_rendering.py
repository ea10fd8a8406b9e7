"""Previews, photos as PDF and cleaned PDFs, in the process that does it; broken and hostile files end clearly."""

from __future__ import annotations

import io
import os
import zlib

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontor_vault.rendering.process import LARGEST_BYTES, render
from kontor_vault.rendering.results import Rendered, State
from PIL import Image

PREVIEW = {"what": "preview", "page": 1, "width": 400}


def pdf(*, script: bool = False, password: str = "") -> bytes:
    """Return a PDF of one page."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(595, 842))
    if script:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        document.Root.OpenAction = action
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(link)])
        document.attachments["böse.exe"] = b"MZ"
    out = io.BytesIO()
    document.save(out, encryption=pikepdf.Encryption(user=password, owner=password) if password else None)
    return out.getvalue()


def photo(size: tuple[int, int], kind: str = "JPEG", orientation: int = 1) -> bytes:
    """Return a photo that carries a place."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Geheimkamera"
    out = io.BytesIO()
    Image.new("RGB", size, "steelblue").save(out, kind, exif=exif)
    return out.getvalue()


def done(job: dict[str, object], *contents: bytes) -> Rendered:
    """Render contents that lie in memory."""
    return render(job, *((len(content), [content]) for content in contents))


def test_pages_and_photos_become_small_pictures() -> None:
    """F1, F67: as wide as asked for, the right way up, and without what the camera wrote."""
    page = done(PREVIEW, pdf())
    assert (page.state, Image.open(io.BytesIO(page.content)).format) == (State.READY, "WEBP")
    assert abs(Image.open(io.BytesIO(page.content)).width - 400) <= 1
    upright = done(PREVIEW, photo((800, 400), orientation=6))
    assert Image.open(io.BytesIO(upright.content)).size == (200, 400)
    assert b"Geheimkamera" not in upright.content


def test_photos_become_one_pdf() -> None:
    """F67: each photo is a page that lies as the photo does; its place and camera stay behind."""
    joined = done({"what": "join"}, photo((3000, 2000)), photo((600, 900), "PNG"))
    assert joined.state is State.READY
    pages = pypdfium2.PdfDocument(joined.content)
    assert [tuple(round(side) for side in pages.get_page_size(number)) for number in (0, 1)] == [(842, 595), (595, 842)]
    assert b"Geheimkamera" not in joined.content
    assert done({"what": "join"}, photo((60, 90)), b"no photo").state is State.UNSUPPORTED


def test_what_acts_by_itself_is_taken_out() -> None:
    """F1: scripts, actions and embedded files go; a quiet PDF stays as it is."""
    result = done({"what": "clean"}, pdf(script=True))
    assert result.state is State.READY
    with pikepdf.open(io.BytesIO(result.content)) as quiet:
        assert "/OpenAction" not in quiet.Root
        assert "/A" not in quiet.pages[0].Annots[0]
        assert not list(quiet.attachments)
    assert b"app.alert" not in result.content
    assert done({"what": "clean"}, pdf()).state is State.UNCHANGED


@pytest.mark.parametrize("what", ["preview", "clean"])
def test_locked_and_broken_files_are_told_apart(what: str) -> None:
    """F1: a password, damage and size each have a state of their own."""
    job = {**PREVIEW, "what": what}
    assert done(job, pdf(password="geheim")).state is State.ENCRYPTED
    assert done(job, b"%PDF-1.7\n" + os.urandom(500)).state is State.BROKEN
    assert render(job, (LARGEST_BYTES + 1, [])).state is State.TOO_LARGE


def test_a_bomb_is_not_unpacked() -> None:
    """F67: a picture of 900 million points is refused before it takes memory."""
    bomb = bytearray(photo((10, 10), "PNG"))
    bomb[16:24] = (30_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    assert done(PREVIEW, bytes(bomb)).state in {State.TOO_LARGE, State.BROKEN}


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(["preview", "clean", "join"]), st.data())
def test_hostile_files_end_in_a_state(what: str, data: st.DataObject) -> None:
    """F1: whatever is changed in a file, the process answers or is ended, and nobody waits."""
    content = bytearray(data.draw(st.sampled_from([pdf(script=True), photo((40, 30)), photo((40, 30), "PNG")])))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)))):
        content[place] = byte
    assert done({**PREVIEW, "what": what}, bytes(content)).state in State
