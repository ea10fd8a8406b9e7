"""The firm's own life on the platform: trial, plan, export, processing agreement, entry in the directory (F82–F94)."""

from __future__ import annotations

from typing import Final

import grpc
from flask import Blueprint, Response, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1 import firms_pb2, tenants_pb2
from kontor.vault.v1 import firm_storage_pb2

from kontor_portal import gateway
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import optional

broker_firm_life = Blueprint("broker_firm_life", __name__)

_PAGE: Final = "/makler/betrieb"
_EXPORT_SECONDS: Final = 120


@broker_firm_life.get(_PAGE)
def life() -> ResponseReturnValue:
    """Show where the firm stands."""
    return _show(Form())


@broker_firm_life.post(f"{_PAGE}/tarif")
def choose_plan() -> ResponseReturnValue:
    """Choose a plan."""
    chosen = sent().get("plan", "")
    plans = {str(value): value for value in firms_pb2.Plan.values() if value}
    wanted = firms_pb2.ChoosePlanRequest(
        plan=plans.get(chosen, firms_pb2.PLAN_UNSPECIFIED), request_id=new_request_id()
    )
    try:
        gateway.firms().ChoosePlan(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Ihr Tarif ist gewählt. Bitte senden Sie uns den Vertrag unterschrieben zu."), "ok")
    return redirect(_PAGE, 303)


@broker_firm_life.post(f"{_PAGE}/verlaengern")
def extend() -> ResponseReturnValue:
    """Order a further trial at the price that was shown."""
    cents = sent().get("net", "0")
    net = Money(minor_units=int(cents) if cents.isdigit() else 0, currency="EUR")
    try:
        gateway.firms().ExtendTrial(firms_pb2.ExtendTrialRequest(net=net, request_id=new_request_id()))
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Ihr Test läuft 30 Tage länger."), "ok")
    return redirect(_PAGE, 303)


@broker_firm_life.post(f"{_PAGE}/auftragsverarbeitung")
def accept() -> ResponseReturnValue:
    """Accept the processing agreement that was shown (F94)."""
    values = sent()
    version = values.get("version", "")
    wanted = firms_pb2.AcceptProcessingAgreementRequest(
        version=int(version) if version.isdigit() else 1,
        sha256=values.get("sha256", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.firms().AcceptProcessingAgreement(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Vereinbarung ist angenommen und mit Nachweis abgelegt."), "ok")
    return redirect(_PAGE, 303)


@broker_firm_life.post(f"{_PAGE}/eintrag")
def update() -> ResponseReturnValue:
    """Change homepage, register number and directory entry."""
    values = sent()
    firm = firms_pb2.OwnFirm(
        homepage=values.get("homepage", ""),
        ihk_number=values.get("ihk_number", ""),
        directory_listed=values.get("directory_listed") == "1",
        directory_text=values.get("directory_text", ""),
        etag=values.get("etag", ""),
    )
    mask = FieldMask(paths=["homepage", "ihk_number", "directory_listed", "directory_text"])
    try:
        gateway.firms().UpdateOwnFirm(
            firms_pb2.UpdateOwnFirmRequest(firm=firm, update_mask=mask, request_id=new_request_id())
        )
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Die Angaben sind gespeichert."), "ok")
    return redirect(_PAGE, 303)


@broker_firm_life.post(f"{_PAGE}/stufe-1")
def tier_one() -> ResponseReturnValue:
    """Decide what customers of tier 1 may use (F7)."""
    none = sent().get("tier_one_access") == "none"
    profile = tenants_pb2.TenantProfile(
        name=gateway.identity().GetProfile(tenants_pb2.GetProfileRequest()).name,
        tier_one_access=tenants_pb2.TIER_ONE_ACCESS_NONE if none else tenants_pb2.TIER_ONE_ACCESS_CONTRACT_VIEW,
    )
    mask = FieldMask(paths=["tier_one_access"])
    wanted = tenants_pb2.UpdateTenantProfileRequest(profile=profile, update_mask=mask, request_id=new_request_id())
    try:
        gateway.identity().UpdateTenantProfile(wanted)
    except grpc.RpcError as error:
        return _show(refused(error))
    flash(t("Gespeichert. Ihre Kunden merken es innerhalb von zehn Minuten."), "ok")
    return redirect(_PAGE, 303)


@broker_firm_life.get(f"{_PAGE}/export.zip")
def export() -> ResponseReturnValue:
    """Hand out the firm's data as an archive."""
    pieces = gateway.firms().ExportFirm(firms_pb2.ExportFirmRequest(), timeout=_EXPORT_SECONDS)
    content = b"".join(piece.data for piece in pieces)
    headers = {"Content-Disposition": 'attachment; filename="kontor-export.zip"', "Cache-Control": "no-store"}
    return Response(content, mimetype="application/zip", headers=headers)


def _show(form: Form) -> ResponseReturnValue:
    firms = gateway.firms()
    catalogue = optional(lambda: firms.GetPlanCatalogue(firms_pb2.GetPlanCatalogueRequest()), firms_pb2.PlanCatalogue())
    return render_template(
        "broker/firm_life.html",
        own=firms.GetOwnFirm(firms_pb2.GetOwnFirmRequest()),
        plans=tuple(catalogue.plans),
        storage=optional(lambda: gateway.firm_storage().GetFirmStorage(firm_storage_pb2.GetFirmStorageRequest()), None),
        agreement=firms.GetProcessingAgreement(firms_pb2.GetProcessingAgreementRequest()),
        profile=gateway.identity().GetProfile(tenants_pb2.GetProfileRequest()),
        form=form,
    ), form.status
