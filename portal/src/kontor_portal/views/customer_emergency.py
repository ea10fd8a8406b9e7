"""The customer's emergency access (F73-F76): whom he trusts with what, by which rules, and what is going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import emergency_pb2 as pb

from kontor_portal import emergency as words
from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in

customer_emergency = Blueprint("customer_emergency", __name__)

HOME = "/kunde/notfall"


@dataclass(frozen=True)
class Overview:
    """Everything on the page."""

    plan: pb.EmergencyPlan
    persons: Sequence[pb.TrustedPerson]
    running: pb.EmergencyRequest | None
    folders: FolderTree

    @property
    def accepted(self) -> int:
        """How many trusted persons have accepted."""
        return sum(person.state == pb.TRUSTED_PERSON_STATE_ACCEPTED for person in self.persons)

    @property
    def is_released(self) -> bool:
        """Whether his folders are open at this moment."""
        return self.running is not None and self.running.state == pb.EMERGENCY_REQUEST_STATE_RELEASED

    def folder_names(self, person: pb.TrustedPerson) -> list[str]:
        """Return the folders that a trusted person is to see; those that exist no longer are left out."""
        return [self.folders.by_id[one].name for one in person.folder_ids if one in self.folders.by_id]


@customer_emergency.get("/kunde/notfall")
def overview() -> ResponseReturnValue:
    """Show all of it."""
    return _show(Form())


@customer_emergency.post("/kunde/notfall/regeln")
def change_rules() -> ResponseReturnValue:
    """Change quorum, waiting period and end."""
    values = sent()
    plan = pb.EmergencyPlan(
        quorum=_number(values.get("quorum", "")),
        waiting_hours=_number(values.get("waiting_hours", "")),
        access_days=_number(values.get("access_days", "")),
        etag=values.get("etag", ""),
    )
    wanted = pb.UpdateEmergencyPlanRequest(customer_id=_me(), plan=plan, request_id=new_request_id())
    try:
        gateway.emergency().UpdateEmergencyPlan(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Regeln sind gespeichert."), "ok")
    return redirect(HOME, 303)


@customer_emergency.get("/kunde/notfall/neu")
def new_person() -> ResponseReturnValue:
    """Ask whom he trusts, with what."""
    return _person_form(Form({"request_id": new_request_id()}), None)


@customer_emergency.post("/kunde/notfall/neu")
def create_person() -> ResponseReturnValue:
    """Name a trusted person."""
    values = sent()
    person = pb.TrustedPerson(
        name=values.get("name", ""),
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        relation=values.get("relation", ""),
        folder_ids=request.form.getlist("folder_ids"),
    )
    wanted = pb.CreateTrustedPersonRequest(
        customer_id=_me(), person=person, request_id=values.get("request_id") or new_request_id()
    )
    try:
        created = gateway.emergency().CreateTrustedPerson(wanted)
    except grpc.RpcError as error:
        return _person_form(refused(error), None)
    flash(t("Die Einladung an %(email)s ist unterwegs.", email=created.email), "ok")
    return redirect(HOME, 303)


@customer_emergency.get("/kunde/notfall/personen/<id:person_id>")
def person(person_id: str) -> ResponseReturnValue:
    """Show a trusted person to change."""
    return _person_form(Form(), _person(person_id))


@customer_emergency.post("/kunde/notfall/personen/<id:person_id>")
def change_person(person_id: str) -> ResponseReturnValue:
    """Change name, telephone, relation and folders."""
    values = sent()
    change = pb.TrustedPersonChange(
        name=values.get("name", ""),
        phone=values.get("phone", ""),
        relation=values.get("relation", ""),
        folder_ids=request.form.getlist("folder_ids"),
        etag=values.get("etag", ""),
    )
    wanted = pb.UpdateTrustedPersonRequest(
        customer_id=_me(),
        trusted_person_id=person_id,
        person=change,
        update_mask=FieldMask(paths=["name", "phone", "relation", "folder_ids"]),
        request_id=new_request_id(),
    )
    try:
        gateway.emergency().UpdateTrustedPerson(wanted)
    except grpc.RpcError as error:
        return _person_form(refused(error), _person(person_id))
    flash(t("Gespeichert."), "ok")
    return redirect(HOME, 303)


@customer_emergency.post("/kunde/notfall/personen/<id:person_id>/entfernen")
def remove_person(person_id: str) -> ResponseReturnValue:
    """Take the trust back."""
    wanted = pb.RemoveTrustedPersonRequest(customer_id=_me(), trusted_person_id=person_id, request_id=new_request_id())
    try:
        removed = gateway.emergency().RemoveTrustedPerson(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("%(name)s ist keine Vertrauensperson mehr.", name=removed.name), "ok")
    return redirect(HOME, 303)


@customer_emergency.post("/kunde/notfall/personen/<id:person_id>/einladen")
def resend_invitation(person_id: str) -> ResponseReturnValue:
    """Invite anew."""
    wanted = pb.ResendTrustedPersonInvitationRequest(
        customer_id=_me(), trusted_person_id=person_id, request_id=new_request_id()
    )
    try:
        invited = gateway.emergency().ResendTrustedPersonInvitation(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Einladung an %(email)s ist unterwegs.", email=invited.email), "ok")
    return redirect(HOME, 303)


@customer_emergency.post("/kunde/notfall/reihenfolge")
def move_person() -> ResponseReturnValue:
    """Move a trusted person up or down by one."""
    values = sent()
    order = [one.trusted_person_id for one in _persons()]
    moved, step = values.get("person", ""), -1 if values.get("direction") == "up" else 1
    place = order.index(moved) if moved in order else -1
    if 0 <= place + step < len(order) and place >= 0:
        order[place], order[place + step] = order[place + step], order[place]
        try:
            gateway.emergency().ReorderTrustedPersons(
                pb.ReorderTrustedPersonsRequest(
                    customer_id=_me(), trusted_person_ids=order, request_id=new_request_id()
                )
            )
        except grpc.RpcError as error:
            flash(refused(error).problem_text, "bad")
    return redirect(f"{HOME}#personen", 303)


@customer_emergency.post("/kunde/notfall/anfragen/<id:request_id>/stoppen")
def stop(request_id: str) -> ResponseReturnValue:
    """Veto a request, or take released access back."""
    wanted = pb.StopEmergencyRequestRequest(
        customer_id=_me(), emergency_request_id=request_id, request_id=new_request_id()
    )
    try:
        gateway.emergency().StopEmergencyRequest(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(
            t(
                "Der Zugriff ist abgelehnt. Niemand sieht Ihre Unterlagen.",
                du="Der Zugriff ist abgelehnt. Niemand sieht deine Unterlagen.",
            ),
            "ok",
        )
    return redirect(HOME, 303)


@customer_emergency.get("/kunde/notfall/verlauf")
def history() -> ResponseReturnValue:
    """Show everything that happened, newest first."""
    answer = gateway.emergency().ListEmergencyEntries(
        pb.ListEmergencyEntriesRequest(customer_id=_me(), page_size=50, page_token=page_token())
    )
    return render_template(
        "customer/emergency_history.html",
        entries=tuple(answer.entries),
        words=words,
        next_url=next_page(answer.next_page_token),
    )


def _show(form: Form) -> ResponseReturnValue:
    emergency = gateway.emergency()
    plan = emergency.GetEmergencyPlan(pb.GetEmergencyPlanRequest(customer_id=_me()))
    requests = emergency.ListEmergencyRequests(pb.ListEmergencyRequestsRequest(customer_id=_me(), page_size=1))
    running = next((one for one in requests.requests if one.state in words.RUNNING), None)
    page = Overview(plan, _persons(), running, folder_tree(_me()))
    rules = (
        Choice("1", t("eine von ihnen genügt")),
        Choice("2", t("zwei von drei müssen zustimmen")),
    )
    return render_template(
        "customer/emergency.html",
        page=page,
        form=form,
        words=words,
        rules=rules,
        waiting=words.waiting_choices(plan.waiting_hours),
        ends=words.access_choices(plan.access_days),
    ), form.status


def _person_form(form: Form, known: pb.TrustedPerson | None) -> ResponseReturnValue:
    chosen = request.form.getlist("folder_ids") if form.values.get("name") else (known.folder_ids if known else ())
    return render_template(
        "customer/emergency_person.html",
        form=form,
        person=known,
        folders=folder_tree(_me()).choices(),
        chosen=frozenset(chosen),
        request_id=form.value("request_id", new_request_id()),
    ), form.status


def _person(person_id: str) -> pb.TrustedPerson | None:
    return next((one for one in _persons() if one.trusted_person_id == person_id), None)


def _persons() -> Sequence[pb.TrustedPerson]:
    asked = pb.ListTrustedPersonsRequest(customer_id=_me(), page_size=100)
    return gateway.emergency().ListTrustedPersons(asked).persons


def _me() -> str:
    return signed_in().customer_id


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
