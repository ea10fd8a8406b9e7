"""Logos: which pictures are accepted. PNG and JPEG by their first bytes, SVG only without anything active.

An SVG is served from the platform's own origin, so it must not run, load or link anything: elements and attributes
are checked against a list of what drawings need; everything else is refused rather than cleaned.
"""

from __future__ import annotations

from xml.parsers import expat

from kontor_chassis.errors import DomainError, invalid
from kontor_chassis.sentences import said

LARGEST_BYTES = 256 * 1024
_SVG = "http://www.w3.org/2000/svg"
_CONTAINERS = ("svg", "g", "defs", "symbol", "clipPath", "mask", "use", "title", "desc", "text", "tspan")
_SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
_PAINTS = ("linearGradient", "radialGradient", "stop")
_ELEMENTS = frozenset((*_CONTAINERS, *_SHAPES, *_PAINTS))
_FORBIDDEN_IN_VALUES = ("javascript:", "data:", "url(h", "url('", 'url("', "url(/", "expression(", "@import")


def logo_type(picture: bytes) -> str:
    """Return the media type of an acceptable logo; raises INVALID "LOGO_UNSUITABLE" with the reason otherwise."""
    if len(picture) > LARGEST_BYTES:
        raise _unsuitable("Das Logo ist größer als 256 KB. Bitte verkleinern Sie es.")
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if picture.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if b"<svg" in picture[:1024]:
        check_svg(picture)
        return "image/svg+xml"
    raise _unsuitable("Bitte laden Sie das Logo als PNG, JPEG oder SVG hoch.")


def check_svg(picture: bytes) -> None:
    """Raise INVALID "LOGO_UNSUITABLE" unless a drawing can do nothing but be looked at."""
    parser = expat.ParserCreate(namespace_separator=" ")

    def element(name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != _SVG or local not in _ELEMENTS:
            raise _unsuitable(said("Das SVG enthält ein nicht erlaubtes Element: %(element)s.", element=local[:40]))
        for attribute, value in attributes.items():
            _check_attribute(attribute.rpartition(" ")[2].lower(), value)

    def doctype(*_declaration: object) -> None:
        raise _unsuitable("Das SVG enthält eine Dokumenttyp-Angabe; bitte speichern Sie es ohne sie.")

    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(picture, True)
    except expat.ExpatError:
        raise _unsuitable("Das SVG ist beschädigt.") from None


def _check_attribute(name: str, value: str) -> None:
    plain = "".join(value.lower().split())
    points_outside = name == "href" and not plain.startswith("#")
    if name.startswith("on") or points_outside or any(part in plain for part in _FORBIDDEN_IN_VALUES):
        raise _unsuitable("Das SVG enthält Verweise oder Programmteile; bitte speichern Sie es als reine Zeichnung.")


def _unsuitable(sentence: str) -> DomainError:
    return invalid("brand.logo", sentence, reason="LOGO_UNSUITABLE")
