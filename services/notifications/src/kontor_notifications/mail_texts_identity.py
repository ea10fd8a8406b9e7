"""What mails about proofs of identity, electronic delivery and raffles say (F140, F164, F165)."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

IDENTITY_TEXTS: Mapping[str, MailText] = {
    "identity_proven": MailText(
        "Ihre Identität ist bestätigt",
        "Ihre Identität ist bestätigt. In Ihrem digitalen Büro stehen Ihnen jetzt alle Funktionen offen.\n\nFalls Sie "
        "das nicht waren, sagen Sie uns bitte sofort Bescheid.",
        "deine Identität ist bestätigt. In deinem digitalen Büro stehen dir jetzt alle Funktionen offen.\n\nFalls du "
        "das nicht warst, sag uns bitte sofort Bescheid.",
        "Identität ansehen",
    ),
    "identity_withdrawn": MailText(
        "Die Bestätigung Ihrer Identität gilt nicht mehr",
        "die Bestätigung Ihrer Identität gilt nicht mehr. Den Grund finden Sie in Ihrem digitalen Büro; dort können "
        "Sie Ihre Identität auch neu bestätigen.",
        "die Bestätigung deiner Identität gilt nicht mehr. Den Grund findest du in deinem digitalen Büro; dort kannst "
        "du deine Identität auch neu bestätigen.",
        "Identität ansehen",
    ),
    "voucher_given": MailText(
        "Ihr Gutschein liegt bereit",
        "danke fürs Mitmachen. Ihr Gutschein liegt in Ihrem digitalen Büro bereit: $prize. Zu Ihrem Schutz steht der "
        "Code nicht in dieser E-Mail.",
        "danke fürs Mitmachen. Dein Gutschein liegt in deinem digitalen Büro bereit: $prize. Zu deinem Schutz steht "
        "der Code nicht in dieser E-Mail.",
        "Gutschein ansehen",
    ),
    "prize_drawn": MailText(
        "Herzlichen Glückwunsch, Sie haben gewonnen",
        "herzlichen Glückwunsch: Ihr Los wurde gezogen. Sie haben gewonnen: $prize.\n\nWir melden uns bei Ihnen wegen "
        "der Übergabe. Wie gezogen wurde, können Sie in Ihrem digitalen Büro nachprüfen.",
        "herzlichen Glückwunsch: Dein Los wurde gezogen. Du hast gewonnen: $prize.\n\nWir melden uns bei dir wegen "
        "der Übergabe. Wie gezogen wurde, kannst du in deinem digitalen Büro nachprüfen.",
        "Gewinn ansehen",
    ),
    "epost_given": MailText(
        "Bestätigung: elektronische Zustellung",
        "Sie haben eingewilligt, dass wir Ihnen Unterlagen in Ihrem digitalen Büro zustellen. Über jede Zustellung "
        "erhalten Sie eine E-Mail.\n\nSie können Ihre Einwilligung jederzeit mit einem Klick widerrufen.",
        "du hast eingewilligt, dass wir dir Unterlagen in deinem digitalen Büro zustellen. Über jede Zustellung "
        "erhältst du eine E-Mail.\n\nDu kannst deine Einwilligung jederzeit mit einem Klick widerrufen.",
        "Einwilligung ansehen",
    ),
    "epost_revoked": MailText(
        "Bestätigung: Widerruf der elektronischen Zustellung",
        "Sie haben Ihre Einwilligung in die elektronische Zustellung widerrufen. Das gilt ab sofort: Was Sie in Ihrem "
        "digitalen Büro finden, sind wieder Kopien, und Zustellungen erhalten Sie auf Papier.",
        "du hast deine Einwilligung in die elektronische Zustellung widerrufen. Das gilt ab sofort: Was du in deinem "
        "digitalen Büro findest, sind wieder Kopien, und Zustellungen erhältst du auf Papier.",
        "Einwilligung ansehen",
    ),
}
