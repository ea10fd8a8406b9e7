"""What values of paper binders are called on pages (F16, F61)."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.vault.v1 import binders_pb2

from kontor_portal.i18n import t
from kontor_portal.labels import Label


def binder_state(value: binders_pb2.BinderState.ValueType) -> Label:
    """Return where a binder stands."""
    return {
        binders_pb2.BINDER_STATE_ORDERED: Label(t("Bestellt"), "info"),
        binders_pb2.BINDER_STATE_PICKUP_PLANNED: Label(t("Abholung geplant"), "info"),
        binders_pb2.BINDER_STATE_RECEIVED: Label(t("Angekommen"), "info"),
        binders_pb2.BINDER_STATE_INDEXED: Label(t("Wird gescannt"), "info"),
        binders_pb2.BINDER_STATE_STORED: Label(t("Gescannt, im Scan-Zentrum"), "ok"),
        binders_pb2.BINDER_STATE_RETURN_WANTED: Label(t("Soll zurück"), "info"),
        binders_pb2.BINDER_STATE_RETURNED: Label(t("Zurückgeschickt")),
        binders_pb2.BINDER_STATE_DESTRUCTION_ALLOWED: Label(t("Darf vernichtet werden"), "warn"),
        binders_pb2.BINDER_STATE_DESTROYED: Label(t("Vernichtet")),
        binders_pb2.BINDER_STATE_CANCELLED: Label(t("Storniert")),
    }.get(value, Label(t("Unbekannt")))


def sheets_text(page_sheets: Sequence[int]) -> str:
    """Return from which sheets of a register a document came, for example "Blatt 12 bis 14"."""
    first, last = min(page_sheets, default=0), max(page_sheets, default=0)
    if first == last:
        return t("Blatt %(sheet)s", sheet=first)
    return t("Blatt %(first)s bis %(last)s", first=first, last=last)
