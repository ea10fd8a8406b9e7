"""Help for everybody who is signed in: whom to call, and what to do when something seems lost (F49).

Customers call their firm, whose numbers stand here; those who work here call the platform, whose hotline is a setting.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from kontor_portal.advisers import dialled
from kontor_portal.extension import portal
from kontor_portal.i18n import t
from kontor_portal.requests import current_firm, signed_in
from kontor_portal.session import Persona

help_pages = Blueprint("help_pages", __name__)


@dataclass(frozen=True)
class Number:
    """Somebody to call."""

    label: str
    number: str
    hint: str = ""

    @property
    def dialled(self) -> str:
        """The number as a telephone takes it."""
        return dialled(self.number)


@dataclass(frozen=True)
class Answer:
    """A question that people ask, with its answer and where to go."""

    question: str
    text: str
    link: str = ""
    link_label: str = ""


@help_pages.get("/hilfe")
def overview() -> ResponseReturnValue:
    """Show whom to call and the answers to what is asked most."""
    session = signed_in()
    if session.customer_id:  # his own, or somebody's who trusts him
        answers = _for_customers() if session.is_customer and not session.has_reduced_view else ()
        numbers, email = _of_the_firm(), current_firm().email
    else:
        answers = _for_staff() if Persona.BROKER in session.personas else ()
        numbers, email = _of_the_platform(), portal().settings.support_email
    # Under a firm's own domain nothing names the platform, so its address stands there neither (F79).
    shown = "" if g.get("host_slug") and not session.customer_id else email
    return render_template("account/help.html", numbers=numbers, email=shown, answers=answers)


def _of_the_firm() -> tuple[Number, ...]:
    firm = current_firm()
    office = (Number(firm.name, firm.phone),) if firm.phone else ()
    return (*office, *(Number(each.label, each.number, each.hint) for each in firm.design.phone_directory))


def _of_the_platform() -> tuple[Number, ...]:
    settings = portal().settings
    if not settings.support_phone:
        return ()
    return (Number(t("Hotline für Fragen zur Bedienung"), settings.support_phone, settings.support_hours),)


def _for_customers() -> tuple[Answer, ...]:
    return (
        Answer(
            t("Ich habe ein Dokument gelöscht. Ist es verloren?"),
            t(
                "Nein. Gelöschte Dokumente liegen zuerst im Papierkorb; dort stellen Sie sie wieder her.",
                du="Nein. Gelöschte Dokumente liegen zuerst im Papierkorb; dort stellst du sie wieder her.",
            ),
            "/kunde/dokumente/papierkorb",
            t("Zum Papierkorb"),
        ),
        Answer(
            t("Mein Telefon ist weg. Kommt jemand an meine Unterlagen?"),
            t(
                "Melden Sie das Gerät ab; danach öffnet es nichts mehr. Ihre Unterlagen liegen nicht auf dem Telefon.",
                du="Melde das Gerät ab; danach öffnet es nichts mehr. Deine Unterlagen liegen nicht auf dem Telefon.",
            ),
            "/konto/sicherheit/geraete",
            t("Geräte ansehen"),
        ),
        Answer(
            t("Wer sieht meine Dokumente?"),
            t(
                "Nur Sie, bis Sie etwas freigeben. Bei jedem Dokument steht, wer es sehen darf und wer es "
                "geöffnet hat.",
                du="Nur du, bis du etwas freigibst. Bei jedem Dokument steht, wer es sehen darf und wer "
                "es geöffnet hat.",
            ),
            "/kunde/dokumente",
            t("Zu den Dokumenten"),
        ),
        Answer(
            t("Was brauche ich dafür?"),
            t(
                "Einen Browser und eine Internetverbindung, sonst nichts. Als App installieren Sie es über "
                "das Menü oben.",
                du="Einen Browser und eine Internetverbindung, sonst nichts. Als App installierst du es "
                "über das Menü oben.",
            ),
        ),
    )


def _for_staff() -> tuple[Answer, ...]:
    return (
        Answer(
            t("Ein Kunde findet seine Einladung nicht."),
            t("Senden Sie sie erneut, oder drucken Sie ihm einen Brief mit Zugangscode."),
            "/makler/einladungen",
            t("Zu den Einladungen"),
        ),
        Answer(
            t("Etwas ist gelöscht oder scheint verloren."),
            t(
                "Dokumente stellt der Kunde aus seinem Papierkorb wieder her. Fehlt mehr, rufen Sie uns an, "
                "bevor Sie neu "
                "anlegen: Wir sichern laufend und können auf einen Zeitpunkt zurückgehen."
            ),
        ),
        Answer(
            t("Ich möchte meine Daten mitnehmen."),
            t("Unter „Tarif und Betrieb“ laden Sie Kunden, Kontakte und Änderungen als Archiv herunter."),
            "/makler/betrieb",
            t("Zum Archiv"),
        ),
    )
