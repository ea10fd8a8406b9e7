"""One customer as his firm sees him: master data, access and invitations, responsible staff."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.identity.v1 import accounts_pb2, invitations_pb2, people_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.invitations import category_choices, form_in, invitation_label, printed_letters, release_in
from kontor_portal.reading import optional
from kontor_portal.requests import signed_in
from kontor_portal.views.broker_customers import customer_from, salutation_choices

broker_customer = Blueprint("broker_customer", __name__)

_STAFF_FIELDS = ["form", "salutation", "given_name", "family_name", "birth_date", "email", "phone", "address"]
_STAFF_FIELDS_WITH_ACCESS = [field for field in _STAFF_FIELDS if field != "email"]
"""The address of active access is changed by a new invitation only."""


@dataclass(frozen=True)
class Tab:
    """One part of the customer's page."""

    label: str
    href: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class CustomerPage:
    """The overview of one customer."""

    customer: people_pb2.Customer
    tabs: tuple[Tab, ...]
    invitations: tuple[accounts_pb2.Invitation, ...]
    staff: tuple[people_pb2.Staff, ...]

    @property
    def open_invitation(self) -> accounts_pb2.Invitation | None:
        """The invitation that waits to be accepted."""
        waiting = (each for each in self.invitations if each.state == accounts_pb2.INVITATION_STATE_OPEN)
        return next(waiting, None)

    @property
    def responsible_id(self) -> str:
        """Account of the first responsible member of staff."""
        given = self.customer.responsible_account_ids
        return given[0] if given else ""


def customer_tabs(customer_id: str) -> tuple[Tab, ...]:
    """Return the parts of a customer's page that this member of staff may open."""
    base, session = f"/makler/kunden/{customer_id}", signed_in()
    parts = [(t("Übersicht"), base), (t("Verträge"), f"{base}/vertraege"), (t("Dokumente"), f"{base}/dokumente")]
    parts += [(t("Post"), f"{base}/post"), (t("Identität"), f"{base}/identitaet")]
    if session.may("BILLING"):
        parts.append((t("Service und Rechnungen"), f"{base}/service"))
    if session.may("ORDER"):
        parts.append((t("Expertenaufträge"), f"{base}/auftraege"))
    return tuple(Tab(label, href, href == request.path) for label, href in parts)


def the_customer(customer_id: str) -> people_pb2.Customer:
    """Ask for one customer."""
    return gateway.identity().GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer_id))


@broker_customer.get("/makler/kunden/<id:customer_id>")
def overview(customer_id: str) -> ResponseReturnValue:
    """Show the overview."""
    return _show(customer_id, Form())


@broker_customer.post("/makler/kunden/<id:customer_id>")
def update(customer_id: str) -> ResponseReturnValue:
    """Change master data."""
    values = sent()
    has_access = the_customer(customer_id).access_state == people_pb2.ACCESS_STATE_ACTIVE
    try:
        gateway.identity().UpdateCustomer(
            people_pb2.UpdateCustomerRequest(
                customer=customer_from(values),
                customer_id=customer_id,
                update_mask=FieldMask(paths=_STAFF_FIELDS_WITH_ACCESS if has_access else _STAFF_FIELDS),
                request_id=new_request_id(),
            )
        )
    except grpc.RpcError as error:
        return _show(customer_id, refused(error))
    flash(t("Die Daten sind gespeichert."), "ok")
    return redirect(f"/makler/kunden/{customer_id}", 303)


@broker_customer.post("/makler/kunden/<id:customer_id>/einladung")
def invite(customer_id: str) -> ResponseReturnValue:
    """Invite the customer, formal or informal (F172), with what he is asked to release (F171)."""
    values = sent()
    release = release_in(values, request.form.getlist("category"))
    wanted = accounts_pb2.CreateInvitationRequest(
        customer_id=customer_id,
        form=form_in(values),
        release_choice=release.choice,
        release_categories=release.categories,
        replace_active_access=values.get("replace") == "1",
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        invitation = gateway.identity().CreateInvitation(wanted)
    except grpc.RpcError as error:
        return _show(customer_id, refused(error))
    flash(t("Die Einladung an %(email)s ist unterwegs.", email=invitation.email), "ok")
    return redirect(f"/makler/kunden/{customer_id}", 303)


@broker_customer.post("/makler/kunden/<id:customer_id>/einladung/<id:invitation_id>/zuruecknehmen")
def revoke_invitation(customer_id: str, invitation_id: str) -> ResponseReturnValue:
    """Withdraw an open invitation."""
    wanted = accounts_pb2.RevokeInvitationRequest(invitation_id=invitation_id, request_id=new_request_id())
    try:
        gateway.identity().RevokeInvitation(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Einladung ist zurückgezogen. Ihr Link gilt nicht mehr."), "ok")
    return redirect(f"/makler/kunden/{customer_id}", 303)


@broker_customer.post("/makler/kunden/<id:customer_id>/einladung/<id:invitation_id>/erneut")
def resend_invitation(customer_id: str, invitation_id: str) -> ResponseReturnValue:
    """Send the mail of an open invitation once more."""
    wanted = invitations_pb2.ResendInvitationRequest(invitation_id=invitation_id, request_id=new_request_id())
    try:
        again = gateway.invitations().ResendInvitation(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Einladung an %(email)s ist unterwegs.", email=again.email), "ok")
    return redirect(f"/makler/kunden/{customer_id}", 303)


@broker_customer.post("/makler/kunden/<id:customer_id>/brief")
def access_letter(customer_id: str) -> ResponseReturnValue:
    """Print the letter with an access code (F137)."""
    try:
        return printed_letters([customer_id])
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect(f"/makler/kunden/{customer_id}", 303)


@broker_customer.post("/makler/kunden/<id:customer_id>/zustaendig")
def set_responsible(customer_id: str) -> ResponseReturnValue:
    """Say who looks after the customer (F182)."""
    chosen = sent().get("account_id", "")
    wanted = people_pb2.SetResponsiblesRequest(
        customer_id=customer_id, account_ids=[chosen] if chosen else [], request_id=new_request_id()
    )
    try:
        gateway.identity().SetResponsibles(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Zuständigkeit ist gespeichert."), "ok")
    return redirect(f"/makler/kunden/{customer_id}", 303)


def _show(customer_id: str, form: Form) -> ResponseReturnValue:
    identity = gateway.identity()
    customer = the_customer(customer_id)
    invitations = identity.ListInvitations(accounts_pb2.ListInvitationsRequest(customer_id=customer_id, page_size=10))
    staff = optional(
        lambda: identity.ListStaff(people_pb2.ListStaffRequest(page_size=100)), people_pb2.ListStaffResponse()
    )
    page = CustomerPage(customer, customer_tabs(customer_id), tuple(invitations.invitations), tuple(staff.staff))
    return render_template(
        "broker/customer.html",
        page=page,
        customer=customer,
        form=form,
        salutations=salutation_choices(),
        categories=category_choices(),
        invitation_label=invitation_label,
        request_id=new_request_id(),
    ), form.status
