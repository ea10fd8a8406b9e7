"""What values of scanned post are called on pages (F15)."""

from __future__ import annotations

from kontor.vault.v1 import originals_pb2, scan_centre_pb2

from kontor_portal.i18n import t
from kontor_portal.labels import Label


def scan_batch_state(value: scan_centre_pb2.ScanBatchState.ValueType) -> Label:
    """Return where a batch stands."""
    return {
        scan_centre_pb2.SCAN_BATCH_STATE_RECEIVING: Label(t("Wartet auf Seiten"), "info"),
        scan_centre_pb2.SCAN_BATCH_STATE_WAITING: Label(t("Wird geteilt"), "info"),
        scan_centre_pb2.SCAN_BATCH_STATE_SEPARATED: Label(t("Geteilt"), "ok"),
        scan_centre_pb2.SCAN_BATCH_STATE_UNREADABLE: Label(t("Nicht lesbar"), "bad"),
        scan_centre_pb2.SCAN_BATCH_STATE_ABANDONED: Label(t("Nie angekommen")),
    }.get(value, Label(t("Unbekannt")))


def scan_piece_state(value: scan_centre_pb2.ScanPieceState.ValueType) -> Label:
    """Return where a piece stands."""
    return {
        scan_centre_pb2.SCAN_PIECE_STATE_ASSIGNED: Label(t("Wird abgelegt"), "info"),
        scan_centre_pb2.SCAN_PIECE_STATE_FILED: Label(t("Abgelegt"), "ok"),
        scan_centre_pb2.SCAN_PIECE_STATE_UNASSIGNED: Label(t("Offen"), "warn"),
        scan_centre_pb2.SCAN_PIECE_STATE_DISCARDED: Label(t("Verworfen")),
    }.get(value, Label(t("Unbekannt")))


def scan_piece_problem(value: scan_centre_pb2.ScanPieceProblem.ValueType) -> str:
    """Return why nobody could be assigned to a piece."""
    return {
        scan_centre_pb2.SCAN_PIECE_PROBLEM_NO_SHEET: t("Ohne Trennblatt"),
        scan_centre_pb2.SCAN_PIECE_PROBLEM_FORGED: t("Trennblatt nicht echt"),
        scan_centre_pb2.SCAN_PIECE_PROBLEM_EXPIRED: t("Abgelaufen oder gesperrt"),
        scan_centre_pb2.SCAN_PIECE_PROBLEM_UNKNOWN: t("Trennblatt unbekannt"),
        scan_centre_pb2.SCAN_PIECE_PROBLEM_UNCLEAR: t("Trennblatt unleserlich"),
        scan_centre_pb2.SCAN_PIECE_PROBLEM_NO_ROOM: t("Kein Platz beim Kunden"),
    }.get(value, "")


def original_state(value: originals_pb2.OriginalState.ValueType) -> Label:
    """Return where an original stands."""
    return {
        originals_pb2.ORIGINAL_STATE_STORED: Label(t("Im Scan-Zentrum"), "ok"),
        originals_pb2.ORIGINAL_STATE_RETURN_WANTED: Label(t("Soll zurück"), "info"),
        originals_pb2.ORIGINAL_STATE_RETURNED: Label(t("Zurückgeschickt")),
        originals_pb2.ORIGINAL_STATE_DESTRUCTION_ALLOWED: Label(t("Darf vernichtet werden"), "warn"),
        originals_pb2.ORIGINAL_STATE_DESTROYED: Label(t("Vernichtet")),
    }.get(value, Label(t("Unbekannt")))
