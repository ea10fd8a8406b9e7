"""What mails say, formal and informal (F172). `$name` stands for a parameter; links and layout are added by `mails`."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText
from kontor_notifications.mail_texts_account import ACCOUNT_TEXTS
from kontor_notifications.mail_texts_deletion import DELETION_TEXTS
from kontor_notifications.mail_texts_documents import DOCUMENT_TEXTS
from kontor_notifications.mail_texts_emergency import EMERGENCY_TEXTS
from kontor_notifications.mail_texts_firm import FIRM_TEXTS
from kontor_notifications.mail_texts_identity import IDENTITY_TEXTS
from kontor_notifications.mail_texts_post import POST_TEXTS

TEXTS: Mapping[str, MailText] = {
    "customer_invitation": MailText(
        "Ihr persönlicher Zugang bei $firm",
        "$firm lädt Sie in Ihr digitales Büro ein: Verträge, Dokumente und der direkte Draht zu uns an einem Ort.\n\n"
        "Bitte wählen Sie über den folgenden Link Ihr Passwort. Er gilt nur für Sie und bis zum $expires.",
        "$firm lädt dich in dein digitales Büro ein: Verträge, Dokumente und der direkte Draht zu uns an einem Ort.\n\n"
        "Bitte wähle über den folgenden Link dein Passwort. Er gilt nur für dich und bis zum $expires.",
        "Zugang einrichten",
    ),
    "staff_invitation": MailText(
        "Ihr Zugang bei $firm",
        "für $firm wurde Ihnen ein Zugang zum digitalen Büro eingerichtet.\n\n"
        "Bitte wählen Sie über den folgenden Link Ihr Passwort. Er gilt nur für Sie und bis zum $expires.",
        "für $firm wurde dir ein Zugang zum digitalen Büro eingerichtet.\n\n"
        "Bitte wähle über den folgenden Link dein Passwort. Er gilt nur für dich und bis zum $expires.",
        "Zugang einrichten",
    ),
    "binding_requested": MailText(
        "Jemand möchte sich mit $firm verbinden",
        "jemand mit einem digitalen Büro hat sich mit Ihrer Makler-ID gemeldet und möchte Kunde bei $firm sein. Bitte "
        "sagen Sie, welcher Ihrer Kunden das ist, oder lehnen Sie ab. Bis dahin sieht die Person nichts von Ihnen.",
        "jemand mit einem digitalen Büro hat sich mit deiner Makler-ID gemeldet und möchte Kunde bei $firm sein. Bitte "
        "sag, welcher deiner Kunden das ist, oder lehne ab. Bis dahin sieht die Person nichts von dir.",
        "Anfrage ansehen",
    ),
    "binding_confirmed": MailText(
        "Sie sind jetzt mit $firm verbunden",
        "Ihr Zugang ist ab sofort auch mit $firm verbunden. Sie melden sich an wie gewohnt und wechseln dann oben "
        "zwischen Ihren Betrieben.\n\nFalls Sie das nicht wollten, sagen Sie uns bitte sofort Bescheid.",
        "dein Zugang ist ab sofort auch mit $firm verbunden. Du meldest dich an wie gewohnt und wechselst dann oben "
        "zwischen deinen Betrieben.\n\nFalls du das nicht wolltest, sag uns bitte sofort Bescheid.",
        "Zum digitalen Büro",
    ),
    "password_reset": MailText(
        "Neues Passwort für $firm",
        "Sie haben ein neues Passwort angefordert. Bitte wählen Sie es über den folgenden Link; er gilt bis zum "
        "$expires.\n\nFalls Sie das nicht waren, müssen Sie nichts tun: Ihr bisheriges Passwort gilt weiter.",
        "du hast ein neues Passwort angefordert. Bitte wähle es über den folgenden Link; er gilt bis zum "
        "$expires.\n\nFalls du das nicht warst, musst du nichts tun: Dein bisheriges Passwort gilt weiter.",
        "Neues Passwort wählen",
    ),
    "password_changed": MailText(
        "Ihr Passwort wurde geändert",
        "Ihr Passwort wurde soeben geändert. Falls Sie das nicht waren, fordern Sie bitte sofort ein neues an und "
        "melden Sie sich bei uns.",
        "dein Passwort wurde soeben geändert. Falls du das nicht warst, fordere bitte sofort ein neues an und "
        "melde dich bei uns.",
    ),
    "chat_unread": MailText(
        "Neue Nachricht bei $firm",
        "im Chat wartet eine neue Nachricht auf Sie. Zu Ihrem Schutz steht ihr Inhalt nicht in dieser E-Mail.",
        "im Chat wartet eine neue Nachricht auf dich. Zu deinem Schutz steht ihr Inhalt nicht in dieser E-Mail.",
        "Nachricht lesen",
    ),
    "consent_requested": MailText(
        "Bitte um Einwilligung: $service_title",
        "für „$service_title“ möchten wir $expert_firm_name hinzuziehen. Dafür brauchen wir Ihre Einwilligung, Daten "
        "von Ihnen weiterzugeben.\n\nWelche Daten das sind, sehen Sie über den folgenden Link. Dort können Sie "
        "einwilligen oder ablehnen; ohne Ihre Einwilligung geben wir nichts weiter.",
        "für „$service_title“ möchten wir $expert_firm_name hinzuziehen. Dafür brauchen wir deine Einwilligung, Daten "
        "von dir weiterzugeben.\n\nWelche Daten das sind, siehst du über den folgenden Link. Dort kannst du "
        "einwilligen oder ablehnen; ohne deine Einwilligung geben wir nichts weiter.",
        "Einwilligung ansehen",
    ),
    "customer_view": MailText(
        "Ihr digitales Büro wurde angesehen",
        "$viewer hat Ihr digitales Büro soeben so angesehen, wie Sie es sehen, zum Beispiel um eine Frage zu klären. "
        "Ändern lässt sich dabei nichts, und Ihre Dokumente bleiben verborgen.\n\nJede solche Ansicht können Sie "
        "nachlesen.",
        "$viewer hat dein digitales Büro soeben so angesehen, wie du es siehst, zum Beispiel um eine Frage zu klären. "
        "Ändern lässt sich dabei nichts, und deine Dokumente bleiben verborgen.\n\nJede solche Ansicht kannst du "
        "nachlesen.",
        "Ansichten nachlesen",
    ),
    "order_placed": MailText(
        "Neuer Auftrag: $service_title",
        "$firm hat Ihnen einen verbindlichen Auftrag für „$service_title“ erteilt. Alle freigegebenen Angaben finden "
        "Sie über den folgenden Link.",
        "$firm hat dir einen verbindlichen Auftrag für „$service_title“ erteilt. Alle freigegebenen Angaben findest "
        "du über den folgenden Link.",
        "Auftrag ansehen",
    ),
    "order_status": MailText(
        "Auftrag „$service_title“: $state",
        "Ihr Auftrag „$service_title“ ist jetzt $state. Mehr dazu lesen Sie im Auftrag.",
        "dein Auftrag „$service_title“ ist jetzt $state. Mehr dazu liest du im Auftrag.",
        "Auftrag ansehen",
    ),
    "order_completed": MailText(
        "Auftrag „$service_title“: abgeschlossen – bitte bewerten",
        "Ihr Auftrag „$service_title“ ist abgeschlossen.\n\nBitte bewerten Sie die Leistung; Ihre Bewertung hilft "
        "anderen bei der Auswahl.",
        "dein Auftrag „$service_title“ ist abgeschlossen.\n\nBitte bewerte die Leistung; deine Bewertung hilft "
        "anderen bei der Auswahl.",
        "Leistung bewerten",
    ),
    "invoice_issued": MailText(
        "Ihre Rechnung $number",
        "Ihre Rechnung $number über $gross liegt für Sie bereit.",
        "deine Rechnung $number über $gross liegt für dich bereit.",
        "Rechnung ansehen",
    ),
    "invoice_cancelled": MailText(
        "Stornorechnung $number",
        "Ihre Stornorechnung $number über $gross liegt für Sie bereit.",
        "deine Stornorechnung $number über $gross liegt für dich bereit.",
        "Rechnung ansehen",
    ),
    "payment_reminder": MailText(
        "Zahlungserinnerung zur Rechnung $number",
        "bestimmt ist es Ihnen nur entgangen: Unsere Rechnung $number war bis zum $due zu bezahlen. Offen sind noch "
        "$open.\n\nBitte überweisen Sie den Betrag in den nächsten Tagen. Haben Sie inzwischen gezahlt, ist nichts "
        "weiter zu tun. Stimmt etwas nicht, melden Sie sich bitte bei uns.\n\nSolange die Rechnung offen ist, klären "
        "wir Änderungen Ihrer Bankverbindung persönlich mit Ihnen.",
        "bestimmt ist es dir nur entgangen: Unsere Rechnung $number war bis zum $due zu bezahlen. Offen sind noch "
        "$open.\n\nBitte überweise den Betrag in den nächsten Tagen. Hast du inzwischen gezahlt, ist nichts weiter zu "
        "tun. Stimmt etwas nicht, melde dich bitte bei uns.\n\nSolange die Rechnung offen ist, klären wir Änderungen "
        "deiner Bankverbindung persönlich mit dir.",
        "Rechnung ansehen",
    ),
    "second_notice": MailText(
        "Zweite Mahnung zur Rechnung $number",
        "auf unsere Erinnerung hin ist noch keine vollständige Zahlung eingegangen: Unsere Rechnung $number war bis "
        "zum $due zu bezahlen. Offen sind noch $open.$fee_note\n\nBitte überweisen Sie den Betrag innerhalb von sieben "
        "Tagen. Können Sie gerade nicht zahlen oder stimmt etwas nicht, melden Sie sich bitte bei uns; wir finden eine "
        "Lösung.",
        "auf unsere Erinnerung hin ist noch keine vollständige Zahlung eingegangen: Unsere Rechnung $number war bis "
        "zum $due zu bezahlen. Offen sind noch $open.$fee_note\n\nBitte überweise den Betrag innerhalb von sieben "
        "Tagen. Kannst du gerade nicht zahlen oder stimmt etwas nicht, melde dich bitte bei uns; "
        "wir finden eine Lösung.",
        "Rechnung ansehen",
    ),
    **ACCOUNT_TEXTS,
    **DOCUMENT_TEXTS,
    **POST_TEXTS,
    **FIRM_TEXTS,
    **EMERGENCY_TEXTS,
    **IDENTITY_TEXTS,
    **DELETION_TEXTS,
}
