"""What everybody may read about how data are kept here, and what is not done with them (F93, F96, F97, F98).

Boundary: only what the software itself keeps and tests prove; where it is run says a setting of the installation.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kontor_portal.extension import portal
from kontor_portal.i18n import t
from kontor_portal.requests import current_firm

security_pages = Blueprint("security_pages", __name__)


@dataclass(frozen=True)
class Promise:
    """Something that holds here, and what it consists of."""

    title: str
    symbol: str
    points: tuple[str, ...]


@security_pages.get("/sicherheit")
def overview() -> ResponseReturnValue:
    """Show what holds here; in the face of the firm by which the visitor came."""
    promises = (_no_use(), _access(), _separation(), _storage(), *_hosting())
    return render_template("public/security.html", firm=current_firm(), promises=promises)


def _no_use() -> Promise:
    return Promise(
        t("Ihre Daten gehören Ihnen"),
        "eye-off",
        (
            t("Wir werten Ihre Daten nicht aus, verkaufen sie nicht und richten keine Werbung nach ihnen."),
            t(
                "Diese Seiten laden nichts von anderen Anbietern: keine Werbung, keine Besucherzählung, keine "
                "Schriften."
            ),
            t("Cookies dienen nur der Anmeldung, der Sprache und der Darstellung."),
            t("Unsere E-Mails enthalten keine Zählbilder, und ihre Links führen geradewegs hierher."),
        ),
    )


def _access() -> Promise:
    return Promise(
        t("Nur wer darf, kommt hinein"),
        "lock",
        (
            t(
                "Wer etwas sehen oder ändern will, wird bei jedem Aufruf geprüft, in der Anwendung und in der "
                "Datenbank."
            ),
            t("Passkey, zweiter Faktor und Codes schützen die Anmeldung; wer rät, wird gebremst."),
            t("Wichtige Änderungen verlangen eine frische Anmeldung, und Sie erfahren von ihnen."),
            t(
                "Ihre Dokumente sieht nur, wem Sie sie freigeben. Jeder Blick steht in einem Verzeichnis, das "
                "niemand ändert."
            ),
        ),
    )


def _separation() -> Promise:
    return Promise(
        t("Jeder Betrieb für sich"),
        "building",
        (
            t("Die Datenbank selbst trennt die Betriebe und ihre Kunden voneinander, auch wenn ein Programm irrt."),
            t("Schlüssel gehören einem einzigen Kunden; mit dem letzten Schlüssel ist auch der Inhalt vernichtet."),
            t("Eingaben sind Daten und werden nie ausgeführt, weder in der Datenbank noch auf einer Seite."),
        ),
    )


def _storage() -> Promise:
    return Promise(
        t("Sicher verwahrt"),
        "shield",
        (
            t("Unterwegs sind alle Daten mit TLS verschlüsselt, Dokumente auch dort, wo sie liegen."),
            t("Passwörter kennen auch wir nicht: Gespeichert ist nur ein Prüfwert."),
            t("Was wir Ihnen bestätigen, liegt schon auf der Platte; ein Absturz danach verliert nichts."),
            t("Fällt etwas aus, wird nachgeholt, was noch zu tun war."),
        ),
    )


def _hosting() -> tuple[Promise, ...]:
    place = portal().settings.hosting_place
    if not place:
        return ()
    return (Promise(t("Wo Ihre Daten liegen"), "network", (t("Rechenzentrum: %(place)s", place=place),)),)
