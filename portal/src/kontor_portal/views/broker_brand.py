"""How the firm appears to its customers: logo, colours with contrast, heading, greeting (F37–F39)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import tenants_pb2

from kontor_portal import firms, gateway
from kontor_portal.brand import AA_TEXT, DEFAULT_ACCENT, DEFAULT_PRIMARY, contrast, parse_color
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import signed_in

broker_brand = Blueprint("broker_brand", __name__)

_MOST_LOGO_BYTES = 262_144


@dataclass(frozen=True)
class BrandPage:
    """The brand with how well it reads."""

    brand: tenants_pb2.Brand
    primary: str
    accent: str
    contrast_on_white: float

    @property
    def is_readable(self) -> bool:
        """Whether white text on the main colour can be read by everybody."""
        return self.contrast_on_white >= AA_TEXT


@broker_brand.get("/makler/marke")
def brand() -> ResponseReturnValue:
    """Show the brand."""
    return _show(Form())


@broker_brand.post("/makler/marke")
def update_brand() -> ResponseReturnValue:
    """Change the brand."""
    values = sent()
    paths = ["primary_color", "accent_color", "heading", "greeting"]
    changed = tenants_pb2.Brand(
        primary_color=values.get("primary_color", "").lower(),
        accent_color=values.get("accent_color", "").lower(),
        heading=values.get("heading", ""),
        greeting=values.get("greeting", ""),
        etag=values.get("etag", ""),
    )
    logo = request.files.get("logo")
    content = logo.read(_MOST_LOGO_BYTES + 1) if logo is not None else b""
    if len(content) > _MOST_LOGO_BYTES:
        return _show(Form(values, {"logo": t("Das Logo ist größer als 256 KB.")}))
    if content or values.get("remove_logo") == "1":
        changed.logo = content
        paths.append("logo")
    try:
        saved = gateway.identity().UpdateBrand(
            tenants_pb2.UpdateBrandRequest(
                brand=changed, update_mask=FieldMask(paths=paths), request_id=new_request_id()
            )
        )
    except grpc.RpcError as error:
        return _show(refused(error))
    firms.forget(saved.slug)
    flash(t("Ihr Erscheinungsbild ist gespeichert. Ihre Kunden sehen es in spätestens einer Minute."), "ok")
    return redirect("/makler/marke", 303)


def _show(form: Form) -> ResponseReturnValue:
    if not signed_in().is_administrator:
        abort(403)
    found = gateway.identity().GetBrand(tenants_pb2.GetBrandRequest())
    primary = parse_color(form.value("primary_color", found.primary_color)) or DEFAULT_PRIMARY
    accent = parse_color(form.value("accent_color", found.accent_color)) or DEFAULT_ACCENT
    page = BrandPage(found, primary, accent, contrast(primary, "#ffffff"))
    return render_template("broker/brand.html", page=page, form=form), form.status
