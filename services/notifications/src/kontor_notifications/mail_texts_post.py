"""What mails about paper post and binders say (F15, F16, F61)."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

POST_TEXTS: Mapping[str, MailText] = {
    "post_scanned": MailText(
        "Ihre Post ist gescannt",
        "wir haben Papierpost für Sie gescannt. Sie liegt in Ihren Dokumenten, und nur Sie sehen sie. Zu Ihrem Schutz "
        "steht nicht in dieser E-Mail, was es ist.",
        "wir haben Papierpost für dich gescannt. Du findest sie in deinen Dokumenten, und nur du siehst sie. Zu deinem "
        "Schutz steht nicht in dieser E-Mail, was es ist.",
        "Post ansehen",
    ),
    "mail_filed": MailText(
        "Eine E-Mail wurde abgelegt",
        "an Ihre Adresse für Unterlagen kam eine E-Mail. Die Anlagen liegen in Ihren Dokumenten, und nur Sie sehen "
        "sie.",
        "an deine Adresse für Unterlagen kam eine E-Mail. Die Anlagen liegen in deinen Dokumenten, und nur du siehst "
        "sie.",
        "Dokumente ansehen",
    ),
    "mail_held": MailText(
        "Eine E-Mail wartet auf Ihre Bestätigung",
        "an Ihre Adresse für Unterlagen kam eine E-Mail, bei der nicht sicher ist, ob sie vom genannten Absender "
        "stammt. Abgelegt wird sie erst, wenn Sie zustimmen; sonst wird sie nach 14 Tagen vernichtet.",
        "an deine Adresse für Unterlagen kam eine E-Mail, bei der nicht sicher ist, ob sie vom genannten Absender "
        "stammt. Abgelegt wird sie erst, wenn du zustimmst; sonst wird sie nach 14 Tagen vernichtet.",
        "E-Mail ansehen",
    ),
    "binder_ordered": MailText(
        "Das Scannen eines Ordners ist bestellt",
        "das Scannen eines Ordners ist für Sie bestellt. Wir melden uns, sobald der Tag der Abholung feststeht. Bis "
        "der Ordner bei uns ist, können Sie die Bestellung stornieren.",
        "das Scannen eines Ordners ist für dich bestellt. Wir melden uns, sobald der Tag der Abholung feststeht. Bis "
        "der Ordner bei uns ist, kannst du die Bestellung stornieren.",
        "Bestellung ansehen",
    ),
    "binder_pickup": MailText(
        "Ihr Ordner wird am $day abgeholt",
        "wir holen Ihren Ordner am $day ab. Bitte halten Sie ihn bereit und schreiben Sie die Nummer der Bestellung "
        "darauf.",
        "wir holen deinen Ordner am $day ab. Bitte halte ihn bereit und schreib die Nummer der Bestellung darauf.",
        "Bestellung ansehen",
    ),
    "binder_received": MailText(
        "Ihr Ordner ist angekommen",
        "Ihr Ordner ist im Scan-Zentrum angekommen und wird jetzt gescannt.",
        "dein Ordner ist im Scan-Zentrum angekommen und wird jetzt gescannt.",
        "Stand ansehen",
    ),
    "binder_scanned": MailText(
        "Ihr Ordner ist gescannt",
        "Ihr Ordner ist gescannt und liegt in Ihren Dokumenten, und nur Sie sehen ihn. Das Papier bewahren wir auf. "
        "Bitte sagen Sie uns, ob Sie es zurückhaben möchten oder ob es vernichtet werden darf.",
        "dein Ordner ist gescannt und liegt in deinen Dokumenten, und nur du siehst ihn. Das Papier bewahren wir auf. "
        "Bitte sag uns, ob du es zurückhaben möchtest oder ob es vernichtet werden darf.",
        "Ordner ansehen",
    ),
    "binder_returned": MailText(
        "Ihr Ordner ist unterwegs",
        "wir haben Ihren Ordner an die Anschrift geschickt, die Sie genannt haben.",
        "wir haben deinen Ordner an die Anschrift geschickt, die du genannt hast.",
        "Ordner ansehen",
    ),
    "binder_destruction": MailText(
        "Ihre Einwilligung in die Vernichtung eines Ordners",
        "Sie haben eingewilligt, dass wir einen Ordner vernichten. Bis es geschehen ist, können Sie die Einwilligung "
        "zurücknehmen. Waren Sie das nicht, nehmen Sie sie bitte zurück und ändern Sie Ihr Passwort.",
        "du hast eingewilligt, dass wir einen Ordner vernichten. Bis es geschehen ist, kannst du die Einwilligung "
        "zurücknehmen. Warst du das nicht, nimm sie bitte zurück und ändere dein Passwort.",
        "Ordner ansehen",
    ),
    "binder_destroyed": MailText(
        "Ihr Ordner ist vernichtet",
        "wir haben einen Ordner vernichtet, wie Sie es wünschten. Die Scans liegen in Ihren Dokumenten.",
        "wir haben einen Ordner vernichtet, wie du es wünschtest. Die Scans liegen in deinen Dokumenten.",
        "Ordner ansehen",
    ),
    "binder_cancelled": MailText(
        "Die Bestellung ist storniert",
        "die Bestellung zum Scannen eines Ordners ist storniert. Es wird nichts abgeholt.",
        "die Bestellung zum Scannen eines Ordners ist storniert. Es wird nichts abgeholt.",
        "Bestellung ansehen",
    ),
}
