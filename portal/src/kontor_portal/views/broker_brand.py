"""How the firm appears to its customers: an editor for the draft, publishing, versions to go back to (F37–F43, F53)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.common.v1 import access_pb2
from kontor.identity.v1 import brand_pb2

from kontor_portal import brand_draft, firms, gateway
from kontor_portal.brand import DEFAULT_ACCENT, DEFAULT_PRIMARY, parse_color
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.views.broker_customer import Tab

broker_brand = Blueprint("broker_brand", __name__)

_LARGEST_UPLOAD = 8_388_608
_HOME = "/makler/marke"


@dataclass(frozen=True)
class Editor:
    """The draft with what its pages offer."""

    draft: brand_pb2.BrandDraft
    colors: brand_pb2.CheckColorsResponse
    tabs: tuple[Tab, ...]

    @property
    def design(self) -> brand_pb2.BrandDesign:
        """The design under way."""
        return self.draft.design


@broker_brand.before_request
def only_administrators() -> None:
    """Refuse everybody else; the platform would refuse them, too."""
    if not signed_in().is_administrator:
        abort(403)


@broker_brand.get(_HOME)
def looks() -> ResponseReturnValue:
    """Show layout, colours, logo and scene."""
    return _show("looks", Form())


@broker_brand.post(_HOME)
def save_looks() -> ResponseReturnValue:
    """Keep layout, colours, logo and scene in the draft."""

    def change(design: brand_pb2.BrandDesign) -> None:
        proposed = {name: sent().get(f"take_{name}", "") for name in ("primary_color", "accent_color")}
        brand_draft.take_looks(design, {**sent(), **{name: color for name, color in proposed.items() if color}})
        for name in ("logo", "intro"):
            content = _uploaded(name)
            target = design if name == "logo" else design.intro
            field = "logo_picture_id" if name == "logo" else "picture_id"
            if content or sent().get(f"remove_{name}") == "1":
                setattr(target, field, brand_draft.upload(content))

    return _saved("looks", _HOME, change)


@broker_brand.get(f"{_HOME}/texte")
def texts() -> ResponseReturnValue:
    """Show the texts."""
    return _show("texts", Form())


@broker_brand.post(f"{_HOME}/texte")
def save_texts() -> ResponseReturnValue:
    """Keep the texts in the draft."""
    return _saved("texts", f"{_HOME}/texte", lambda design: brand_draft.take_texts(design, sent()))


@broker_brand.get(f"{_HOME}/inhalte")
def contents() -> ResponseReturnValue:
    """Show numbers, notices and switches."""
    return _show("contents", Form())


@broker_brand.post(f"{_HOME}/inhalte")
def save_contents() -> ResponseReturnValue:
    """Keep numbers, notices and switches in the draft."""
    closed = request.form.getlist("closed")
    return _saved("contents", f"{_HOME}/inhalte", lambda design: brand_draft.take_contents(design, sent(), closed))


@broker_brand.get(f"{_HOME}/kacheln")
def tiles() -> ResponseReturnValue:
    """Show the tiles of the start page."""
    return _show("tiles", Form())


@broker_brand.post(f"{_HOME}/kacheln")
def save_tiles() -> ResponseReturnValue:
    """Keep the tiles in the draft."""

    def change(design: brand_pb2.BrandDesign) -> None:
        wanted = brand_draft.rows(
            sent(), "tile", ("area", "title", "text", "link", "picture_id", "remove"), all_of=True
        )
        kept: list[brand_pb2.Tile] = []
        for index, row in enumerate(wanted):
            area = access_pb2.Area.ValueType(int(row["area"]) if row["area"].isdecimal() else 0)
            if row["remove"] == "1" or not (area or row["link"] or row["title"]):
                continue
            picture_id = brand_draft.upload(_uploaded(f"tile-{index}-file")) or row["picture_id"]
            kept.append(
                brand_pb2.Tile(area=area, title=row["title"], text=row["text"], link=row["link"], picture_id=picture_id)
            )
        del design.tiles[:]
        design.tiles.extend(kept)

    return _saved("tiles", f"{_HOME}/kacheln", change)


@broker_brand.post(f"{_HOME}/veroeffentlichen")
def publish() -> ResponseReturnValue:
    """Publish the draft."""
    asked = brand_pb2.PublishBrandDraftRequest(etag=sent().get("etag", ""), request_id=new_request_id())
    try:
        version = gateway.brands().PublishBrandDraft(asked)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(_HOME, 303)
    firms.forget(current_firm().slug)
    flash(t("Version %(number)s ist veröffentlicht. Ihre Kunden sehen sie in spätestens einer Minute.",
            number=version.number), "ok")  # fmt: skip
    return redirect(_HOME, 303)


@broker_brand.get(f"{_HOME}/versionen")
def versions() -> ResponseReturnValue:
    """List what was published."""
    asked = brand_pb2.ListBrandVersionsRequest(page_size=20, page_token=page_token())
    answer = gateway.brands().ListBrandVersions(asked)
    return render_template(
        "broker/brand/versions.html",
        editor=editor(),
        form=Form(),
        versions=tuple(answer.versions),
        layouts={choice.value: choice.label for choice in brand_draft.layouts()},
        next_url=next_page(answer.next_page_token),
    )


@broker_brand.post(f"{_HOME}/versionen/<int:number>")
def restore(number: int) -> ResponseReturnValue:
    """Go back to an old version."""
    try:
        gateway.brands().RestoreBrandVersion(
            brand_pb2.RestoreBrandVersionRequest(number=number, request_id=new_request_id())
        )
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        firms.forget(current_firm().slug)
        flash(t("Version %(number)s gilt wieder.", number=number), "ok")
    return redirect(f"{_HOME}/versionen", 303)


def editor() -> Editor:
    """Return the draft with its frame; the same for every page of the editor."""
    draft = brand_draft.read()
    primary = parse_color(draft.design.primary_color) or DEFAULT_PRIMARY
    accent = parse_color(draft.design.accent_color) or DEFAULT_ACCENT
    checks = brand_pb2.CheckColorsRequest(primary_color=primary, accent_color=accent)
    places = (
        (t("Aussehen"), _HOME),
        (t("Texte"), f"{_HOME}/texte"),
        (t("Kacheln"), f"{_HOME}/kacheln"),
        (t("Inhalte"), f"{_HOME}/inhalte"),
        (t("Vorschau"), f"{_HOME}/vorschau"),
        (t("Adresse"), f"{_HOME}/adresse"),
        (t("Versionen"), f"{_HOME}/versionen"),
    )
    return Editor(
        draft=draft,
        colors=gateway.brands().CheckColors(checks),
        tabs=tuple(Tab(label, href, request.path == href) for label, href in places),
    )


def _saved(page: str, address: str, change: Callable[[brand_pb2.BrandDesign], None]) -> ResponseReturnValue:
    draft = brand_draft.read()
    try:
        change(draft.design)
        brand_draft.save(draft.design, sent().get("etag", ""))
    except grpc.RpcError as error:
        return _show(page, refused(error))
    flash(t("Der Entwurf ist gespeichert. Sichtbar wird er mit dem Veröffentlichen."), "ok")
    return redirect(address, 303)


def _uploaded(name: str) -> bytes:
    file = request.files.get(name)
    return file.read(_LARGEST_UPLOAD + 1) if file is not None else b""


def _show(page: str, form: Form) -> ResponseReturnValue:
    return render_template(
        f"broker/brand/{page}.html",
        editor=editor(),
        form=form,
        layouts=brand_draft.layouts(),
        scenes=brand_draft.scenes(),
        choices=brand_draft.area_choices(),
        choices_or_link=(Choice("0", t("eigene Adresse")), *brand_draft.area_choices()),
        kinds=(Choice("1", t("Tipp")), Choice("2", t("Warnung"))),
        spare=brand_draft.SPARE_ROWS,
        proposal=_proposal(form),
    ), form.status


def _proposal(form: Form) -> brand_pb2.CheckColorsResponse | None:
    """Return what would pass instead of the colours that were refused (WCAG 2.2 AA)."""
    if not (form.error("primary_color") or form.error("accent_color")):
        return None
    primary, accent = (parse_color(form.value(name)) for name in ("primary_color", "accent_color"))
    checks = brand_pb2.CheckColorsRequest(primary_color=primary or "#000000", accent_color=accent or "#000000")
    return gateway.brands().CheckColors(checks)
