"""What mails about documents and storage say (F14, F99, F144)."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

DOCUMENT_TEXTS: Mapping[str, MailText] = {
    "document_delivered": MailText(
        "Ihnen wurde ein Dokument zugestellt",
        "wir haben Ihnen ein Dokument elektronisch zugestellt. Sie haben der elektronischen Zustellung zugestimmt; sie "
        "ersetzt den Brief, und Fristen können mit ihr beginnen. Bitte öffnen Sie das Dokument bald. Zu Ihrem Schutz "
        "steht nicht in dieser E-Mail, welches es ist.",
        "wir haben dir ein Dokument elektronisch zugestellt. Du hast der elektronischen Zustellung zugestimmt; sie "
        "ersetzt den Brief, und Fristen können mit ihr beginnen. Bitte öffne das Dokument bald. Zu deinem Schutz "
        "steht nicht in dieser E-Mail, welches es ist.",
        "Dokument öffnen",
    ),
    "documents_end": MailText(
        "Am $day werden Dokumente gelöscht",
        "für Dokumente, die wir für Sie abgelegt haben, endet die Aufbewahrung. Gelöscht werden sie am $day; Anzahl: "
        "$count. Bitte laden Sie vorher herunter, was Sie behalten möchten.",
        "für Dokumente, die wir für dich abgelegt haben, endet die Aufbewahrung. Gelöscht werden sie am $day; Anzahl: "
        "$count. Bitte lade vorher herunter, was du behalten möchtest.",
        "Dokumente ansehen",
    ),
    "own_documents_end": MailText(
        "Am $day kommen Dokumente in den Papierkorb",
        "Sie haben für Dokumente ein Ende gesetzt. Am $day kommen sie in den Papierkorb; Anzahl: $count. Dort bleiben "
        "sie noch 30 Tage.",
        "du hast für Dokumente ein Ende gesetzt. Am $day kommen sie in den Papierkorb; Anzahl: $count. Dort bleiben "
        "sie noch 30 Tage.",
        "Dokumente ansehen",
    ),
    "document_due": MailText(
        "Erinnerung: fällig am $day",
        "Sie wollten an eines Ihrer Dokumente erinnert werden: Am $day ist etwas fällig. Zu Ihrem Schutz steht nicht "
        "in dieser E-Mail, welches es ist.",
        "du wolltest an eines deiner Dokumente erinnert werden: Am $day ist etwas fällig. Zu deinem Schutz steht nicht "
        "in dieser E-Mail, welches es ist.",
        "Dokument ansehen",
    ),
    "export_ready": MailText(
        "Ihr Archiv ist fertig",
        "Das Archiv mit all Ihren Dokumenten ist fertig und liegt bis $day in Ihrem digitalen Büro zum Herunterladen "
        "bereit. Haben Sie es nicht angefordert, ändern Sie bitte Ihr Passwort.",
        "das Archiv mit all deinen Dokumenten ist fertig und liegt bis $day in deinem digitalen Büro zum Herunterladen "
        "bereit. Hast du es nicht angefordert, ändere bitte dein Passwort.",
        "Archiv ansehen",
    ),
    "archive_read": MailText(
        "Ihr Archiv ist eingelesen",
        "Ihr Archiv ist eingelesen: Alles daraus liegt jetzt in Ihren Dokumenten und gehört Ihnen allein. Haben Sie "
        "das nicht veranlasst, ändern Sie bitte Ihr Passwort.",
        "dein Archiv ist eingelesen: Alles daraus liegt jetzt in deinen Dokumenten und gehört dir allein. Hast du das "
        "nicht veranlasst, ändere bitte dein Passwort.",
        "Archiv ansehen",
    ),
    "archive_refused": MailText(
        "Ihr Archiv wurde nicht eingelesen",
        "Ihr Archiv konnte nicht eingelesen werden; es wurde nichts daraus übernommen. Warum, steht in Ihrem "
        "digitalen Büro.",
        "dein Archiv konnte nicht eingelesen werden; es wurde nichts daraus übernommen. Warum, steht in deinem "
        "digitalen Büro.",
        "Archiv ansehen",
    ),
    "storage_fills_up": MailText(
        "Ihr Speicherplatz ist zu $percent % belegt",
        "Ihr Speicherplatz ist zu $percent % belegt. Alles, was Sie abgelegt haben, bleibt erhalten. Platz gewinnen "
        "Sie, indem Sie den Papierkorb leeren oder den Speicher erweitern.",
        "dein Speicherplatz ist zu $percent % belegt. Alles, was du abgelegt hast, bleibt erhalten. Platz gewinnst du, "
        "indem du den Papierkorb leerst oder den Speicher erweiterst.",
        "Speicherplatz ansehen",
    ),
    "storage_full": MailText(
        "Ihr Speicherplatz ist voll",
        "Ihr Speicherplatz ist voll; Neues lässt sich zurzeit nicht ablegen. Alles, was Sie abgelegt haben, bleibt "
        "erhalten und lesbar. Platz gewinnen Sie, indem Sie den Papierkorb leeren oder den Speicher erweitern.",
        "dein Speicherplatz ist voll; Neues lässt sich zurzeit nicht ablegen. Alles, was du abgelegt hast, bleibt "
        "erhalten und lesbar. Platz gewinnst du, indem du den Papierkorb leerst oder den Speicher erweiterst.",
        "Speicherplatz ansehen",
    ),
}
