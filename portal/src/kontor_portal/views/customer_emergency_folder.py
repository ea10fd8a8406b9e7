"""The customer's emergency folder: directives, digital legacy, plan, completeness, and the card to print (F73–F76)."""

from __future__ import annotations

from collections.abc import Mapping

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import emergency_pb2
from kontor.vault.v1 import emergency_folder_pb2 as pb
from markupsafe import Markup

from kontor_portal import emergency_items as words
from kontor_portal import gateway
from kontor_portal.business_card import qr_code
from kontor_portal.emergency_items import HOME, Contents, contents_of, kind_text, readiness
from kontor_portal.folders import folder_tree
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.requests import own_origin, signed_in

customer_emergency_folder = Blueprint("customer_emergency_folder", __name__)


@customer_emergency_folder.get(HOME)
def folder() -> ResponseReturnValue:
    """Show all of it, and what is missing."""
    contents, tree = contents_of(_me()), folder_tree(_me())
    above = {each: frozenset(one.folder_id for one in tree.path(each)) for each in tree.by_id}
    points = readiness(contents, _persons(), above)
    return render_template("customer/emergency_folder.html", contents=contents, tree=tree, points=points, words=words)


@customer_emergency_folder.get(f"{HOME}/neu")
def new_item() -> ResponseReturnValue:
    """Ask what to put in."""
    return _form(Form({"request_id": new_request_id()}), pb.EmergencyItem(kind=_kind(request.args.get("art", ""))))


@customer_emergency_folder.post(f"{HOME}/neu")
def create() -> ResponseReturnValue:
    """Put it in."""
    values = sent()
    item = _item(values, _kind(values.get("kind", "")))
    wanted = pb.CreateEmergencyItemRequest(
        customer_id=_me(), item=item, request_id=values.get("request_id") or new_request_id()
    )
    try:
        gateway.emergency_folder().CreateEmergencyItem(wanted)
    except grpc.RpcError as error:
        return _form(refused(error), item)
    flash(t("„%(title)s“ steht in Ihrem Notfallordner.", du="„%(title)s“ steht in deinem Notfallordner.",
            title=item.title), "ok")  # fmt: skip
    return redirect(HOME, 303)


@customer_emergency_folder.get(f"{HOME}/<id:item_id>")
def item(item_id: str) -> ResponseReturnValue:
    """Show one entry to change."""
    return _form(Form(), _known(item_id))


@customer_emergency_folder.post(f"{HOME}/<id:item_id>")
def change(item_id: str) -> ResponseReturnValue:
    """Change it."""
    values, known = sent(), _known(item_id)
    changed = _item(values, known.kind)
    changed.item_id, changed.customer_id, changed.etag = item_id, _me(), values.get("etag", "")
    wanted = pb.UpdateEmergencyItemRequest(
        item=changed, remove_secret=values.get("remove_secret") == "1", request_id=new_request_id()
    )
    try:
        gateway.emergency_folder().UpdateEmergencyItem(wanted)
    except grpc.RpcError as error:
        return _form(refused(error), known)
    flash(t("Gespeichert."), "ok")
    return redirect(HOME, 303)


@customer_emergency_folder.post(f"{HOME}/<id:item_id>/entfernen")
def remove(item_id: str) -> ResponseReturnValue:
    """Take it out."""
    wanted = pb.DeleteEmergencyItemRequest(customer_id=_me(), item_id=item_id, request_id=new_request_id())
    gateway.emergency_folder().DeleteEmergencyItem(wanted)
    flash(t("Der Eintrag ist entfernt."), "ok")
    return redirect(HOME, 303)


@customer_emergency_folder.get("/kunde/notfall/karte")
def card() -> ResponseReturnValue:
    """Show the card for the wallet: whom to call, where originals lie, and a code that leads on."""
    persons = [one for one in _persons() if one.state == emergency_pb2.TRUSTED_PERSON_STATE_ACCEPTED]
    address = f"{own_origin().rstrip('/')}/vertrauen"
    return render_template(
        "customer/emergency_card.html",
        name=signed_in().name,
        persons=persons,
        contents=Contents([one for one in contents_of(_me()).directives if one.place]),
        address=address,
        qr=Markup(qr_code(address).decode()),  # noqa: S704  # drawn from squares
        words=words,
    )


def _form(form: Form, known: pb.EmergencyItem) -> ResponseReturnValue:
    return render_template(
        "customer/emergency_item.html",
        form=form,
        item=known,
        text=kind_text(known.kind),
        folders=folder_tree(_me()).choices(),
        request_id=form.value("request_id", new_request_id()),
    ), form.status


def _item(values: Mapping[str, str], kind: pb.EmergencyItemKind.ValueType) -> pb.EmergencyItem:
    return pb.EmergencyItem(
        kind=kind,
        title=values.get("title", ""),
        folder_id=values.get("folder_id", ""),
        place=values.get("place", ""),
        instructions=values.get("instructions", ""),
        contact=values.get("contact", ""),
        secret=values.get("secret", ""),
    )


def _known(item_id: str) -> pb.EmergencyItem:
    found = next((one for one in contents_of(_me()).items if one.item_id == item_id), None)
    return found if found is not None else abort(404)


def _kind(text: str) -> pb.EmergencyItemKind.ValueType:
    known = {str(value): value for value in pb.EmergencyItemKind.values() if value}
    return known.get(text) or abort(404)


def _persons() -> list[emergency_pb2.TrustedPerson]:
    asked = emergency_pb2.ListTrustedPersonsRequest(customer_id=_me(), page_size=100)
    return list(gateway.emergency().ListTrustedPersons(asked).persons)


def _me() -> str:
    return signed_in().customer_id
