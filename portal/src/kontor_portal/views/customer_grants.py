"""What the customer shares of his cabinet, with whom and until when; and every way to change it (F3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import grpc
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1 import people_pb2
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.folders import FolderTree, folder_tree
from kontor_portal.formatting import ZONE
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, optional, page_token
from kontor_portal.requests import signed_in
from kontor_portal.sightings import last_day

customer_grants = Blueprint("customer_grants", __name__)

HOME = "/kunde/dokumente/freigaben"


@dataclass(frozen=True)
class Shared:
    """One grant as it is read."""

    grant: pb.Grant
    name: str
    href: str

    @property
    def until(self) -> str:
        """The last day, or nothing."""
        return last_day(self.grant.expire_time) if self.grant.HasField("expire_time") else ""

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
    tree = folder_tree(customer_id)
    return render_template(
        "customer/grants.html",
        shared=tuple(_shared(customer_id, grant, tree) for grant in answer.grants),
        colleagues=colleagues_of(customer_id),
        next_url=next_page(answer.next_page_token),
    )


@customer_grants.post("/kunde/dokumente/freigaben/<id:grant_id>/zuruecknehmen")
def revoke(grant_id: str) -> ResponseReturnValue:
    """End one."""
    wanted = pb.RevokeGrantRequest(customer_id=signed_in().customer_id, grant_id=grant_id, request_id=new_request_id())
    gateway.vault().RevokeGrant(wanted)
    flash(t("Zurückgenommen. Ab sofort sehen nur Sie das.", du="Zurückgenommen. Ab sofort siehst nur du das."), "ok")
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


def colleagues_of(customer_id: str) -> Mapping[str, str]:
    """Return who looks after the customer, by account: whom he can share with alone."""
    asked = people_pb2.GetResponsiblesRequest(customer_id=customer_id)
    answer = optional(lambda: gateway.identity().GetResponsibles(asked), people_pb2.Responsibles())
    return {one.account_id: one.display_name for one in answer.responsibles}


def _shared(customer_id: str, grant: pb.Grant, tree: FolderTree) -> Shared:
    if grant.folder_id:
        folder = tree.by_id.get(grant.folder_id)
        return Shared(grant, folder.name if folder else "", f"/kunde/dokumente/ordner/{grant.folder_id}")
    asked = pb.GetDocumentRequest(customer_id=customer_id, document_id=grant.document_id)
    document = optional(lambda: gateway.vault().GetDocument(asked), pb.Document())
    return Shared(grant, document.title, f"/kunde/dokumente/{grant.document_id}")


def _share(target: pb.Grant, values: Mapping[str, str]) -> None:
    customer_id, vault = signed_in().customer_id, gateway.vault()
    if values.get("action") == "geben":
        target.grantee_account_id = values.get("whom", "")
        target.may_contribute = values.get("may_contribute") == "1"
        if end := _end_of(values.get("until", "")):
            target.expire_time.CopyFrom(end)
        wanted = pb.CreateGrantRequest(customer_id=customer_id, grant=target, request_id=new_request_id())
        try:
            vault.CreateGrant(wanted)
        except grpc.RpcError as error:
            flash(refused(error).errors.get("expire_time") or refused(error).problem_text, "bad")
            return
        flash(t("Freigegeben. Sie können die Ansicht jederzeit zurücknehmen.",
                du="Freigegeben. Du kannst die Ansicht jederzeit zurücknehmen."), "ok")  # fmt: skip
        return
    for grant in all_grants(customer_id):
        same = (grant.document_id, grant.folder_id) == (target.document_id, target.folder_id)
        if same and not grant.grantee_account_id:
            vault.RevokeGrant(
                pb.RevokeGrantRequest(customer_id=customer_id, grant_id=grant.grant_id, request_id=new_request_id())
            )
    flash(t("Zurückgenommen. Ab sofort sehen nur Sie das.", du="Zurückgenommen. Ab sofort siehst nur du das."), "ok")


def _end_of(day: str) -> Timestamp | None:
    """Return the end of a German day; None for none."""
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        return None
    end = Timestamp()
    end.FromDatetime(datetime.combine(chosen + timedelta(days=1), time(), ZONE))
    return end
