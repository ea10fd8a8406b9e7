"""What proofs of identity, electronic delivery and raffles are called on pages (F140, F164, F165)."""

from __future__ import annotations

from kontor.identity.v1 import epost_pb2, raffles_pb2
from kontor.identity.v1 import identity_proofs_pb2 as pb

from kontor_portal.i18n import t
from kontor_portal.labels import Label


def identity_method(value: pb.IdentityMethod.ValueType) -> str:
    """Return how an identity was proved."""
    return {
        pb.IDENTITY_METHOD_LETTER: t("Mit dem Code aus einem Brief"),
        pb.IDENTITY_METHOD_IN_PERSON: t("Persönlich, mit Ausweis"),
    }.get(value, "")


def identity_document(value: pb.IdentityDocument.ValueType) -> str:
    """Return which document was seen."""
    return {
        pb.IDENTITY_DOCUMENT_IDENTITY_CARD: t("Personalausweis"),
        pb.IDENTITY_DOCUMENT_PASSPORT: t("Reisepass"),
        pb.IDENTITY_DOCUMENT_RESIDENCE_PERMIT: t("Aufenthaltstitel"),
    }.get(value, "")


def epost_decision(value: epost_pb2.EPostDecision.ValueType) -> Label:
    """Return what a customer said about electronic delivery."""
    return {
        epost_pb2.E_POST_DECISION_GIVEN: Label(t("Eingewilligt"), "ok"),
        epost_pb2.E_POST_DECISION_DECLINED: Label(t("Abgelehnt")),
        epost_pb2.E_POST_DECISION_REVOKED: Label(t("Widerrufen"), "warn"),
    }.get(value, Label(t("Noch nicht gefragt")))


def raffle_kind(value: raffles_pb2.RaffleKind.ValueType) -> str:
    """Return what there is to win."""
    return {
        raffles_pb2.RAFFLE_KIND_VOUCHER: t("Sofort ein Gutschein"),
        raffles_pb2.RAFFLE_KIND_DRAW: t("Verlosung"),
    }.get(value, "")


def raffle_state(value: raffles_pb2.RaffleState.ValueType) -> Label:
    """Return where a raffle stands."""
    return {
        raffles_pb2.RAFFLE_STATE_DRAFT: Label(t("Entwurf")),
        raffles_pb2.RAFFLE_STATE_OPEN: Label(t("Läuft"), "ok"),
        raffles_pb2.RAFFLE_STATE_CLOSED: Label(t("Teilnahme beendet"), "info"),
        raffles_pb2.RAFFLE_STATE_DRAWN: Label(t("Gezogen"), "brand"),
        raffles_pb2.RAFFLE_STATE_ENDED: Label(t("Beendet")),
    }.get(value, Label(t("Unbekannt")))
