"""The firm's own people and the list of its customers' invoices; a single one is in `broker_receivables`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grpc
from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.billing.v1 import billing_pb2
from kontor.common.v1 import access_pb2
from kontor.identity.v1 import accounts_pb2, people_pb2, staff_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.customers import names_of
from kontor_portal.forms import Form, address_in, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import right
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import signed_in

broker_firm = Blueprint("broker_firm", __name__)


@broker_firm.get("/makler/team")
def team() -> ResponseReturnValue:
    """List the staff; administrators may invite."""
    return _team(Form())


@broker_firm.post("/makler/team")
def invite_staff() -> ResponseReturnValue:
    """Invite an employee with his rights (F194)."""
    values = sent()
    roles = [access_pb2.ROLE_STAFF]
    if values.get("administrator") == "1":
        roles.append(access_pb2.ROLE_ADMINISTRATOR)
    wanted = people_pb2.InviteStaffRequest(
        display_name=values.get("display_name", ""),
        email=values.get("email", ""),
        roles=roles,
        rights=_rights(),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        gateway.identity().InviteStaff(wanted)
    except grpc.RpcError as error:
        return _team(refused(error))
    flash(t("Die Einladung an %(email)s ist unterwegs.", email=wanted.email), "ok")
    return redirect("/makler/team", 303)


@broker_firm.post("/makler/team/<id:account_id>")
def update_staff(account_id: str) -> ResponseReturnValue:
    """Change an employee's rights."""
    changed = people_pb2.Staff(rights=_rights(), etag=sent().get("etag", ""))
    try:
        gateway.identity().UpdateStaff(
            people_pb2.UpdateStaffRequest(
                staff=changed,
                account_id=account_id,
                update_mask=FieldMask(paths=["rights"]),
                request_id=new_request_id(),
            )
        )
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Die Rechte sind gespeichert."), "ok")
    return redirect("/makler/team", 303)


@broker_firm.post("/makler/team/betrieb")
def update_profile() -> ResponseReturnValue:
    """Change how customers reach the firm (F168)."""
    values = sent()
    changed = tenants_pb2.TenantProfile(
        name=values.get("name", ""),
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        address=address_in(values),
        etag=values.get("etag", ""),
    )
    try:
        gateway.identity().UpdateTenantProfile(
            tenants_pb2.UpdateTenantProfileRequest(
                profile=changed,
                update_mask=FieldMask(paths=["name", "email", "phone", "address"]),
                request_id=new_request_id(),
            )
        )
    except grpc.RpcError as error:
        return _team(refused(error))
    flash(t("Die Angaben sind gespeichert."), "ok")
    return redirect("/makler/team", 303)


@broker_firm.get("/makler/rechnungen")
def invoices() -> ResponseReturnValue:
    """List the invoices of all customers."""
    period = request.args.get("monat", "")
    answer = gateway.billing().ListInvoices(
        billing_pb2.ListInvoicesRequest(period=period, page_size=50, page_token=page_token())
    )
    return render_template(
        "broker/invoices.html",
        invoices=tuple(answer.invoices),
        names=names_of(invoice.customer_id for invoice in answer.invoices),
        period=period,
        next_url=next_page(answer.next_page_token),
    )


def right_choices() -> tuple[Choice, ...]:
    """Return the rights to choose from."""
    return tuple(Choice(str(value), right(value)) for value in access_pb2.Right.values() if value)


def _rights() -> list[access_pb2.Right.ValueType]:
    known: Mapping[str, access_pb2.Right.ValueType] = {
        str(value): value for value in access_pb2.Right.values() if value
    }
    return [known[each] for each in request.form.getlist("rights") if each in known]


def _absences() -> Iterable[staff_pb2.Absence]:
    ask = staff_pb2.ListAbsencesRequest(page_size=100)
    return optional(lambda: gateway.staff().ListAbsences(ask), staff_pb2.ListAbsencesResponse()).absences


def _team(form: Form) -> ResponseReturnValue:
    if form.problem is not None and not signed_in().is_administrator:
        abort(403)
    identity = gateway.identity()
    staff = identity.ListStaff(people_pb2.ListStaffRequest(page_size=100))
    invitations = optional(
        lambda: identity.ListInvitations(
            accounts_pb2.ListInvitationsRequest(state=accounts_pb2.INVITATION_STATE_OPEN, page_size=100)
        ),
        accounts_pb2.ListInvitationsResponse(),
    )
    return render_template(
        "broker/team.html",
        staff=tuple(staff.staff),
        invitations=tuple(each for each in invitations.invitations if not each.customer_id),
        profile=identity.GetProfile(tenants_pb2.GetProfileRequest()),
        rights=right_choices(),
        absences=tuple(_absences()),
        names={person.account_id: person.display_name for person in staff.staff},
        form=form,
        request_id=new_request_id(),
    ), form.status
