"""What English mails say about a person's own access."""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.english.form import english
from kontor_notifications.mail_text import MailText

_NOT_YOU = "If this was not you, please change your password at once, sign all other devices out and let us know."
_BUTTON = "Open sign-in & security"


def _notice(subject: str, text: str) -> MailText:
    return english(subject, f"{text}\n\n{_NOT_YOU}", _BUTTON)


ACCOUNT: Mapping[str, MailText] = {
    "sign_in_code": english(
        "$code is your code for $firm",
        "your code for signing in is:\n\n$code\n\nIt is valid until $expires and only in the browser in which you "
        "asked for it. Give it to nobody; we never ask for it.\n\nIf you did not want to sign in, there is nothing "
        "to do.",
    ),
    "email_change": english(
        "Please confirm your new e-mail address",
        "you want to sign in at $firm with this e-mail address from now on. Please confirm it by the following link; "
        "it is valid until $expires.\n\nIf this was not you, there is nothing to do.",
        "Confirm the e-mail address",
    ),
    "account_new_device": _notice(
        "New sign-in: $device",
        "your access was used on $moment on a device that we did not know yet: $device.\n\nWas this you? Then there is "
        "nothing to do.",
    ),
    "account_email_change_requested": _notice(
        "Your e-mail address is to be changed",
        "on $moment a new e-mail address was asked for your access: $detail. It becomes valid only when it is "
        "confirmed from there; until then you can take the change back in your settings.",
    ),
    "account_email_changed": _notice(
        "Your e-mail address was changed",
        "since $moment you sign in with the e-mail address $detail. Our e-mails go there, too.",
    ),
    "account_second_factor_enabled": _notice(
        "The second factor is set up",
        "since $moment your access is protected by an authenticator app. Please keep the recovery codes safe.",
    ),
    "account_second_factor_disabled": _notice(
        "The second factor is switched off",
        "on $moment the second factor of your access was switched off.",
    ),
    "account_recovery_codes_renewed": _notice(
        "New recovery codes",
        "on $moment the recovery codes of your access were replaced. The former ones are no longer valid.",
    ),
    "account_recovery_code_used": _notice(
        "A recovery code was used",
        "on $moment one of your recovery codes was used for signing in ($device). It is no longer valid.",
    ),
    "account_passkey_added": _notice(
        "New passkey: $detail",
        "on $moment a passkey was set up for your access: $detail.",
    ),
    "account_passkey_removed": _notice(
        "Passkey removed: $detail",
        "on $moment a passkey of your access was removed: $detail. It opens nothing any more.",
    ),
}
