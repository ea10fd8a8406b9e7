"""The expert's own listings: write, submit for the check, withdraw; their ratings (F104, F110, F123)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.money_pb2 import Money
from kontor.experts.v1 import catalogue_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.formatting import euros_input
from kontor_portal.forms import Form, euros, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.labels import customer_field
from kontor_portal.schema_forms import Kind, Question, name_for, questions_of, schema_of
from kontor_portal.views.broker_catalogue import category_choices, category_of

expert_services = Blueprint("expert_services", __name__)

_CONSENT_TEMPLATE: Final = (
    "Ich bin damit einverstanden, dass {makler} die folgenden Angaben an {experte} übermittelt, damit die Leistung "
    "„{dienstleistung}“ erbracht werden kann: {daten}. Ich kann diese Einwilligung jederzeit widerrufen."
)
"""What a new listing begins with; content for customers, so German whatever the expert reads."""
_ROWS: Final = 8
"""Questions a form may have in the editor."""


@dataclass(frozen=True)
class ServiceRatings:
    """One listing with what clients said about it."""

    service: catalogue_pb2.ExpertService
    ratings: tuple[catalogue_pb2.Rating, ...]


@expert_services.get("/experte/leistungen")
def services() -> ResponseReturnValue:
    """List the expert's own listings."""
    return render_template("expert/services.html", services=_own())


@expert_services.get("/experte/bewertungen")
def ratings() -> ResponseReturnValue:
    """List the ratings of all own listings."""
    experts = gateway.experts()
    found = tuple(
        ServiceRatings(
            service,
            tuple(experts.ListRatings(catalogue_pb2.ListRatingsRequest(service_id=service.service_id)).ratings),
        )
        for service in _own()
        if service.rating_count
    )
    return render_template("expert/ratings.html", rated=found)


@expert_services.get("/experte/leistungen/neu")
def new_service() -> ResponseReturnValue:
    """Show the form of a new listing."""
    empty = catalogue_pb2.ExpertService(
        consent_template=_CONSENT_TEMPLATE,
        customer_fields=[catalogue_pb2.CUSTOMER_FIELD_NAME],
    )
    return _form(empty, Form())


@expert_services.post("/experte/leistungen/neu")
def create_service() -> ResponseReturnValue:
    """Create a listing as a draft."""
    service, form = _from_form("")
    if form.errors:
        return _form(service, form)
    try:
        created = gateway.experts().CreateService(
            catalogue_pb2.CreateServiceRequest(service=service, request_id=new_request_id())
        )
    except grpc.RpcError as error:
        return _form(service, refused(error))
    flash(t("Der Entwurf ist gespeichert."), "ok")
    return redirect(f"/experte/leistungen/{created.service_id}", 303)


@expert_services.get("/experte/leistungen/<id:service_id>")
def edit_service(service_id: str) -> ResponseReturnValue:
    """Show a listing to edit."""
    return _form(_service(service_id), Form())


@expert_services.post("/experte/leistungen/<id:service_id>")
def update_service(service_id: str) -> ResponseReturnValue:
    """Save a listing."""
    service, form = _from_form(service_id)
    if form.errors:
        return _form(service, form)
    try:
        gateway.experts().UpdateService(
            catalogue_pb2.UpdateServiceRequest(
                service=service, update_mask=FieldMask(paths=_CHANGED), request_id=new_request_id()
            )
        )
    except grpc.RpcError as error:
        return _form(service, refused(error))
    flash(t("Der Entwurf ist gespeichert."), "ok")
    return redirect(f"/experte/leistungen/{service_id}", 303)


@expert_services.post("/experte/leistungen/<id:service_id>/einreichen")
def submit_service(service_id: str) -> ResponseReturnValue:
    """Hand a listing to the network for its check."""
    wanted = catalogue_pb2.SubmitServiceRequest(service_id=service_id, request_id=new_request_id())
    try:
        gateway.experts().SubmitService(wanted)
    except grpc.RpcError as error:
        return _form(_service(service_id), refused(error, {}))
    flash(t("Eingereicht. Das Netzwerk prüft Ihre Leistung."), "ok")
    return redirect("/experte/leistungen", 303)


