"""Filing what came in: proposals to confirm or dismiss, what was learned from them, and plain names (F1, F146)."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.vault.v1 import filing_pb2, vault_pb2

from kontor_portal import gateway
from kontor_portal.filing import folder_name, title_in_words, view_of
from kontor_portal.folders import folder_tree
from kontor_portal.forms import refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token
from kontor_portal.requests import signed_in

customer_filing = Blueprint("customer_filing", __name__)

TO_FILE = "/kunde/dokumente/ablegen"
RULES = "/kunde/dokumente/ablageregeln"


@dataclass(frozen=True)
class RuleView:
    """What was learned, in words."""

    rule: filing_pb2.FilingRule
    folder: str
    title: str


@customer_filing.get("/kunde/dokumente/ablegen")
def waiting() -> ResponseReturnValue:
    """Show all papers that wait to be filed."""
    customer_id = signed_in().customer_id
    answer = gateway.filing().ListFilingProposals(
        filing_pb2.ListFilingProposalsRequest(customer_id=customer_id, page_size=20, page_token=page_token())
    )
    tree = folder_tree(customer_id)
    return render_template(
        "customer/to_file.html",
        proposals=tuple(view_of(each, tree) for each in answer.proposals),
        next_url=next_page(answer.next_page_token),
    )


@customer_filing.post("/kunde/dokumente/<id:document_id>/ablegen")
def confirm(document_id: str) -> ResponseReturnValue:
    """File a document as the form says."""
    values, back = sent(), _back(f"/kunde/dokumente/{document_id}")
    kinds = {str(value): value for value in vault_pb2.DocumentKind.values()}
    wanted = filing_pb2.ConfirmFilingRequest(
        customer_id=signed_in().customer_id,
        document_id=document_id,
        title=values.get("title", ""),
        kind=kinds.get(values.get("kind", ""), vault_pb2.DOCUMENT_KIND_OTHER),
        folder_id=values.get("folder_id", ""),
        contract_id=values.get("contract_id", ""),
        dated_on=values.get("dated_on", ""),
        due_on=values.get("due_on", ""),
        etag=values.get("etag", ""),
        request_id=new_request_id(),
    )
    try:
        filed = gateway.filing().ConfirmFiling(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("„%(title)s“ ist abgelegt.", title=filed.title), "ok")
    return redirect(back, 303)


@customer_filing.post("/kunde/dokumente/<id:document_id>/nicht-ablegen")
def dismiss(document_id: str) -> ResponseReturnValue:
    """Leave a document as it is."""
    wanted = filing_pb2.DismissFilingRequest(
        customer_id=signed_in().customer_id, document_id=document_id, request_id=new_request_id()
    )
    try:
        gateway.filing().DismissFiling(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Das Dokument bleibt, wie es ist."), "ok")
    return redirect(_back(f"/kunde/dokumente/{document_id}"), 303)


@customer_filing.get("/kunde/dokumente/ablageregeln")
def rules() -> ResponseReturnValue:
    """Show what was learned."""
    customer_id = signed_in().customer_id
    answer = gateway.filing().ListFilingRules(
        filing_pb2.ListFilingRulesRequest(customer_id=customer_id, page_size=100, page_token=page_token())
    )
    tree = folder_tree(customer_id)
    learned = tuple(
        RuleView(each, folder_name(tree, each.folder_id), title_in_words(each.title_pattern)) for each in answer.rules
    )
    return render_template("customer/filing_rules.html", rules=learned, next_url=next_page(answer.next_page_token))


@customer_filing.post("/kunde/dokumente/ablageregeln/<id:filing_rule_id>/vergessen")
def forget(filing_rule_id: str) -> ResponseReturnValue:
    """Forget what was learned."""
    wanted = filing_pb2.DeleteFilingRuleRequest(
        customer_id=signed_in().customer_id, filing_rule_id=filing_rule_id, request_id=new_request_id()
    )
    try:
        gateway.filing().DeleteFilingRule(wanted)
    except grpc.RpcError as error:
        flash(refused(error).problem_text, "bad")
    else:
        flash(t("Das ist vergessen. Abgelegte Dokumente bleiben, wo sie sind."), "ok")
    return redirect(RULES, 303)


@customer_filing.get("/kunde/dokumente/klartextnamen")
def plain_names() -> ResponseReturnValue:
    """Show the published list of plain names."""
    answer = gateway.filing().ListPlainNames(filing_pb2.ListPlainNamesRequest(page_size=100, page_token=page_token()))
    return render_template(
        "customer/plain_names.html", names=tuple(answer.names), next_url=next_page(answer.next_page_token)
    )


def _back(page: str) -> str:
    """Return the list in which the button stood, or the document's page."""
    given = request.form.get("back", "")
    return given if given in ("/kunde/dokumente", TO_FILE) else page
