"""Invitations as pages say them: how far each has come, what was released, what became of customers in bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response
from kontor.identity.v1 import accounts_pb2, people_pb2
from kontor.identity.v1 import invitations_pb2 as pb
from kontor.vault.v1 import vault_pb2

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.i18n import t
from kontor_portal.labels import Label, document_kind

CONTRACTS: Final = "CONTRACTS"
_KIND: Final = "DOCUMENT_KIND_"
_FORMS: Final[Mapping[str, people_pb2.AddressForm.ValueType]] = {
    "sie": people_pb2.ADDRESS_FORM_SIE,
    "du": people_pb2.ADDRESS_FORM_DU,
}
_RELEASES: Final[Mapping[str, accounts_pb2.ReleaseChoice.ValueType]] = {
    "alle": accounts_pb2.RELEASE_CHOICE_ALL,
    "auswahl": accounts_pb2.RELEASE_CHOICE_CATEGORIES,
}


@dataclass(frozen=True)
class Release:
    """What a form says is to be released (F171)."""

    choice: accounts_pb2.ReleaseChoice.ValueType
    categories: Sequence[str]


def release_in(values: Mapping[str, str], categories: Sequence[str]) -> Release:
    """Return the release that a form describes; categories count with choice B only."""
    choice = _RELEASES.get(values.get("release", ""), accounts_pb2.RELEASE_CHOICE_UNSPECIFIED)
    return Release(choice, categories if choice == accounts_pb2.RELEASE_CHOICE_CATEGORIES else ())


def form_in(values: Mapping[str, str], field: str = "form") -> people_pb2.AddressForm.ValueType:
    """Return how a form wants customers addressed (F172); not set: each as he is."""
    return _FORMS.get(values.get(field, ""), people_pb2.ADDRESS_FORM_UNSPECIFIED)


def category_choices() -> tuple[Choice, ...]:
    """Return what can be released by category: contracts, and each kind of document."""
    kinds = [number for number in vault_pb2.DocumentKind.values() if number > vault_pb2.DOCUMENT_KIND_OTHER]
    kinds.append(vault_pb2.DOCUMENT_KIND_OTHER)
    named = (Choice(vault_pb2.DocumentKind.Name(kind).removeprefix(_KIND), document_kind(kind)) for kind in kinds)
    return (Choice(CONTRACTS, t("Verträge")), *named)


def progress_label(value: accounts_pb2.InvitationProgress.ValueType) -> Label:
    """Return how far an invitation has come."""
    return {
        accounts_pb2.INVITATION_PROGRESS_CREATED: Label(t("Wird versandt"), "info"),
        accounts_pb2.INVITATION_PROGRESS_SENT: Label(t("Gesendet"), "info"),
        accounts_pb2.INVITATION_PROGRESS_DELIVERED: Label(t("Zugestellt"), "info"),
        accounts_pb2.INVITATION_PROGRESS_OPENED: Label(t("Geöffnet"), "brand"),
        accounts_pb2.INVITATION_PROGRESS_ACCEPTED: Label(t("Angenommen"), "ok"),
        accounts_pb2.INVITATION_PROGRESS_BOUNCED: Label(t("Unzustellbar"), "bad"),
        accounts_pb2.INVITATION_PROGRESS_EXPIRED: Label(t("Abgelaufen"), "warn"),
        accounts_pb2.INVITATION_PROGRESS_REVOKED: Label(t("Zurückgezogen")),
    }.get(value, Label(t("Unbekannt")))


def invitation_label(invitation: accounts_pb2.Invitation) -> Label:
    """Return how far an invitation has come; one that goes by letter alone is not being sent."""
    by_letter = invitation.HasField("letter_time") and not invitation.HasField("send_time")
    if by_letter and invitation.progress == accounts_pb2.INVITATION_PROGRESS_CREATED:
        return Label(t("Brief gedruckt"), "info")
    return progress_label(invitation.progress)


def item_label(item: pb.BulkInvitationItem) -> Label:
    """Return what became of a customer in a bulk invitation."""
    if item.outcome == pb.BULK_INVITATION_OUTCOME_INVITED:
        return progress_label(item.progress)
    return {
        pb.BULK_INVITATION_OUTCOME_PENDING: Label(t("Wartet")),
        pb.BULK_INVITATION_OUTCOME_EMAIL_MISSING: Label(t("E-Mail fehlt"), "warn"),
        pb.BULK_INVITATION_OUTCOME_ACCESS_ACTIVE: Label(t("Hat schon Zugang"), "ok"),
        pb.BULK_INVITATION_OUTCOME_ALREADY_INVITED: Label(t("War schon eingeladen")),
    }.get(item.outcome, Label(t("Unbekannt")))


def printed_letters(customer_ids: Sequence[str]) -> Response:
    """Return letters with access codes as a PDF to save (F137); raises what the platform refuses."""
    wanted = pb.PrintAccessLettersRequest(customer_ids=customer_ids, request_id=gateway.new_request_id())
    content = b"".join(piece.data for piece in gateway.invitations().PrintAccessLetters(wanted, timeout=55))
    answer = Response(content, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'attachment; filename="zugangsbriefe.pdf"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
