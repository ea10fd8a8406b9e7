"""What mails about the deletion of a customer say (F94)."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

DELETION_TEXTS: Mapping[str, MailText] = {
    "deletion_planned_by_customer": MailText(
        "Ihr digitales Büro wird am $day gelöscht",
        "Sie haben die Löschung Ihres digitalen Büros veranlasst. Am $day löschen wir Ihre Daten und Unterlagen "
        "endgültig; danach können auch wir sie nicht wiederherstellen.\n\nBis dahin können Sie die Löschung jederzeit "
        "zurücknehmen. Waren Sie das nicht, nehmen Sie sie bitte sofort zurück und ändern Sie Ihr Passwort.",
        "du hast die Löschung deines digitalen Büros veranlasst. Am $day löschen wir deine Daten und Unterlagen "
        "endgültig; danach können auch wir sie nicht wiederherstellen.\n\nBis dahin kannst du die Löschung jederzeit "
        "zurücknehmen. Warst du das nicht, nimm sie bitte sofort zurück und ändere dein Passwort.",
        "Löschung ansehen",
    ),
    "deletion_planned_by_firm": MailText(
        "Ihr digitales Büro wird am $day gelöscht",
        "wir löschen Ihr digitales Büro am $day mit allen Daten und Unterlagen. Danach können auch wir sie nicht "
        "wiederherstellen. Bitte laden Sie bis dahin herunter, was Sie behalten möchten.\n\nIst das ein Irrtum, sagen "
        "Sie uns bitte Bescheid.",
        "wir löschen dein digitales Büro am $day mit allen Daten und Unterlagen. Danach können auch wir sie nicht "
        "wiederherstellen. Bitte lade bis dahin herunter, was du behalten möchtest.\n\nIst das ein Irrtum, sag uns "
        "bitte Bescheid.",
        "Löschung ansehen",
    ),
    "deletion_cancelled": MailText(
        "Ihr digitales Büro bleibt bestehen",
        "die Löschung Ihres digitalen Büros ist zurückgenommen. Es bleibt alles, wie es ist.",
        "die Löschung deines digitalen Büros ist zurückgenommen. Es bleibt alles, wie es ist.",
        "Zum digitalen Büro",
    ),
}
