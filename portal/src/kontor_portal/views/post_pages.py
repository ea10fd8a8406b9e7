"""Paper post of a customer, seen by himself and by his broker: sheets, what was scanned, where originals are (F15)."""

from __future__ import annotations

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import originals_pb2, scan_sheets_pb2

from kontor_portal import gateway
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import asked, next_page, page_token
from kontor_portal.requests import signed_in
from kontor_portal.usage_views import asked_usage
from kontor_portal.views.binder_pages import asked_binders
from kontor_portal.views.broker_customer import customer_tabs, the_customer

post_pages = Blueprint("post_pages", __name__)

_WISHES = {
    "zurueck": originals_pb2.ORIGINAL_STATE_RETURN_WANTED,
    "vernichten": originals_pb2.ORIGINAL_STATE_DESTRUCTION_ALLOWED,
    "behalten": originals_pb2.ORIGINAL_STATE_STORED,
}


@post_pages.get("/kunde/post")
def own_post() -> ResponseReturnValue:
    """Show the customer his sheets and originals."""
    return _show("customer/post.html", signed_in().customer_id, "/kunde/post")


@post_pages.post("/kunde/post")
def own_sheet() -> ResponseReturnValue:
    """Make a sheet, or revoke one."""
    session = signed_in()
    return _change(session.customer_id, session.name, "/kunde/post")


@post_pages.post("/kunde/post/originale/<id:original_id>")
def decide(original_id: str) -> ResponseReturnValue:
    """Say what is to be done with an original."""
    values = sent()
    wanted = originals_pb2.DecideOriginalRequest(
        customer_id=signed_in().customer_id,
        original_id=original_id,
        state=_WISHES.get(values.get("wish", ""), originals_pb2.ORIGINAL_STATE_STORED),
        return_address=values.get("return_address", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        gateway.originals().DecideOriginal(wanted)
        flash(t("Ihr Wunsch ist beim Scan-Zentrum.", du="Dein Wunsch ist beim Scan-Zentrum."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    document_id = values.get("document_id", "")
    return redirect(f"/kunde/dokumente/{document_id}" if document_id else "/kunde/post", 303)


@post_pages.get("/makler/kunden/<id:customer_id>/post")
def customer_s_post(customer_id: str) -> ResponseReturnValue:
    """Show the broker a customer's sheets, and where originals are."""
    return _show("broker/customer_post.html", customer_id, f"/makler/kunden/{customer_id}/post", staff=True)


@post_pages.post("/makler/kunden/<id:customer_id>/post")
def customer_s_sheet(customer_id: str) -> ResponseReturnValue:
    """Make a sheet for a customer, or revoke one."""
    return _change(customer_id, the_customer(customer_id).display_name, f"/makler/kunden/{customer_id}/post")


def _change(customer_id: str, label: str, back: str) -> ResponseReturnValue:
    sheets, revoked = gateway.scan_sheets(), sent().get("revoke", "")
    try:
        if revoked:
            sheets.RevokeScanSheet(
                scan_sheets_pb2.RevokeScanSheetRequest(
                    customer_id=customer_id, sheet_id=revoked, request_id=new_request_id()
                )
            )
            flash(t("Das Trennblatt ist gesperrt."), "ok")
        else:
            sheets.CreateScanSheet(
                scan_sheets_pb2.CreateScanSheetRequest(
                    customer_id=customer_id, label=label[:100], request_id=new_request_id()
                )
            )
            flash(t("Das neue Trennblatt lässt sich jetzt drucken."), "ok")
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    return redirect(back, 303)


def _show(template: str, customer_id: str, action: str, *, staff: bool = False) -> ResponseReturnValue:
    sheets, originals = gateway.scan_sheets(), gateway.originals()
    usage = asked(
        sheets.GetScanUsage,
        scan_sheets_pb2.GetScanUsageRequest(customer_id=customer_id),
        scan_sheets_pb2.ScanUsage(),
    )
    papers = asked(
        originals.ListOriginals,
        originals_pb2.ListOriginalsRequest(customer_id=customer_id, page_size=50, page_token=page_token()),
        originals_pb2.ListOriginalsResponse(),
    )
    used, binders = asked_usage(customer_id), asked_binders(customer_id)
    found = sheets.ListScanSheets(scan_sheets_pb2.ListScanSheetsRequest(customer_id=customer_id, page_size=20))
    whose = {"customer": the_customer(customer_id), "tabs": customer_tabs(customer_id)} if staff else {}
    return render_template(
        template,
        customer_id=customer_id,
        action=action,
        sheets=[sheet for sheet in found.sheets if sheet.valid],
        usage=usage(),
        used=used(),
        binders=binders(),
        binder_base=f"{action}/ordner",
        originals=tuple(papers().originals),
        next_url=next_page(papers().next_page_token),
        **whose,
    )
