"""The draft of a firm's face as its editor pages fill it in: each page changes its part, the rest stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message
from kontor.identity.v1 import brand_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.brand import brand_of
from kontor_portal.choices import Choice
from kontor_portal.firms import LAYOUTS, FirmLook
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.start_page import SCENES, areas

SPARE_ROWS: Final = 2
"""Empty rows at the end of a list, for what is new."""
_TEXTS: Final = ("heading", "greeting", "greeting_informal", "introduction", "homepage")


@dataclass(frozen=True)
class LayoutChoice:
    """One of the five base layouts."""

    value: str
    name: str
    label: str
    text: str


def layouts() -> tuple[LayoutChoice, ...]:
    """Return the base layouts with what they are called (F38)."""
    said = {
        "classic": (t("Klassik"), t("Menü an der Seite, Karten, ruhige Serifen")),
        "tiles": (t("Kacheln"), t("Große runde Kacheln in Ihren Farben, Bilder zuerst")),
        "letter": (t("Brief"), t("Eine Spalte wie auf Papier, Linien statt Kästen")),
        "compact": (t("Kompakt"), t("Viel auf einen Blick: kleine Schrift, dichte Listen")),
        "panorama": (t("Panorama"), t("Ein Bild über die ganze Breite trägt die Seite")),
    }
    return tuple(LayoutChoice(str(number), name, *said[name]) for number, name in LAYOUTS.items())


def scenes() -> tuple[Choice, ...]:
    """Return the scenes that come with the platform (F42)."""
    called = {
        brand_pb2.SCENE_HAMBURG: t("Hamburg"),
        brand_pb2.SCENE_BERLIN: t("Berlin"),
        brand_pb2.SCENE_MUNICH: t("München"),
        brand_pb2.SCENE_COLOGNE: t("Köln"),
        brand_pb2.SCENE_FRANKFURT: t("Frankfurt am Main"),
        brand_pb2.SCENE_MEADOW: t("Wiese"),
    }
    return (Choice("0", t("Keine")), *(Choice(str(number), called[number], SCENES[number]) for number in called))


def area_choices() -> tuple[Choice, ...]:
    """Return the parts of the office, for tiles and switches."""
    return tuple(Choice(str(int(page.area)), page.title, page.href) for page in areas())


def read() -> brand_pb2.BrandDraft:
    """Return the draft of the signed-in administrator's firm."""
    return gateway.brands().GetBrandDraft(brand_pb2.GetBrandDraftRequest())


def save(design: brand_pb2.BrandDesign, etag: str) -> brand_pb2.BrandDraft:
    """Keep the design as the draft; raises what the platform refuses."""
    draft = brand_pb2.BrandDraft(design=design, etag=etag)
    return gateway.brands().SaveBrandDraft(
        brand_pb2.SaveBrandDraftRequest(draft=draft, request_id=new_request_id()), timeout=10
    )


def upload(content: bytes) -> str:
    """Keep a picture; returns its id, "" for no content. Raises what the platform refuses."""
    if not content:
        return ""
    asked = brand_pb2.UploadBrandPictureRequest(content=content, request_id=new_request_id())
    return gateway.brands().UploadBrandPicture(asked, timeout=30).picture_id


def look_of_draft(presence: brand_pb2.Presence, draft: brand_pb2.BrandDraft) -> FirmLook:
    """Return how the firm would look with its draft."""
    return FirmLook(
        slug=presence.slug,
        name=presence.name,
        brand=brand_of(draft.design.primary_color, draft.design.accent_color),
        design=draft.design,
        email=presence.email,
        phone=presence.phone,
        address=presence.address,
        white_label=presence.white_label,
        host=presence.host,
        picture_types=dict(draft.picture_types),
        is_draft=True,
    )


def take_looks(design: brand_pb2.BrandDesign, values: Mapping[str, str]) -> None:
    """Take over layout, colours and scene from a form."""
    design.primary_color = values.get("primary_color", "").lower()
    design.accent_color = values.get("accent_color", "").lower()
    design.layout = tenants_pb2.Layout.ValueType(_number(values.get("layout"), LAYOUTS))
    design.intro.scene = brand_pb2.Scene.ValueType(_number(values.get("scene"), SCENES))
    design.intro.moving = values.get("moving") == "1"


def take_texts(design: brand_pb2.BrandDesign, values: Mapping[str, str]) -> None:
    """Take over headings, greetings and the introduction from a form."""
    for name in _TEXTS:
        setattr(design, name, values.get(name, "").replace("\r\n", "\n"))


def take_contents(design: brand_pb2.BrandDesign, values: Mapping[str, str], closed: Iterable[str]) -> None:
    """Take over numbers, notices and switches from a form; rows without a title are left out."""
    phones = (
        brand_pb2.PhoneEntry(label=row["label"], number=row["number"], hint=row["hint"])
        for row in rows(values, "phone", ("label", "number", "hint"))
    )
    notices = (
        brand_pb2.Notice(
            kind=brand_pb2.NOTICE_KIND_WARNING if row["kind"] == "2" else brand_pb2.NOTICE_KIND_TIP,
            title=row["title"],
            text=row["text"].replace("\r\n", "\n"),
            first_day=row["first_day"],
            last_day=row["last_day"],
        )
        for row in rows(values, "notice", ("title", "kind", "text", "first_day", "last_day"))
    )
    _replace(design, "phone_directory", phones)
    _replace(design, "notices", notices)
    del design.closed_areas[:]
    known = {page.area for page in areas()}
    design.closed_areas.extend(area for area in known if str(int(area)) in set(closed))


def rows(
    values: Mapping[str, str], name: str, fields: tuple[str, ...], *, all_of: bool = False
) -> list[dict[str, str]]:
    """Return the rows of a list in a form, `phone-0-label` and so on.

    Rows whose first field is empty are left out, unless `all_of` them are wanted.
    """
    found: list[dict[str, str]] = []
    index = 0
    while f"{name}-{index}-{fields[0]}" in values:
        row = {field: values.get(f"{name}-{index}-{field}", "").strip() for field in fields}
        index += 1
        if all_of or row[fields[0]]:
            found.append(row)
    return found


def _replace(design: brand_pb2.BrandDesign, name: str, entries: Iterable[Message]) -> None:
    design.ClearField(name)  # type: ignore[arg-type]  # one of two names, both repeated fields
    getattr(design, name).extend(entries)


def _number(given: str | None, known: Mapping[int, str]) -> int:
    return int(given) if given and given.isdecimal() and int(given) in known else 0


def layout_of(number: str) -> tenants_pb2.Layout.ValueType:
    """Return the base layout that a form's number stands for."""
    return tenants_pb2.Layout.ValueType(_number(number, LAYOUTS))
