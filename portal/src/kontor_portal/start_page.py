"""What a firm decides about its customers' start page: tiles (F43), tips (F41), scene (F42), switches (F53)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from kontor.common.v1 import access_pb2
from kontor.identity.v1 import brand_pb2

from kontor_portal.firms import FirmLook
from kontor_portal.i18n import t

SCENES: Final[Mapping[int, str]] = {
    brand_pb2.SCENE_HAMBURG: "hamburg",
    brand_pb2.SCENE_BERLIN: "berlin",
    brand_pb2.SCENE_MUNICH: "muenchen",
    brand_pb2.SCENE_COLOGNE: "koeln",
    brand_pb2.SCENE_FRANKFURT: "frankfurt",
    brand_pb2.SCENE_MEADOW: "wiese",
}
"""File names of the scenes."""
_SHARED: Final = "/kunde/geteilt"
"""What is shared with people of a household; belongs to the documents."""
_SERVICE: Final = "/kunde/service"
_USUAL: Final = (
    access_pb2.AREA_CONTRACTS,
    access_pb2.AREA_DOCUMENTS,
    access_pb2.AREA_MESSAGES,
    access_pb2.AREA_SERVICE,
    access_pb2.AREA_INVOICES,
    access_pb2.AREA_CONTACT,
)


@dataclass(frozen=True)
class AreaPage:
    """A part of the office: what it is called and where it is."""

    area: access_pb2.Area.ValueType
    title: str
    text: str
    href: str
    icon: str


@dataclass(frozen=True)
class StartTile:
    """A tile as it is shown."""

    title: str
    text: str
    href: str
    icon: str
    picture_url: str = ""
    count: int = 0

    @property
    def leads_away(self) -> bool:
        """Whether it leads to another site."""
        return self.href.startswith("https://")


@dataclass(frozen=True)
class SceneView:
    """What greets on top of the start page: a drawn scene, or the firm's own picture or film."""

    name: str = ""
    own_url: str = ""
    own_type: str = ""
    moving: bool = False

    @property
    def is_film(self) -> bool:
        """Whether it is a film of the firm's own."""
        return self.own_type.startswith("video/")


def areas() -> tuple[AreaPage, ...]:
    """Return all parts of the customer's office."""
    return (
        AreaPage(
            access_pb2.AREA_CONTRACTS, t("Verträge"), t("Beiträge, Laufzeiten, Nummern"), "/kunde/vertraege", "contract"
        ),
        AreaPage(
            access_pb2.AREA_DOCUMENTS,
            t("Dokumente"),
            t("Ihre sichere Ablage", du="Deine sichere Ablage"),
            "/kunde/dokumente",
            "folder",
        ),
        AreaPage(
            access_pb2.AREA_MESSAGES, t("Nachrichten"), t("Direkt und vertraulich schreiben"), "/kunde/chat", "chat"
        ),
        AreaPage(access_pb2.AREA_SERVICE, t("Service"), t("Leistungen und Preise wählen"), "/kunde/service", "shield"),
        AreaPage(access_pb2.AREA_INVOICES, t("Rechnungen"), t("Alle Belege als PDF"), "/kunde/rechnungen", "receipt"),
        AreaPage(
            access_pb2.AREA_CONSENTS,
            t("Einwilligungen"),
            t("Wer was sehen darf"),
            "/kunde/einwilligungen",
            "check",
        ),
        AreaPage(
            access_pb2.AREA_CONTACT, t("Kontakt"), t("Ansprechpartner und wichtige Nummern"), "/kunde/kontakt", "phone"
        ),
    )


def closed_addresses(firm: FirmLook) -> frozenset[str]:
    """Return the addresses of the parts that a firm's customers do not get (F53)."""
    closed = frozenset(page.href for page in areas() if firm.has_closed(page.area))
    return closed | {_SHARED} if firm.has_closed(access_pb2.AREA_DOCUMENTS) else closed


def is_closed(firm: FirmLook, path: str) -> bool:
    """Whether a page belongs to a part that the firm's customers do not get.

    Whoever has an agreement can always end it (§ 312k BGB), so of the service only signing is closed.
    """
    if path == _SERVICE or path.startswith(_SERVICE + "/"):
        return firm.has_closed(access_pb2.AREA_SERVICE) and path.startswith(_SERVICE + "/abschluss")
    return any(path == address or path.startswith(address + "/") for address in closed_addresses(firm))


def tiles_of(firm: FirmLook, counts: Mapping[access_pb2.Area.ValueType, int]) -> tuple[StartTile, ...]:
    """Return the tiles of the firm's start page, the usual ones where it chose none; closed areas have none."""
    known = {page.area: page for page in areas()}
    chosen = list(firm.design.tiles) or [brand_pb2.Tile(area=area) for area in _USUAL]
    tiles = []
    for tile in chosen:
        page = known.get(tile.area)
        if firm.has_closed(tile.area):
            continue
        tiles.append(
            StartTile(
                title=tile.title or (page.title if page else ""),
                text=tile.text or (page.text if page else ""),
                href=page.href if page else tile.link,
                icon=page.icon if page else "link",
                picture_url=firm.picture_url(tile.picture_id),
                count=counts.get(tile.area, 0),
            )
        )
    return tuple(tiles)


def notices_on(design: brand_pb2.BrandDesign, today: date) -> tuple[brand_pb2.Notice, ...]:
    """Return the tips and warnings of a day, warnings first (F41)."""
    day = today.isoformat()
    shown = [
        notice
        for notice in design.notices
        if (not notice.first_day or notice.first_day <= day) and (not notice.last_day or day <= notice.last_day)
    ]
    return tuple(sorted(shown, key=lambda notice: notice.kind != brand_pb2.NOTICE_KIND_WARNING))


def scene_of(firm: FirmLook) -> SceneView | None:
    """Return the scene or own picture of the firm; None when it wants neither. The panorama never goes without."""
    intro = firm.design.intro
    if intro.picture_id:
        return SceneView(
            own_url=firm.picture_url(intro.picture_id), own_type=firm.picture_types.get(intro.picture_id, "")
        )
    name = SCENES.get(intro.scene, "")
    if not name and firm.layout == "panorama":
        name = SCENES[brand_pb2.SCENE_MEADOW]
    return SceneView(name=name, moving=intro.moving) if name else None
