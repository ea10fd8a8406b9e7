"""What the bell says, in German, formal or informal (F172). Mails have templates of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from string import Template


class Form(Enum):
    """How a person is addressed."""

    SIE = "SIE"
    DU = "DU"


class Side(Enum):
    """In which part of the portal a person works; decides where a link leads."""

    CUSTOMER = "kunde"
    STAFF = "makler"
    EXPERT = "experte"
    NETWORK = "netzwerk"
    OPERATOR = "betrieb"
    TRUSTED = "vertrauen"


@dataclass(frozen=True)
class Wording:
    """Title, and a sentence per form; `$name` stands for a parameter."""

    title: str
    formal: str
    informal: str

    def text(self, form: Form, **parameters: str) -> str:
        """Return the sentence for a form of address."""
        return Template(self.informal if form is Form.DU else self.formal).substitute(parameters)


CHAT_MESSAGE = Wording(
    "Neue Nachricht im Chat", "Sie haben eine neue Nachricht im Chat.", "Du hast eine neue Nachricht im Chat."
)
CONSENT_REQUESTED = Wording(
    "Ihre Einwilligung wird gebraucht",
    "Bitte entscheiden Sie über die Weitergabe Ihrer Daten für „$service_title“.",
    "Bitte entscheide über die Weitergabe deiner Daten für „$service_title“.",
)
CUSTOMER_VIEW = Wording(
    "Ihr Büro wurde angesehen",
    "$viewer hat Ihr digitales Büro so angesehen, wie Sie es sehen. Ihre Dokumente blieben verborgen.",
    "$viewer hat dein digitales Büro so angesehen, wie du es siehst. Deine Dokumente blieben verborgen.",
)
VIEWS_LINK = "/kunde/ansichten"
CONSENT_GIVEN = Wording(
    "Einwilligung erteilt",
    "Ihr Kunde hat für „$service_title“ eingewilligt. Sie können den Auftrag erteilen.",
    "Dein Kunde hat für „$service_title“ eingewilligt. Du kannst den Auftrag erteilen.",
)
CONSENT_DECLINED = Wording(
    "Einwilligung abgelehnt",
    "Ihr Kunde hat für „$service_title“ nicht eingewilligt.",
    "Dein Kunde hat für „$service_title“ nicht eingewilligt.",
)
ORDER_PLACED = Wording(
    "Neuer Auftrag",
    "Sie haben einen verbindlichen Auftrag für „$service_title“ erhalten.",
    "Du hast einen verbindlichen Auftrag für „$service_title“ erhalten.",
)
ORDER_STATUS_CHANGED = Wording(
    "Auftrag: neuer Stand",
    "Ihr Auftrag „$service_title“ ist jetzt $state.",
    "Dein Auftrag „$service_title“ ist jetzt $state.",
)
ORDER_COMPLETED = Wording(
    "Auftrag abgeschlossen",
    "„$service_title“ ist abgeschlossen. Bitte bewerten Sie die Leistung.",
    "„$service_title“ ist abgeschlossen. Bitte bewerte die Leistung.",
)
ORDER_MESSAGE = Wording(
    "Neue Nachricht zum Auftrag",
    "Zu „$service_title“ gibt es eine neue Nachricht für Sie.",
    "Zu „$service_title“ gibt es eine neue Nachricht für dich.",
)
INVOICE_ISSUED = Wording("Neue Rechnung", "Ihre Rechnung $number liegt bereit.", "Deine Rechnung $number liegt bereit.")
INVOICE_CANCELLED = Wording(
    "Stornorechnung", "Ihre Stornorechnung $number liegt bereit.", "Deine Stornorechnung $number liegt bereit."
)
PAYMENT_REMINDER = Wording(
    "Zahlungserinnerung", "Ihre Rechnung $number ist noch offen.", "Deine Rechnung $number ist noch offen."
)
SECOND_NOTICE = Wording(
    "Zweite Mahnung", "Ihre Rechnung $number ist weiterhin offen.", "Deine Rechnung $number ist weiterhin offen."
)

DOCUMENT_DELIVERED = Wording(
    "Dokument zugestellt",
    "Ihnen wurde ein Dokument elektronisch zugestellt. Bitte öffnen Sie es.",
    "Dir wurde ein Dokument elektronisch zugestellt. Bitte öffne es.",
)
RETENTION_PAGE = "/makler/betrieb/aufbewahrung"
DOCUMENTS_END = Wording(
    "Dokumente werden gelöscht",
    "Am $day wird gelöscht, was nicht länger aufbewahrt wird. Bitte laden Sie herunter, was Sie behalten möchten.",
    "Am $day wird gelöscht, was nicht länger aufbewahrt wird. Bitte lade herunter, was du behalten möchtest.",
)
OWN_DOCUMENTS_END = Wording(
    "Dokumente kommen in den Papierkorb",
    "Am $day kommt in den Papierkorb, wofür Sie dieses Ende gesetzt haben.",
    "Am $day kommt in den Papierkorb, wofür du dieses Ende gesetzt hast.",
)
FILINGS_END = Wording(
    "Aufbewahrung endet",
    "Nach Ihren Regeln werden am $day Dokumente gelöscht. Anzahl: $count.",
    "Nach deinen Regeln werden am $day Dokumente gelöscht. Anzahl: $count.",
)
DOCUMENT_DUE = Wording(
    "Erinnerung an ein Dokument",
    "Am $day ist etwas fällig, woran Sie erinnert werden wollten.",
    "Am $day ist etwas fällig, woran du erinnert werden wolltest.",
)
EXPORT_READY = Wording(
    "Ihr Archiv ist fertig",
    "Das Archiv mit all Ihren Dokumenten liegt bis $day zum Herunterladen bereit.",
    "Das Archiv mit all deinen Dokumenten liegt bis $day zum Herunterladen bereit.",
)
ARCHIVE_READ = Wording(
    "Ihr Archiv ist eingelesen",
    "Alles aus dem Archiv liegt jetzt in Ihren Dokumenten.",
    "Alles aus dem Archiv liegt jetzt in deinen Dokumenten.",
)
ARCHIVE_REFUSED = Wording(
    "Ihr Archiv wurde nicht eingelesen",
    "Es wurde nichts daraus übernommen. Warum, lesen Sie auf der Seite.",
    "Es wurde nichts daraus übernommen. Warum, liest du auf der Seite.",
)
STORAGE_FILLS_UP = Wording(
    "Speicherplatz wird knapp",
    "Ihr Speicherplatz ist zu $percent % belegt.",
    "Dein Speicherplatz ist zu $percent % belegt.",
)
STORAGE_FULL = Wording(
    "Speicherplatz ist voll",
    "Ihr Speicherplatz ist voll; Neues lässt sich zurzeit nicht ablegen.",
    "Dein Speicherplatz ist voll; Neues lässt sich zurzeit nicht ablegen.",
)
IDENTITY_LETTER_REQUESTED = Wording(
    "Brief mit Identitätscode",
    "Ein Kunde möchte seine Identität mit einem Brief bestätigen. Bitte drucken und versenden Sie ihn.",
    "Ein Kunde möchte seine Identität mit einem Brief bestätigen. Bitte drucke und versende ihn.",
)
DELETION_LINK = "/kunde/daten/loeschen"
DELETION_PLANNED = Wording(
    "Ein Kunde löscht sein Büro",
    "Ein Kunde hat die Löschung seines digitalen Büros veranlasst. Am $day wird alles gelöscht.",
    "Ein Kunde hat die Löschung seines digitalen Büros veranlasst. Am $day wird alles gelöscht.",
)
IDENTITY_LETTERS_LINK = "/makler/identitaet"
IDENTITY_LINK = "/kunde/identitaet"
IDENTITY_PROVEN = Wording(
    "Identität bestätigt",
    "Ihre Identität ist bestätigt. Ihnen stehen jetzt alle Funktionen offen.",
    "Deine Identität ist bestätigt. Dir stehen jetzt alle Funktionen offen.",
)
IDENTITY_WITHDRAWN = Wording(
    "Identität nicht mehr bestätigt",
    "Die Bestätigung Ihrer Identität gilt nicht mehr. Den Grund finden Sie auf der Seite.",
    "Die Bestätigung deiner Identität gilt nicht mehr. Den Grund findest du auf der Seite.",
)
VOUCHER_GIVEN = Wording(
    "Ihr Gutschein ist da", "Ihr Gutschein liegt bereit: $prize.", "Dein Gutschein liegt bereit: $prize."
)
PRIZE_DRAWN = Wording("Herzlichen Glückwunsch", "Sie haben gewonnen: $prize.", "Du hast gewonnen: $prize.")
BINDING_REQUESTED = Wording(
    "Neue Verbindungsanfrage",
    "Jemand hat sich mit Ihrer Makler-ID gemeldet. Bitte sagen Sie, welcher Ihrer Kunden das ist.",
    "Jemand hat sich mit deiner Makler-ID gemeldet. Bitte sag, welcher deiner Kunden das ist.",
)
BINDINGS_LINK = "/makler/einladungen"
CHANGE_REQUESTED = Wording(
    "Änderungswunsch",
    "Ein Kunde möchte seine Daten ändern. Bitte prüfen Sie den Wunsch.",
    "Ein Kunde möchte seine Daten ändern. Bitte prüfe den Wunsch.",
)
CHANGE_CASE = Wording(
    "Vorgang: Bankverbindung",
    "Ein Kunde möchte seine Bankverbindung ändern, während ein Mahnverfahren läuft. Bitte melden Sie sich bei ihm.",
    "Ein Kunde möchte seine Bankverbindung ändern, während ein Mahnverfahren läuft. Bitte melde dich bei ihm.",
)
CHANGE_ACCEPTED = Wording(
    "Ihre Daten sind geändert", "Ihr Änderungswunsch ist übernommen.", "Dein Änderungswunsch ist übernommen."
)
CHANGE_REFUSED = Wording(
    "Ihr Änderungswunsch",
    "Ihr Änderungswunsch wurde nicht übernommen. Den Grund finden Sie bei Ihren Daten.",
    "Dein Änderungswunsch wurde nicht übernommen. Den Grund findest du bei deinen Daten.",
)


def customer_link(customer_id: str) -> str:
    """Return the broker's page of a customer."""
    return f"/makler/kunden/{customer_id}"


def chat_link(side: Side, chat_id: str) -> str:
    """Return the portal's page of a chat."""
    return f"/{side.value}/chat/{chat_id}"


def order_link(side: Side, order_id: str) -> str:
    """Return the portal's page of an expert order."""
    return f"/{side.value}/auftraege/{order_id}"


def consent_link(order_id: str) -> str:
    """Return the page on which a customer consents to an order."""
    return f"/kunde/einwilligungen/{order_id}"


def invoice_link(invoice_id: str) -> str:
    """Return the page of a customer's invoice."""
    return f"/kunde/rechnungen/{invoice_id}"
