"""Photos: smaller pictures of them, and several as the pages of one PDF. Runs in the rendering process only."""

from __future__ import annotations

import io
import warnings

import img2pdf
from pi_heif import register_heif_opener
from PIL import Image, ImageOps, UnidentifiedImageError

from kontor_vault.rendering.results import Rendered, State

_PAGE = (img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297))
_PAGE_PIXELS = 2400
"""Of a page's longer side: about 200 dpi, small enough to be mailed."""

Image.MAX_IMAGE_PIXELS = 100_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)
register_heif_opener()


def opened(content: bytes, longest: int) -> Image.Image | Rendered:
    """Return a photo the right way up, at most `longest` pixels long, without what its camera wrote into it."""
    try:
        with Image.open(io.BytesIO(content)) as photo:
            photo.draft("RGB", (longest, longest))  # a JPEG is decoded at a smaller size right away
            upright = ImageOps.exif_transpose(photo)
            upright.thumbnail((longest, longest))
            return _on_white(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return Rendered(State.TOO_LARGE)
    except UnidentifiedImageError:
        return Rendered(State.UNSUPPORTED)
    except (OSError, ValueError, SyntaxError):
        return Rendered(State.BROKEN)


def as_webp(picture: Image.Image) -> Rendered:
    """Return a picture as it is shown on pages."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    return Rendered(State.READY, out.getvalue())


def joined(photos: list[bytes]) -> Rendered:
    """Return photos as one PDF, each on an A4 page that lies as the photo does."""
    pages: list[bytes] = []
    for photo in photos:
        picture = opened(photo, _PAGE_PIXELS)
        if isinstance(picture, Rendered):
            return picture
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85, optimize=True)
        pages.append(out.getvalue())
    border = img2pdf.mm_to_pt(8)
    layout = img2pdf.get_layout_fun(_PAGE, border=(border, border), auto_orient=True)
    return Rendered(State.READY, img2pdf.convert(pages, layout_fun=layout, nodate=True))


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert("RGB")
    return picture.convert("RGB")
