"""What each service tier contains, in the words customers read (F7, F14–F31). Prices come from billing alone."""

from __future__ import annotations

from dataclasses import dataclass

from kontor.billing.v1 import prices_pb2

from kontor_portal.i18n import t


@dataclass(frozen=True)
class TierText:
    """One tier in words."""

    claim: str
    features: tuple[str, ...]


def tier_text(tier: prices_pb2.Tier.ValueType) -> TierText:
    """Return the words for a tier."""
    if tier == prices_pb2.TIER_3:
        return TierText(
            t("Rundum versorgt, mit zusätzlichem Schutz."),
            (
                t("Alles aus Stufe 2"),
                t("10 GB Dokumentenablage"),
                t("25 Stücke Papierpost im Monat gescannt"),
                t("Reisegepäck bis 1.000 €"),
                t("Internet-Konto-Schutzbrief bis 10.000 €"),
                t("Erstberatung durch einen Fachanwalt im Schadenfall"),
                t("Geräte-Hotline, Einkaufs- und Rückgabeschutz"),
            ),
        )
    if tier == prices_pb2.TIER_2:
        return TierText(
            t("Das digitale Büro für Ihren Haushalt.", du="Das digitale Büro für deinen Haushalt."),
            (
                t("Alles aus Stufe 1"),
                t("Eigene Dokumentenablage mit 5 GB, verschlüsselt"),
                t("Sie bestimmen, wer was sieht", du="Du bestimmst, wer was sieht"),
                t("10 Stücke Papierpost im Monat gescannt"),
                t("Reisegepäck bis 500 €"),
            ),
        )
    return TierText(
        t("Die Betreuung, die immer dazugehört."),
        (
            t("Volle Beratung zu Ihren Verträgen", du="Volle Beratung zu deinen Verträgen"),
            t("Freigegebene Verträge jederzeit einsehen"),
            t("Nachrichten und Schadenmeldung"),
        ),
    )
