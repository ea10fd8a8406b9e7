"""What mails to a firm's administrators about its trial say (F88)."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

FIRM_TEXTS: Mapping[str, MailText] = {
    "trial_ending": MailText(
        "Ihr Test endet $left",
        "Ihr Test der Plattform endet $left, am $day.\n\nBitte wählen Sie bis dahin einen Tarif oder verlängern Sie "
        "den Test. Sie können Ihre Daten jederzeit als Archiv mitnehmen. Ohne Entscheidung sperren wir den Zugang und "
        "löschen die Daten 14 Tage später; Kosten entstehen nicht.",
        "dein Test der Plattform endet $left, am $day.\n\nBitte wähle bis dahin einen Tarif oder verlängere den "
        "Test. Du kannst deine Daten jederzeit als Archiv mitnehmen. Ohne Entscheidung sperren wir den Zugang und "
        "löschen die Daten 14 Tage später; Kosten entstehen nicht.",
        "Tarif und Archiv ansehen",
    ),
    "trial_over": MailText(
        "Ihr Test ist beendet",
        "Ihr Test ist beendet. Ihre Kunden und Mitarbeiter kommen zurzeit nicht hinein.\n\nBis zum $day können Sie "
        "einen Tarif wählen, den Test verlängern oder Ihre Daten als Archiv mitnehmen. Danach löschen wir sie.",
        "dein Test ist beendet. Deine Kunden und Mitarbeiter kommen zurzeit nicht hinein.\n\nBis zum $day kannst du "
        "einen Tarif wählen, den Test verlängern oder deine Daten als Archiv mitnehmen. Danach löschen wir sie.",
        "Jetzt entscheiden",
    ),
}
