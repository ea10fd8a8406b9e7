"""The operator's firms: waiting list with order and notes, activation, overview, facts to verify (F45, F48, F92)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.identity.v1 import firms_pb2, tenants_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import plan, tenant_state
from kontor_portal.reading import next_page, page_token
from kontor_portal.views.public import tenant_of

operator_firms = Blueprint("operator_firms", __name__)

_CHANNELS: Final[Mapping[str, firms_pb2.RegistrationChannel.ValueType]] = {
    "post": firms_pb2.REGISTRATION_CHANNEL_MAIL,
    "telefon": firms_pb2.REGISTRATION_CHANNEL_PHONE,
}
_FACTS: Final[Mapping[str, firms_pb2.FirmFact.ValueType]] = {
    "homepage": firms_pb2.FIRM_FACT_HOMEPAGE,
    "ihk": firms_pb2.FIRM_FACT_IHK_NUMBER,
}
_GIGABYTE: Final = 1024**3
_STATES: Final = {
    "test": tenants_pb2.TENANT_STATE_TRIAL,
    "aktiv": tenants_pb2.TENANT_STATE_ACTIVE,
    "beendet": tenants_pb2.TENANT_STATE_SUSPENDED,
    "warteliste": tenants_pb2.TENANT_STATE_WAITING,
}


@operator_firms.get("/betrieb")
def waiting_list() -> ResponseReturnValue:
    """List the firms that wait, in the order in which they come in."""
    asked = firms_pb2.ListFirmsRequest(state=tenants_pb2.TENANT_STATE_WAITING, page_size=100, page_token=page_token())
    answer = gateway.firms().ListFirms(asked)
    return render_template(
        "operator/waiting.html", firms=tuple(answer.firms), next_url=next_page(answer.next_page_token)
    )


@operator_firms.get("/betrieb/eintragen")
def entry() -> ResponseReturnValue:
    """Show the form for a firm that registered by mail or telephone."""
    return _entry(Form())


@operator_firms.post("/betrieb/eintragen")
def enter() -> ResponseReturnValue:
    """Put a firm on the waiting list that did not use the form."""
    values = sent()
    wanted = firms_pb2.EnterFirmRequest(
        tenant=tenant_of(values),
        channel=_CHANNELS.get(values.get("channel", ""), firms_pb2.REGISTRATION_CHANNEL_PHONE),
        note=values.get("note", ""),
        request_id=values.get("request_id") or new_request_id(),
    )
    try:
        entered = gateway.firms().EnterFirm(wanted)
    except grpc.RpcError as error:
        return _entry(refused(error))
    flash(t("%(name)s steht auf der Warteliste.", name=entered.tenant.name), "ok")
    return redirect("/betrieb", 303)


@operator_firms.post("/betrieb/betriebe/<id:tenant_id>/verschieben")
def move(tenant_id: str) -> ResponseReturnValue:
    """Move a firm in the waiting list."""
    before = sent().get("before", "")
    wanted = firms_pb2.MoveInQueueRequest(tenant_id=tenant_id, before_tenant_id=before, request_id=new_request_id())
    try:
        gateway.firms().MoveInQueue(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect("/betrieb", 303)


@operator_firms.get("/betrieb/betriebe")
def firms() -> ResponseReturnValue:
    """List firms with state, plan, size and activity."""
    state, query = request.args.get("stand", ""), request.args.get("suche", "").strip()
    asked = firms_pb2.ListFirmsRequest(
        state=_STATES.get(state, tenants_pb2.TENANT_STATE_UNSPECIFIED),
        query=query,
        page_size=50,
        page_token=page_token(),
    )
    answer = gateway.firms().ListFirms(asked)
    states = (Choice("", t("Alle")), *(Choice(name, tenant_state(value).text) for name, value in _STATES.items()))
    return render_template(
        "operator/firms.html",
        firms=tuple(answer.firms),
        states=states,
        state=state,
        query=query,
        next_url=next_page(answer.next_page_token),
    )


@operator_firms.get("/betrieb/betriebe/<id:tenant_id>")
def firm(tenant_id: str) -> ResponseReturnValue:
    """Show one firm."""
    found = gateway.firms().GetFirm(firms_pb2.GetFirmRequest(tenant_id=tenant_id))
    return render_template("operator/firm.html", firm_record=found, tenant=found.tenant)


@operator_firms.post("/betrieb/betriebe/<id:tenant_id>/aktivieren")
def activate(tenant_id: str) -> ResponseReturnValue:
    """Activate a firm; its administrator is invited."""
    wanted = tenants_pb2.ActivateTenantRequest(tenant_id=tenant_id, request_id=new_request_id())
    try:
        activated = gateway.identity().ActivateTenant(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
        return redirect("/betrieb", 303)
    flash(t("%(name)s ist freigeschaltet. Die Einladung ist unterwegs.", name=activated.name), "ok")
    return redirect("/betrieb", 303)


@operator_firms.post("/betrieb/betriebe/<id:tenant_id>/notiz")
def note(tenant_id: str) -> ResponseReturnValue:
    """Replace the note about a firm."""
    wanted = firms_pb2.SetFirmNoteRequest(tenant_id=tenant_id, note=sent().get("note", ""), request_id=new_request_id())
    return _changed(tenant_id, lambda: gateway.firms().SetFirmNote(wanted), t("Die Notiz ist gespeichert."))


@operator_firms.post("/betrieb/betriebe/<id:tenant_id>/pruefen")
def verify(tenant_id: str) -> ResponseReturnValue:
    """Confirm a fact that was checked by hand."""
    values = sent()
    wanted = firms_pb2.VerifyFirmFactRequest(
        tenant_id=tenant_id,
        fact=_FACTS.get(values.get("fact", ""), firms_pb2.FIRM_FACT_UNSPECIFIED),
        value=values.get("value", ""),
        request_id=new_request_id(),
    )
    return _changed(tenant_id, lambda: gateway.firms().VerifyFirmFact(wanted), t("Die Angabe gilt als geprüft."))


@operator_firms.post("/betrieb/betriebe/<id:tenant_id>/vertrag")
def contract(tenant_id: str) -> ResponseReturnValue:
    """Record the day of the signature on paper (F91)."""
    wanted = firms_pb2.RecordSignedContractRequest(
        tenant_id=tenant_id, signed_on=sent().get("signed_on", ""), request_id=new_request_id()
    )
    said = t("Der Vertragseingang ist vermerkt.")
    return _changed(tenant_id, lambda: gateway.firms().RecordSignedContract(wanted), said)


@operator_firms.get("/betrieb/auftragsverarbeitung")
def processing() -> ResponseReturnValue:
    """Show the processing agreement in force (F94)."""
    return _processing(Form())


@operator_firms.post("/betrieb/auftragsverarbeitung")
def publish_processing() -> ResponseReturnValue:
    """Publish a new version; every firm is asked anew."""
    wanted = firms_pb2.PublishProcessingAgreementRequest(body=sent().get("body", ""), request_id=new_request_id())
    try:
        gateway.firms().PublishProcessingAgreement(wanted)
    except grpc.RpcError as error:
        return _processing(refused(error))
    flash(t("Die neue Fassung gilt. Alle Betriebe werden um Zustimmung gebeten."), "ok")
    return redirect("/betrieb/auftragsverarbeitung", 303)


@operator_firms.get("/betrieb/tarife")
def plans() -> ResponseReturnValue:
    """Show the plans of today (F82–F86)."""
    return _plans(Form())


@operator_firms.post("/betrieb/tarife")
def set_plan() -> ResponseReturnValue:
    """Set the terms of a plan from a day on."""
    values = sent()
    known = {str(value): value for value in firms_pb2.Plan.values() if value}
    terms = firms_pb2.PlanTerms(
        plan=known.get(values.get("plan", ""), firms_pb2.PLAN_UNSPECIFIED),
        max_contacts=_number(values.get("max_contacts", "")),
        storage_bytes=_number(values.get("storage_gb", "")) * _GIGABYTE,
        interfaces=values.get("interfaces") == "1",
        base_net=euros(values.get("base_net", "")),
        contact_net=euros(values.get("contact_net", "")),
        setup_net=euros(values.get("setup_net", "")),
    )
    wanted = firms_pb2.SetPlanTermsRequest(
        terms=terms, valid_from=values.get("valid_from", ""), request_id=new_request_id()
    )
    try:
        gateway.firms().SetPlanTerms(wanted)
    except grpc.RpcError as error:
        return _plans(refused(error))
    flash(t("Die Bedingungen sind gespeichert."), "ok")
    return redirect("/betrieb/tarife", 303)


def _plans(form: Form) -> ResponseReturnValue:
    catalogue = gateway.firms().GetPlanCatalogue(firms_pb2.GetPlanCatalogueRequest())
    choices = tuple(Choice(str(value), plan(value)) for value in firms_pb2.Plan.values() if value)
    return render_template("operator/plans.html", plans=tuple(catalogue.plans), choices=choices, form=form), form.status


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _changed(tenant_id: str, change: Callable[[], object], said: str) -> ResponseReturnValue:
    try:
        change()
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(said, "ok")
    return redirect(f"/betrieb/betriebe/{tenant_id}", 303)


def _entry(form: Form) -> ResponseReturnValue:
    return render_template("operator/entry.html", form=form, request_id=new_request_id()), form.status


def _processing(form: Form) -> ResponseReturnValue:
    agreement = gateway.firms().GetProcessingAgreement(firms_pb2.GetProcessingAgreementRequest())
    return render_template("operator/processing.html", agreement=agreement, form=form), form.status
