"""What mails say about a person's own access: codes, links, and what happened to its security."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

_NOT_YOU = (
    "Falls Sie das nicht waren, ändern Sie bitte sofort Ihr Passwort, melden Sie alle anderen Geräte ab und sagen Sie "
    "uns Bescheid."
)
_NOT_YOU_INFORMAL = (
    "Falls du das nicht warst, ändere bitte sofort dein Passwort, melde alle anderen Geräte ab und sag uns Bescheid."
)
_BUTTON = "Anmeldung & Sicherheit öffnen"


def _notice(subject: str, formal: str, informal: str) -> MailText:
    """Return a mail about something that happened, with what to do if it was somebody else."""
    return MailText(subject, f"{formal}\n\n{_NOT_YOU}", f"{informal}\n\n{_NOT_YOU_INFORMAL}", _BUTTON)


ACCOUNT_TEXTS: Mapping[str, MailText] = {
    "sign_in_code": MailText(
        "$code ist Ihr Code für $firm",
        "Ihr Code zum Anmelden lautet:\n\n$code\n\nEr gilt bis zum $expires und nur in dem Browser, in dem Sie ihn "
        "angefordert haben. Geben Sie ihn niemandem weiter; wir fragen nie danach.\n\nFalls Sie sich nicht anmelden "
        "wollten, müssen Sie nichts tun.",
        "dein Code zum Anmelden lautet:\n\n$code\n\nEr gilt bis zum $expires und nur in dem Browser, in dem du ihn "
        "angefordert hast. Gib ihn niemandem weiter; wir fragen nie danach.\n\nFalls du dich nicht anmelden wolltest, "
        "musst du nichts tun.",
    ),
    "email_change": MailText(
        "Bitte bestätigen Sie Ihre neue E-Mail-Adresse",
        "Sie möchten sich bei $firm künftig mit dieser E-Mail-Adresse anmelden. Bitte bestätigen Sie sie über den "
        "folgenden Link; er gilt bis zum $expires.\n\nFalls Sie das nicht waren, müssen Sie nichts tun.",
        "du möchtest dich bei $firm künftig mit dieser E-Mail-Adresse anmelden. Bitte bestätige sie über den "
        "folgenden Link; er gilt bis zum $expires.\n\nFalls du das nicht warst, musst du nichts tun.",
        "E-Mail-Adresse bestätigen",
    ),
    "account_new_device": _notice(
        "Neue Anmeldung: $device",
        "Ihr Zugang wurde am $moment auf einem Gerät benutzt, das wir noch nicht kannten: $device.\n\nWaren Sie das? "
        "Dann müssen Sie nichts tun.",
        "dein Zugang wurde am $moment auf einem Gerät benutzt, das wir noch nicht kannten: $device.\n\nWarst du das? "
        "Dann musst du nichts tun.",
    ),
    "account_email_change_requested": _notice(
        "Ihre E-Mail-Adresse soll geändert werden",
        "am $moment wurde eine neue E-Mail-Adresse für Ihren Zugang angefordert: $detail. Die neue Adresse gilt "
        "erst, wenn sie von dort bestätigt ist; bis dahin können Sie die Änderung in Ihren Einstellungen zurücknehmen.",
        "am $moment wurde eine neue E-Mail-Adresse für deinen Zugang angefordert: $detail. Die neue Adresse gilt "
        "erst, wenn sie von dort bestätigt ist; bis dahin kannst du die Änderung in deinen Einstellungen zurücknehmen.",
    ),
    "account_email_changed": _notice(
        "Ihre E-Mail-Adresse wurde geändert",
        "seit dem $moment melden Sie sich mit der E-Mail-Adresse $detail an. Auch unsere E-Mails gehen dorthin.",
        "seit dem $moment meldest du dich mit der E-Mail-Adresse $detail an. Auch unsere E-Mails gehen dorthin.",
    ),
    "account_second_factor_enabled": _notice(
        "Der zweite Faktor ist eingerichtet",
        "seit dem $moment ist Ihr Zugang mit einer Authenticator-App geschützt. Bewahren Sie die "
        "Wiederherstellungscodes sicher auf.",
        "seit dem $moment ist dein Zugang mit einer Authenticator-App geschützt. Bewahre die Wiederherstellungscodes "
        "sicher auf.",
    ),
    "account_second_factor_disabled": _notice(
        "Der zweite Faktor ist ausgeschaltet",
        "am $moment wurde der zweite Faktor Ihres Zugangs ausgeschaltet.",
        "am $moment wurde der zweite Faktor deines Zugangs ausgeschaltet.",
    ),
    "account_recovery_codes_renewed": _notice(
        "Neue Wiederherstellungscodes",
        "am $moment wurden die Wiederherstellungscodes Ihres Zugangs ersetzt. Die bisherigen gelten nicht mehr.",
        "am $moment wurden die Wiederherstellungscodes deines Zugangs ersetzt. Die bisherigen gelten nicht mehr.",
    ),
    "account_recovery_code_used": _notice(
        "Ein Wiederherstellungscode wurde benutzt",
        "am $moment wurde einer Ihrer Wiederherstellungscodes zum Anmelden benutzt ($device). Er gilt nicht mehr.",
        "am $moment wurde einer deiner Wiederherstellungscodes zum Anmelden benutzt ($device). Er gilt nicht mehr.",
    ),
    "account_passkey_added": _notice(
        "Neuer Passkey: $detail",
        "am $moment wurde für Ihren Zugang ein Passkey eingerichtet: $detail.",
        "am $moment wurde für deinen Zugang ein Passkey eingerichtet: $detail.",
    ),
    "account_passkey_removed": _notice(
        "Passkey entfernt: $detail",
        "am $moment wurde ein Passkey Ihres Zugangs entfernt: $detail. Er öffnet nichts mehr.",
        "am $moment wurde ein Passkey deines Zugangs entfernt: $detail. Er öffnet nichts mehr.",
    ),
}