@expert_services.post("/experte/leistungen/<id:service_id>/zurueckziehen")
def withdraw_service(service_id: str) -> ResponseReturnValue:
    """Take a listing out of the catalogue."""
    wanted = catalogue_pb2.WithdrawServiceRequest(service_id=service_id, request_id=new_request_id())
    try:
        gateway.experts().WithdrawService(wanted)
    except grpc.RpcError as error:
        return _form(_service(service_id), refused(error, {}))
    flash(t("Die Leistung steht nicht mehr im Katalog."), "ok")
    return redirect(f"/experte/leistungen/{service_id}", 303)


_CHANGED: Final = [
    "title",
    "description",
    "category",
    "compensation_kind",
    "compensation",
    "form_schema",
    "consent_template",
    "customer_fields",
]


def _own() -> tuple[catalogue_pb2.ExpertService, ...]:
    return tuple(gateway.experts().ListServices(catalogue_pb2.ListServicesRequest(own=True, page_size=100)).services)


def _service(service_id: str) -> catalogue_pb2.ExpertService:
    return gateway.experts().GetService(catalogue_pb2.GetServiceRequest(service_id=service_id))


def _from_form(service_id: str) -> tuple[catalogue_pb2.ExpertService, Form]:
    values = sent()
    amount = euros(values.get("compensation", ""))
    fields: Mapping[str, catalogue_pb2.CustomerField.ValueType] = {
        str(value): value for value in catalogue_pb2.CustomerField.values() if value
    }
    is_yield = values.get("compensation_kind") == "yield"
    service = catalogue_pb2.ExpertService(
        service_id=service_id,
        title=values.get("title", ""),
        description=values.get("description", ""),
        category=category_of(values.get("category", "")),
        compensation_kind=catalogue_pb2.COMPENSATION_KIND_YIELD if is_yield else catalogue_pb2.COMPENSATION_KIND_COST,
        compensation=amount or Money(currency="EUR"),
        form_schema=schema_of(_questions(values)),
        consent_template=values.get("consent_template", ""),
        customer_fields=[fields[each] for each in request.form.getlist("customer_fields") if each in fields],
        etag=values.get("etag", ""),
    )
    faults = {} if amount is not None else {"compensation": t("Bitte geben Sie einen Betrag ein, zum Beispiel 290,00.")}
    return service, Form(values, faults)


def _questions(values: Mapping[str, str]) -> tuple[Question, ...]:
    found: list[Question] = []
    for row in range(_ROWS):
        title = values.get(f"q{row}.title", "")
        if not title:
            continue
        options = tuple(filter(None, (each.strip() for each in values.get(f"q{row}.options", "").split(";"))))
        kind = _kind_of(values.get(f"q{row}.kind", ""), has_options=bool(options))
        taken = [question.name for question in found]
        name = values.get(f"q{row}.name") or name_for(title, taken)
        found.append(
            Question(
                name=name if name not in taken else name_for(title, taken),
                title=title[:200],
                kind=kind,
                is_required=values.get(f"q{row}.required") == "1",
                hint=values.get(f"q{row}.hint", "")[:500],
                options=options if kind is Kind.CHOICE else (),
            )
        )
    return tuple(found)


def _kind_of(text: str, *, has_options: bool) -> Kind:
    kind = Kind(text) if text in frozenset(Kind) else Kind.TEXT
    return Kind.TEXT if kind is Kind.CHOICE and not has_options else kind


def _form(service: catalogue_pb2.ExpertService, form: Form) -> ResponseReturnValue:
    known = questions_of(service.form_schema)
    kinds = (
        Choice(Kind.TEXT, t("Kurzer Text")),
        Choice(Kind.LONG_TEXT, t("Langer Text")),
        Choice(Kind.INTEGER, t("Ganze Zahl")),
        Choice(Kind.NUMBER, t("Zahl")),
        Choice(Kind.BOOLEAN, t("Ja oder nein")),
        Choice(Kind.DATE, t("Datum")),
        Choice(Kind.CHOICE, t("Auswahl")),
    )
    fields = tuple(Choice(str(each), customer_field(each)) for each in catalogue_pb2.CustomerField.values() if each)
    return render_template(
        "expert/service.html",
        service=service,
        questions=[*known[:_ROWS], *([None] * (_ROWS - len(known)))],
        kinds=kinds,
        categories=category_choices(),
        fields=fields,
        amount=euros_input(service.compensation) if service.HasField("compensation") else "",
        form=form,
    ), form.status
