"""What the customer shares of his cabinet, with whom and until when; and every way to change it (F3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.circles import Share, circle_of, is_for_firm, name_grantee
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.formatting import ZONE
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import current_firm, signed_in

customer_grants = Blueprint("customer_grants", __name__)

HOME = "/kunde/dokumente/freigaben"


@dataclass(frozen=True)
class Shared(Share):
    """One grant as it is read, with what it is about."""

    name: str
    href: str

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder with everything in it."""
        return bool(self.grant.folder_id)


@customer_grants.get(HOME)
def grants() -> ResponseReturnValue:
    """List what is shared now."""
    customer_id = signed_in().customer_id
    asked = pb.ListGrantsRequest(customer_id=customer_id, page_size=50, page_token=page_token())
    answer = gateway.vault().ListGrants(asked)
    tree, circle, firm = folder_tree(customer_id), circle_of(customer_id), current_firm()
    return render_template(
        "customer/grants.html",
        shared=tuple(shared_of(customer_id, grant, tree, circle.whom(grant, firm.name)) for grant in answer.grants),
        next_url=next_page(answer.next_page_token),
    )


@customer_grants.post("/kunde/dokumente/freigaben/<id:grant_id>/zuruecknehmen")
def revoke(grant_id: str) -> ResponseReturnValue:
    """End one."""
    wanted = pb.RevokeGrantRequest(customer_id=signed_in().customer_id, grant_id=grant_id, request_id=new_request_id())
    gateway.vault().RevokeGrant(wanted)
    flash(t("Beendet. Ab sofort sieht diese Person nichts mehr davon."), "ok")
    return redirect(HOME, 303)


@customer_grants.post("/kunde/dokumente/<id:document_id>/freigabe")
def share(document_id: str) -> ResponseReturnValue:
    """Let the firm see the document, or no longer."""
    _share(pb.Grant(document_id=document_id), sent())
    return redirect(f"/kunde/dokumente/{document_id}", 303)


@customer_grants.post("/kunde/dokumente/ordner/<id:folder_id>/freigabe")
def share_folder(folder_id: str) -> ResponseReturnValue:
    """Let the firm see a folder with everything in it, or no longer."""
    _share(pb.Grant(folder_id=folder_id), sent())
    return redirect(f"/kunde/dokumente/ordner/{folder_id}", 303)


def all_grants(customer_id: str) -> tuple[pb.Grant, ...]:
    """Return the grants in force."""
    return tuple(gateway.vault().ListGrants(pb.ListGrantsRequest(customer_id=customer_id, page_size=100)).grants)


def shared_of(customer_id: str, grant: pb.Grant, tree: FolderTree, whom: str) -> Shared:
    """Return a grant in words, with what it is about."""
    if grant.folder_id:
        folder = tree.by_id.get(grant.folder_id)
        return Shared(grant, whom, folder.name if folder else "", f"/kunde/dokumente/ordner/{grant.folder_id}")
    asked = pb.GetDocumentRequest(customer_id=customer_id, document_id=grant.document_id)
    document = optional(lambda: gateway.vault().GetDocument(asked), pb.Document())
    return Shared(grant, whom, document.title, f"/kunde/dokumente/{grant.document_id}")


def _share(target: pb.Grant, values: Mapping[str, str]) -> None:
    customer_id, vault = signed_in().customer_id, gateway.vault()
    if values.get("action") == "geben":
        give(target, values)
        return
    for grant in all_grants(customer_id):
        same = (grant.document_id, grant.folder_id) == (target.document_id, target.folder_id)
        if same and is_for_firm(grant):
            vault.RevokeGrant(
                pb.RevokeGrantRequest(customer_id=customer_id, grant_id=grant.grant_id, request_id=new_request_id())
            )
    flash(t("Zurückgenommen. Ab sofort sehen nur Sie das.", du="Zurückgenommen. Ab sofort siehst nur du das."), "ok")


def give(target: pb.Grant, values: Mapping[str, str]) -> None:
    """Let somebody see something as a form says it, and say so, or why not."""
    name_grantee(target, values.get("whom", ""))
    target.may_contribute = values.get("may_contribute") == "1"
    if end := _end_of(values.get("until", "")):
        target.expire_time.CopyFrom(end)
    wanted = pb.CreateGrantRequest(customer_id=signed_in().customer_id, grant=target, request_id=new_request_id())
    try:
        gateway.vault().CreateGrant(wanted)
    except grpc.RpcError as error:
        problem = refused(error)
        flash(next(iter(problem.errors.values()), problem.problem_text), "bad")
    else:
        flash(t("Freigegeben. Sie können die Ansicht jederzeit zurücknehmen.",
                du="Freigegeben. Du kannst die Ansicht jederzeit zurücknehmen."), "ok")  # fmt: skip


def _end_of(day: str) -> Timestamp | None:
    """Return the end of a German day; None for none."""
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        return None
    end = Timestamp()
    end.FromDatetime(datetime.combine(chosen + timedelta(days=1), time(), ZONE))
    return end
