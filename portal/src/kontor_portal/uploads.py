"""Where files of a page go: straight to the file store, by script with progress or as a plain form."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import flash, request

from kontor_portal.i18n import t, tn


@dataclass(frozen=True)
class UploadTarget:
    """The place that a page's upload form sends to, and where it comes back to."""

    customer_id: str
    return_to: str
    folder_id: str = ""
    contract_id: str = ""
    document_id: str = ""
    """The document that gets a new version; empty: each file becomes a document."""
    hint: str = ""
    """What kind of files is meant, where it is not any."""

    @property
    def action(self) -> str:
        """Address of the plain form; what the form says beside the files stands in the query."""
        return self._address("documents")

    @property
    def photos(self) -> str:
        """Address at which photos become one PDF."""
        return self._address("photos")

    def _address(self, what: str) -> str:
        query = {
            "return_to": self.return_to,
            "folder_id": self.folder_id,
            "contract_id": self.contract_id,
            "document_id": self.document_id,
        }
        given = urlencode({name: value for name, value in query.items() if value})
        return f"/files/customers/{self.customer_id}/{what}?{given}"

    @property
    def document_page(self) -> str:
        """Where the pages of single documents lie; empty where there are none."""
        own = self.return_to.startswith("/kunde/") and not self.return_to.startswith("/kunde/geteilt")
        return "/kunde/dokumente" if own else ""

    @property
    def takes_folders(self) -> bool:
        """Whether whole folders may be stored: only the customer shapes his tree."""
        return bool(self.document_page) and not self.document_id and not self.hint


def say_what_was_stored() -> None:
    """Turn what the file store says in the query of the way back into a message on the page."""
    stored = request.args.get("stored", "")
    if stored.isdecimal():
        flash(tn("%(count)s Dokument ist abgelegt.", "%(count)s Dokumente sind abgelegt.", int(stored)), "ok")
    reason = request.args.get("problem", "")
    if reason:
        flash(_sentence(reason), "bad")


def _sentence(reason: str) -> str:
    if "QUOTA" in reason or "STORAGE" in reason:
        return t("Der Speicherplatz reicht dafür nicht aus.")
    if reason in {"PHOTOS_UNSUPPORTED", "PHOTOS_BROKEN"}:
        return t("Eines der Fotos lässt sich nicht lesen. Möglich sind JPEG, HEIC, PNG und WebP.")
    if reason == "PHOTOS_MISSING":
        return t("Bitte wählen Sie ein bis dreißig Fotos aus.", du="Bitte wähle ein bis dreißig Fotos aus.")
    if reason.startswith("MALWARE"):
        return t("In der Datei wurde Schadsoftware gefunden. Sie wurde nicht abgelegt.")
    if "LARGE" in reason:
        return t("Die Datei ist zu groß.")
    return t("Die Datei konnte nicht abgelegt werden. Bitte versuchen Sie es noch einmal.")
