"""The proof of a delivery as a file: PDF/A-3a and PDF/UA-1 for people, JSON for programs.

A pure function of what is stored and of the parties' names: the same delivery gives the same bytes until it reaches a
further stage, because the time stamp is that of the last one.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst
from kontor.vault.v1.deliveries_pb2 import DeliveryStage as Stage
from kontor_chassis.clock import BILLING_ZONE

from kontor_vault.deliveries import Delivered, Parties

TEMPLATE: Final = Path(__file__).parent / "templates" / "delivery_proof.typ"
STANDARDS: Final[list[Any]] = ["a-3a", "ua-1"]
_STAGES: Final = {
    Stage.DELIVERY_STAGE_PROVIDED: "Bereitgestellt",
    Stage.DELIVERY_STAGE_NOTIFIED: "Per E-Mail benachrichtigt",
    Stage.DELIVERY_STAGE_NOT_NOTIFIED: "E-Mail nicht zustellbar",
    Stage.DELIVERY_STAGE_OPENED: "Erstmals geöffnet",
}

_compiler: typst.Compiler | None = None
_compiling = threading.Lock()  # a compiler is reused, one page at a time


def proof_json(delivered: Delivered, parties: Parties) -> bytes:
    """Return the proof for programs: UTF-8, sorted names, times in UTC."""
    one = delivered.delivery
    content = {
        "delivery_id": str(one.delivery_id),
        "firm": {"tenant_id": str(one.tenant_id), "name": parties.firm_name, "address": parties.firm_address},
        "customer": {
            "customer_id": str(one.customer_id),
            "name": parties.customer_name,
            "number": parties.customer_number,
        },
        "document": {
            "document_id": str(one.document_id),
            "version": one.number,
            "title": one.title,
            "file_name": one.file_name,
            "size_bytes": one.size_bytes,
            "sha256": one.sha256.hex(),
        },
        "consent": {
            "e_post_entry_id": str(one.e_post_entry_id),
            "version": one.consent_version,
            "time": _instant(one.consent_time),
        },
        "steps": [
            {
                "stage": Stage.Name(Stage.ValueType(step.stage)).removeprefix("DELIVERY_STAGE_"),
                "time": _instant(step.time),
                "account_name": step.account_name,
                "ledger_sequence": step.sequence,
                "ledger_hash": step.hash.hex(),
            }
            for step in delivered.steps
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()


def proof_pdf(delivered: Delivered, parties: Parties) -> bytes:
    """Return the proof for people, in German. Takes some 10 ms of CPU: call it in a thread."""
    global _compiler
    document = json.dumps(_printed(delivered, parties), ensure_ascii=False)
    with _compiling:
        if _compiler is None:
            _compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
        pdf = _compiler.compile(
            format="pdf",
            sys_inputs={"document": document},
            pdf_standards=STANDARDS,
            timestamp=int(delivered.steps[-1].time.timestamp()),
        )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave pages instead of one document")
    return pdf


def _printed(delivered: Delivered, parties: Parties) -> dict[str, Any]:
    one = delivered.delivery
    number = f" (Kundennummer {parties.customer_number})" if parties.customer_number else ""
    address = f", {parties.firm_address}" if parties.firm_address else ""
    return {
        "title": "Nachweis der elektronischen Zustellung",
        "author": parties.firm_name,
        "footer": f"Zustellung {one.delivery_id}",
        "introduction": f"{parties.firm_name} hat das folgende Dokument elektronisch zugestellt. Der Empfänger hatte "
        "in die elektronische Zustellung eingewilligt.",
        "sections": [
            {
                "heading": "Beteiligte",
                "rows": [
                    ["Absender", parties.firm_name + address],
                    ["Empfänger", parties.customer_name + number],
                ],
            },
            {
                "heading": "Dokument",
                "rows": [
                    ["Titel", one.title],
                    ["Datei", f"{one.file_name}, {one.size_bytes} Byte, Fassung {one.number}"],
                    ["SHA-256", _broken(one.sha256.hex())],
                ],
            },
            {
                "heading": "Einwilligung",
                "rows": [
                    ["Erteilt am", _german(one.consent_time)],
                    ["Text", f"Fassung {one.consent_version}"],
                    ["Eintrag", str(one.e_post_entry_id)],
                ],
            },
            {"heading": "Ablauf", "rows": [_step_row(step) for step in delivered.steps]},
            {
                "heading": "Einträge im Einsichtsprotokoll",
                "rows": [[f"Nummer {step.sequence}", _broken(step.hash.hex())] for step in delivered.steps],
            },
        ],
    }


def _step_row(step: Any) -> list[str]:
    by_whom = f" durch {step.account_name}" if step.account_name else ""
    return [_STAGES[step.stage], _german(step.time) + by_whom]


def _german(moment: datetime) -> str:
    return f"{moment.astimezone(BILLING_ZONE):%d.%m.%Y, %H:%M:%S} Uhr"


def _broken(digits: str) -> str:
    """Return hexadecimal digits in groups of eight, so that lines can break between them."""
    return " ".join(digits[start : start + 8] for start in range(0, len(digits), 8))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
