"""The firm's portfolio: reading a GDV file, its result or its faults, and what is not released yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

import grpc
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from kontor.contracts.v1 import contracts_pb2
from kontor_chassis.edge import Problem
from kontor_chassis.errors import FieldProblem

from kontor_portal import gateway
from kontor_portal.customers import names_of, staff_names
from kontor_portal.forms import Form, refused, sent
from kontor_portal.gateway import new_request_id
from kontor_portal.i18n import t
from kontor_portal.reading import next_page, page_token

broker_portfolio = Blueprint("broker_portfolio", __name__)

_MOST_BYTES = 4_000_000
_RECORD = re.compile(r"records\[(\d+)\](?:\.(.+))?")
"""How contracts names a place in a file: `content.records[17].Geburtsdatum`."""


@dataclass(frozen=True)
class ImportFault:
    """One thing that is wrong with a file: where, and what."""

    place: str
    text: str


@dataclass(frozen=True)
class ImportPage:
    """The page of the import with what came of the last attempt."""

    imports: tuple[contracts_pb2.PortfolioImport, ...]
    checked: contracts_pb2.PortfolioImport | None = None
    faults: tuple[ImportFault, ...] = ()
    message: str = ""


@broker_portfolio.get("/makler/import")
def import_form() -> ResponseReturnValue:
    """Show the form and the imports so far."""
    return render_template("broker/import.html", page=ImportPage(_imports()))


@broker_portfolio.post("/makler/import")
def import_file() -> ResponseReturnValue:
    """Check a file, or import it."""
    file = request.files.get("file")
    content = file.read(_MOST_BYTES + 1) if file is not None else b""
    if not content:
        return _refused_page(Form({}, {"file": t("Bitte wählen Sie eine Datei aus.")}), 422)
    if len(content) > _MOST_BYTES:
        return _refused_page(Form({}, {"file": t("Die Datei ist größer als 4 MB. Bitte teilen Sie sie auf.")}), 422)
    only_check = sent().get("action") == "pruefen"
    wanted = contracts_pb2.ImportPortfolioRequest(
        content=content,
        file_name=(file.filename or "")[:200] if file is not None else "",
        validate_only=only_check,
        request_id="" if only_check else new_request_id(),
    )
    try:
        result = gateway.contracts().ImportPortfolio(wanted, timeout=55)
    except grpc.RpcError as error:
        form = refused(error, {})
        return _refused_page(form, form.status)
    if only_check:
        return render_template("broker/import.html", page=ImportPage(_imports(), checked=result))
    flash(t("Der Bestand ist eingelesen."), "ok")
    return redirect(f"/makler/import/{result.import_id}", 303)


@broker_portfolio.get("/makler/import/<id:import_id>")
def import_result(import_id: str) -> ResponseReturnValue:
    """Show what an import did."""
    found = gateway.contracts().GetPortfolioImport(contracts_pb2.GetPortfolioImportRequest(import_id=import_id))
    return render_template("broker/import_result.html", result=found, staff=staff_names())


@broker_portfolio.get("/makler/kunden/freigaben")
def unreleased() -> ResponseReturnValue:
    """List contracts that no customer sees yet, to release them in one go."""
    answer = gateway.contracts().ListPortfolio(
        contracts_pb2.ListPortfolioRequest(only_unreleased=True, page_size=100, page_token=page_token())
    )
    return render_template(
        "broker/unreleased.html",
        contracts=tuple(answer.contracts),
        names=names_of(contract.customer_id for contract in answer.contracts),
        next_url=next_page(answer.next_page_token),
    )


def _imports() -> tuple[contracts_pb2.PortfolioImport, ...]:
    request_ = contracts_pb2.ListPortfolioImportsRequest(page_size=10)
    return tuple(gateway.contracts().ListPortfolioImports(request_).imports)


def _refused_page(form: Form, status: int) -> ResponseReturnValue:
    page = ImportPage(
        _imports(),
        faults=_faults(form.problem),
        message=form.error("file") or (form.problem.message if form.problem else ""),
    )
    return render_template("broker/import.html", page=page), status


def _faults(problem: Problem | None) -> tuple[ImportFault, ...]:
    """Return the faults with their place as people say it: record and field."""
    return tuple(ImportFault(_place(each), each.description) for each in problem.fields) if problem else ()


def _place(fault: FieldProblem) -> str:
    found = _RECORD.search(fault.field)
    if found is None:
        return t("Datei")
    number, field = found.groups()
    if not field:
        return t("Satz %(number)s", number=number)
    return t("Satz %(number)s, Feld „%(field)s“", number=number, field=field)
