"""Bulk invitations: whom to invite, how far it is, missing e-mail addresses, letters (F46, F137, F170–F173)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import accounts_pb2, bindings_pb2, people_pb2
from kontor.identity.v1 import invitations_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.customers import staff_names
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.invitations import (
    category_choices,
    form_in,
    item_label,
    printed_letters,
    progress_label,
    release_in,
)
from kontor_portal.labels import Label
from kontor_portal.reading import next_page, page_token

broker_invitations = Blueprint("broker_invitations", __name__)

_PAGE: Final = "/makler/einladungen"
_EMAIL: Final = "email-"
_EMAIL_FAULT: Final = re.compile(r"emails\[(\d+)\]")


@dataclass(frozen=True)
class View:
    """One way to look at the customers of a bulk invitation."""

    key: str
    label: str
    outcome: pb.BulkInvitationOutcome.ValueType = pb.BULK_INVITATION_OUTCOME_UNSPECIFIED
    progress: accounts_pb2.InvitationProgress.ValueType = accounts_pb2.INVITATION_PROGRESS_UNSPECIFIED


@dataclass(frozen=True)
class Row:
    """A customer of a bulk invitation as the table shows him."""

    item: pb.BulkInvitationItem
    label: Label
    email: str
    fault: str


@dataclass(frozen=True)
class ViewTab:
    """A view with the number of customers in it."""

    label: str
    href: str
    is_current: bool
    count: int


@broker_invitations.get(_PAGE)
def invitations() -> ResponseReturnValue:
    """List the firm's bulk invitations."""
    wanted = pb.ListBulkInvitationsRequest(page_size=20, page_token=page_token())
    answer = gateway.invitations().ListBulkInvitations(wanted)
    stub = gateway.bindings()
    return render_template(
        "broker/invitations.html",
        broker_id=stub.GetBrokerId(bindings_pb2.GetBrokerIdRequest()).broker_id,
        bindings=tuple(stub.ListBindings(bindings_pb2.ListBindingsRequest(page_size=20)).bindings),
        bulks=tuple(answer.bulk_invitations),
        staff=staff_names(),
        next_url=next_page(answer.next_page_token),
    )


@broker_invitations.post(f"{_PAGE}/anfragen/<id:binding_id>")
def decide_binding(binding_id: str) -> ResponseReturnValue:
    """Say which customer somebody is who entered the broker ID, or that nobody knows him (F169)."""
    values, stub = sent(), gateway.bindings()
    customer_id = values.get("customer_id", "") or _customer_with(values.get("number", ""))
    try:
        if values.get("decision") == "decline":
            wanted = bindings_pb2.DeclineBindingRequest(binding_id=binding_id, request_id=new_request_id())
            stub.DeclineBinding(wanted)
            flash(t("Die Anfrage ist abgelehnt."), "ok")
        elif not customer_id:
            flash(t("Bitte wählen Sie den Kunden aus, oder geben Sie seine Kundennummer an."), "bad")
        else:
            stub.ConfirmBinding(
                bindings_pb2.ConfirmBindingRequest(
                    binding_id=binding_id, customer_id=customer_id, request_id=new_request_id()
                )
            )
            flash(t("Der Kunde ist verbunden und kann sich anmelden."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(_PAGE, 303)


def _customer_with(number: str) -> str:
    """Return the customer with exactly this number; empty if there is none."""
    if not number:
        return ""
    found = gateway.identity().ListCustomers(people_pb2.ListCustomersRequest(query=number[:100], page_size=20))
    return next((one.customer_id for one in found.customers if one.number.lower() == number.lower()), "")


@broker_invitations.get(f"{_PAGE}/neu")
def new_bulk() -> ResponseReturnValue:
    """Ask whom to invite and how."""
    return _form(Form())


@broker_invitations.post(f"{_PAGE}/auswahl")
def chosen() -> ResponseReturnValue:
    """Ask how to invite the customers that were ticked in the list."""
    return _form(Form({}))


@broker_invitations.post(f"{_PAGE}/vorschau")
def preview() -> ResponseReturnValue:
    """Count whom the form would reach."""
    wanted = pb.PreviewBulkInvitationRequest(audience=_audience(sent()))
    return render_template("partials/bulk_preview.html", seen=gateway.invitations().PreviewBulkInvitation(wanted))


@broker_invitations.post(f"{_PAGE}/neu")
def create_bulk() -> ResponseReturnValue:
    """Invite everybody chosen."""
    values = sent()
    release = release_in(values, request.form.getlist("category"))
    wanted = pb.CreateBulkInvitationRequest(
        audience=_audience(values),
        form=form_in(values, "address_form"),
        release_choice=release.choice,
        release_categories=release.categories,
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        bulk = gateway.invitations().CreateBulkInvitation(wanted)
    except grpc.RpcError as error:
        return _form(refused(error))
    return redirect(f"{_PAGE}/{bulk.bulk_invitation_id}", 303)


@broker_invitations.get(f"{_PAGE}/<id:bulk_id>")
def bulk_invitation(bulk_id: str) -> ResponseReturnValue:
    """Show how far a bulk invitation is."""
    return _show(bulk_id, Form())


@broker_invitations.post(f"{_PAGE}/<id:bulk_id>/adressen")
def resubmit(bulk_id: str) -> ResponseReturnValue:
    """Add missing e-mail addresses and invite those customers (F173)."""
    values = sent()
    typed = {name.removeprefix(_EMAIL): text for name, text in values.items() if name.startswith(_EMAIL) and text}
    wanted = pb.ResubmitBulkInvitationRequest(bulk_invitation_id=bulk_id, request_id=new_request_id())
    for customer_id, email in typed.items():
        wanted.emails.add(customer_id=customer_id, email=email)
    try:
        bulk = gateway.invitations().ResubmitBulkInvitation(wanted)
    except grpc.RpcError as error:
        return _show(bulk_id, _beside_their_fields(refused(error), list(typed)))
    if bulk.pending:
        flash(t("Die ergänzten Kunden werden jetzt eingeladen."), "ok")
    else:
        flash(t("Es fehlen noch E-Mail-Adressen."), "info")
    return redirect(f"{_PAGE}/{bulk_id}", 303)


@broker_invitations.post(f"{_PAGE}/<id:bulk_id>/erneut/<id:invitation_id>")
def resend(bulk_id: str, invitation_id: str) -> ResponseReturnValue:
    """Send one of the mails once more."""
    wanted = pb.ResendInvitationRequest(invitation_id=invitation_id, request_id=new_request_id())
    try:
        again = gateway.invitations().ResendInvitation(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Einladung an %(email)s ist unterwegs.", email=again.email), "ok")
    return redirect(f"{_PAGE}/{bulk_id}", 303)


@broker_invitations.post(f"{_PAGE}/briefe")
def letters() -> ResponseReturnValue:
    """Print letters with access codes for the customers of a page."""
    try:
        return printed_letters(request.form.getlist("customer_id"))
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(_PAGE, 303)


def _audience(values: Mapping[str, str]) -> pb.Audience:
    """Return whom a form means; the conditions count with “those for whom all holds” only."""
    ids = request.form.getlist("customer_id")
    if ids:
        return pb.Audience(customer_ids=ids)
    if values.get("audience") != "auswahl":
        return pb.Audience()
    return pb.Audience(
        query=values.get("query", "")[:100],
        responsible_account_id=values.get("responsible", ""),
        born_from=values.get("born_from", ""),
        with_email=values.get("with_email") == "1",
    )


def _form(form: Form) -> ResponseReturnValue:
    audience = _audience(form.values)
    try:
        seen = gateway.invitations().PreviewBulkInvitation(pb.PreviewBulkInvitationRequest(audience=audience))
    except grpc.RpcError as error:
        form, seen = refused(error), pb.BulkInvitationPreview()
    chosen_categories = request.form.getlist("category") if form.values else list(seen.recommended_categories)
    return render_template(
        "broker/bulk_invitation_new.html",
        form=form,
        seen=seen,
        customer_ids=tuple(audience.customer_ids),
        staff=tuple(Choice(key, name) for key, name in staff_names().items()),
        categories=category_choices(),
        chosen_categories=chosen_categories or list(seen.recommended_categories),
        request_id=new_request_id(),
    ), form.status


def _show(bulk_id: str, form: Form) -> ResponseReturnValue:
    stub = gateway.invitations()
    bulk = stub.GetBulkInvitation(pb.GetBulkInvitationRequest(bulk_invitation_id=bulk_id))
    wanted = request.args.get("zeigen", "") if not form.values else "ohne-mail"
    view = next((each for each in _views() if each.key == wanted), _views()[0])
    answer = stub.ListBulkInvitationItems(
        pb.ListBulkInvitationItemsRequest(
            bulk_invitation_id=bulk_id,
            outcome=view.outcome,
            progress=view.progress,
            page_size=50,
            page_token=page_token(),
        )
    )
    reached: dict[int, int] = {one.progress: one.customers for one in bulk.progress}
    return render_template(
        "broker/bulk_invitation.html",
        bulk=bulk,
        rows=tuple(_row(item, form) for item in answer.items),
        form=form,
        view=view,
        tabs=tuple(_tab(each, view, bulk, reached) for each in _views()),
        progress=tuple((progress_label(one.progress), one.customers) for one in bulk.progress),
        next_url=next_page(answer.next_page_token),
    ), form.status


def _views() -> tuple[View, ...]:
    return (
        View("", t("Alle")),
        View("ohne-mail", t("Ohne E-Mail-Adresse"), outcome=pb.BULK_INVITATION_OUTCOME_EMAIL_MISSING),
        View("zurueck", t("Unzustellbar"), progress=accounts_pb2.INVITATION_PROGRESS_BOUNCED),
        View("geoeffnet", t("Geöffnet"), progress=accounts_pb2.INVITATION_PROGRESS_OPENED),
        View("angenommen", t("Angenommen"), progress=accounts_pb2.INVITATION_PROGRESS_ACCEPTED),
    )


def _tab(each: View, current: View, bulk: pb.BulkInvitation, reached: Mapping[int, int]) -> ViewTab:
    base = f"{_PAGE}/{bulk.bulk_invitation_id}"
    count = bulk.email_missing if each.outcome else reached.get(each.progress, 0) if each.progress else bulk.selected
    return ViewTab(each.label, f"{base}?zeigen={each.key}" if each.key else base, each == current, count)


def _row(item: pb.BulkInvitationItem, form: Form) -> Row:
    field = f"{_EMAIL}{item.customer_id}"
    return Row(item, item_label(item), form.value(field, item.email), form.error(field))


def _beside_their_fields(form: Form, customer_ids: list[str]) -> Form:
    """Put what the platform says about the third address beside the third field that was filled in."""
    faults: dict[str, str] = {}
    for fault in form.problem.fields if form.problem else ():
        place = _EMAIL_FAULT.search(fault.field)
        if place is not None:
            faults[f"{_EMAIL}{customer_ids[int(place[1])]}"] = fault.description
    return Form(form.values, faults, form.problem)
