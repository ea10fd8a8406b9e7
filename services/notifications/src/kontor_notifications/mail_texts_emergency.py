"""What mails about emergency access say (F73-F76): every step to the customer and to each of his trusted persons.

Names are `emergency_<step>_<side>`. Mails to the customer bear a link that stops the request as long as that is
possible; the sentence before the button says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.mail_text import MailText

_STOP = "Ich lebe – Zugriff ablehnen"
_LOOK = "Notfallzugang ansehen"
_ALIVE = (
    "\n\nWenn es Ihnen gut geht, lehnen Sie den Zugriff bitte über den folgenden Link ab; eine Anmeldung ist "
    "dafür nicht "
    "nötig. Auch wenn Sie sich anmelden, uns eine Nachricht schreiben oder ein Dokument ablegen, endet die Anfrage."
)
_ALIVE_DU = (
    "\n\nWenn es dir gut geht, lehne den Zugriff bitte über den folgenden Link ab; eine Anmeldung ist dafür "
    "nicht nötig. "
    "Auch wenn du dich anmeldest, uns eine Nachricht schreibst oder ein Dokument ablegst, endet die Anfrage."
)
_UNDO = "\n\nWenn Sie das nicht möchten, nehmen Sie den Zugriff über den folgenden Link sofort zurück."
_UNDO_DU = "\n\nWenn du das nicht möchtest, nimm den Zugriff über den folgenden Link sofort zurück."


def _trusted(subject: str, formal: str, informal: str) -> MailText:
    return MailText(subject, formal, informal, _LOOK)


_TO_CUSTOMER: Mapping[str, MailText] = {
    "emergency_request_customer": MailText(
        "Wichtig: $requester bittet um Zugang zu Ihren Unterlagen",
        "$requester hat als Ihre Vertrauensperson um Notfallzugang zu Ihren Unterlagen gebeten. Begründung: „$reason“"
        "\n\nNoch ist nichts freigegeben: Zuerst muss eine zweite Vertrauensperson zustimmen, danach läuft die "
        "Wartezeit, die Sie festgelegt haben." + _ALIVE,
        "$requester hat als deine Vertrauensperson um Notfallzugang zu deinen Unterlagen gebeten. Begründung: „$reason“"
        "\n\nNoch ist nichts freigegeben: Zuerst muss eine zweite Vertrauensperson zustimmen, danach läuft die "
        "Wartezeit, die du festgelegt hast." + _ALIVE_DU,
        _STOP,
    ),
    "emergency_confirm_customer": MailText(
        "Wichtig: Eine weitere Vertrauensperson hat zugestimmt",
        "der Anfrage auf Notfallzugang zu Ihren Unterlagen haben jetzt zugestimmt: $supporters. Die Freigabe "
        "erfolgt am "
        "$release." + _ALIVE,
        "der Anfrage auf Notfallzugang zu deinen Unterlagen haben jetzt zugestimmt: $supporters. Die Freigabe erfolgt "
        "am $release." + _ALIVE_DU,
        _STOP,
    ),
    "emergency_wait_customer": MailText(
        "Wichtig: Zugang zu Ihren Unterlagen wird am $release freigegeben",
        "um Notfallzugang zu Ihren Unterlagen haben gebeten: $supporters. Begründung: „$reason“\n\nHören wir bis zum "
        "$release nichts von Ihnen, sehen Ihre Vertrauenspersonen danach die Ordner, die Sie für sie ausgewählt haben."
        + _ALIVE,
        "um Notfallzugang zu deinen Unterlagen haben gebeten: $supporters. Begründung: „$reason“\n\nHören wir bis zum "
        "$release nichts von dir, sehen deine Vertrauenspersonen danach die Ordner, die du für sie ausgewählt hast."
        + _ALIVE_DU,
        _STOP,
    ),
    "emergency_release_customer": MailText(
        "Ihr Notfallzugang ist freigegeben",
        "die Wartezeit ist am $release ohne ein Lebenszeichen von Ihnen vergangen. Ihre Vertrauenspersonen sehen jetzt "
        "die Ordner, die Sie für sie ausgewählt haben; jeder Blick wird festgehalten.$ends" + _UNDO,
        "die Wartezeit ist am $release ohne ein Lebenszeichen von dir vergangen. Deine Vertrauenspersonen sehen jetzt "
        "die Ordner, die du für sie ausgewählt hast; jeder Blick wird festgehalten.$ends" + _UNDO_DU,
        "Zugriff zurücknehmen",
    ),
    "emergency_veto_customer": MailText(
        "Die Anfrage auf Notfallzugang ist beendet",
        "wir haben ein Lebenszeichen von Ihnen erhalten. Die Anfrage von $requester ist damit beendet, niemand sieht "
        "Ihre Unterlagen.",
        "wir haben ein Lebenszeichen von dir erhalten. Die Anfrage von $requester ist damit beendet, niemand sieht "
        "deine Unterlagen.",
        _LOOK,
    ),
    "emergency_withdraw_customer": MailText(
        "Die Anfrage auf Notfallzugang ist zurückgezogen",
        "$requester hat die Anfrage auf Notfallzugang zurückgezogen. Niemand sieht Ihre Unterlagen.",
        "$requester hat die Anfrage auf Notfallzugang zurückgezogen. Niemand sieht deine Unterlagen.",
        _LOOK,
    ),
    "emergency_lapse_customer": MailText(
        "Die Anfrage auf Notfallzugang ist verfallen",
        "der Anfrage von $requester hat keine zweite Vertrauensperson rechtzeitig zugestimmt; sie ist verfallen, "
        "niemand "
        "sieht Ihre Unterlagen.",
        "der Anfrage von $requester hat keine zweite Vertrauensperson rechtzeitig zugestimmt; sie ist verfallen, "
        "niemand "
        "sieht deine Unterlagen.",
        _LOOK,
    ),
    "emergency_undo_customer": MailText(
        "Der Notfallzugang ist zurückgenommen",
        "der Notfallzugang zu Ihren Unterlagen ist zurückgenommen. Ihre Vertrauenspersonen sehen ab sofort "
        "nichts mehr.",
        "der Notfallzugang zu deinen Unterlagen ist zurückgenommen. Deine Vertrauenspersonen sehen ab sofort nichts "
        "mehr.",
        _LOOK,
    ),
    "emergency_end_customer": MailText(
        "Der Notfallzugang ist beendet",
        "der Notfallzugang zu Ihren Unterlagen hat sein Ende erreicht. Ihre Vertrauenspersonen sehen ab sofort nichts "
        "mehr.",
        "der Notfallzugang zu deinen Unterlagen hat sein Ende erreicht. Deine Vertrauenspersonen sehen ab sofort "
        "nichts "
        "mehr.",
        _LOOK,
    ),
}

_TO_TRUSTED: Mapping[str, MailText] = {
    "emergency_request_trusted": _trusted(
        "Notfall: Ihre Zustimmung für $customer wird gebraucht",
        "$requester hat um Notfallzugang zu den Unterlagen von $customer gebeten. Begründung: „$reason“\n\nDamit die "
        "Wartezeit beginnt, muss eine zweite Vertrauensperson zustimmen. Bitte prüfen Sie, ob ein Notfall vorliegt.",
        "$requester hat um Notfallzugang zu den Unterlagen von $customer gebeten. Begründung: „$reason“\n\nDamit die "
        "Wartezeit beginnt, muss eine zweite Vertrauensperson zustimmen. Bitte prüfe, ob ein Notfall vorliegt.",
    ),
    "emergency_confirm_trusted": _trusted(
        "Notfallzugang zu $customer: weitere Zustimmung",
        "der Anfrage haben jetzt zugestimmt: $supporters. Die Freigabe erfolgt am $release, wenn sich $customer bis "
        "dahin nicht meldet.",
        "der Anfrage haben jetzt zugestimmt: $supporters. Die Freigabe erfolgt am $release, wenn sich $customer bis "
        "dahin nicht meldet.",
    ),
    "emergency_wait_trusted": _trusted(
        "Notfallzugang zu $customer: Freigabe am $release",
        "um Notfallzugang zu den Unterlagen von $customer haben gebeten: $supporters. Begründung: "
        "„$reason“\n\nWir haben "
        "$customer auf allen Wegen benachrichtigt. Ohne ein Lebenszeichen sehen Sie die für Sie bestimmten Ordner ab "
        "dem $release.",
        "um Notfallzugang zu den Unterlagen von $customer haben gebeten: $supporters. Begründung: "
        "„$reason“\n\nWir haben "
        "$customer auf allen Wegen benachrichtigt. Ohne ein Lebenszeichen siehst du die für dich bestimmten Ordner ab "
        "dem $release.",
    ),
    "emergency_release_trusted": _trusted(
        "Notfallzugang zu $customer ist freigegeben",
        "die Wartezeit ist ohne ein Lebenszeichen vergangen. Sie sehen jetzt die Ordner, die $customer für Sie "
        "bestimmt "
        "hat. Jeder Blick wird für $customer festgehalten.$ends",
        "die Wartezeit ist ohne ein Lebenszeichen vergangen. Du siehst jetzt die Ordner, die $customer für dich "
        "bestimmt "
        "hat. Jeder Blick wird für $customer festgehalten.$ends",
    ),
    "emergency_veto_trusted": _trusted(
        "$customer hat sich gemeldet: Die Anfrage ist beendet",
        "wir haben ein Lebenszeichen von $customer erhalten. Die Anfrage auf Notfallzugang ist damit beendet.",
        "wir haben ein Lebenszeichen von $customer erhalten. Die Anfrage auf Notfallzugang ist damit beendet.",
    ),
    "emergency_withdraw_trusted": _trusted(
        "Die Anfrage für $customer ist zurückgezogen",
        "$requester hat die Anfrage auf Notfallzugang zu den Unterlagen von $customer zurückgezogen.",
        "$requester hat die Anfrage auf Notfallzugang zu den Unterlagen von $customer zurückgezogen.",
    ),
    "emergency_lapse_trusted": _trusted(
        "Die Anfrage für $customer ist verfallen",
        "der Anfrage auf Notfallzugang zu den Unterlagen von $customer hat niemand rechtzeitig zugestimmt.",
        "der Anfrage auf Notfallzugang zu den Unterlagen von $customer hat niemand rechtzeitig zugestimmt.",
    ),
    "emergency_undo_trusted": _trusted(
        "Der Notfallzugang zu $customer ist zurückgenommen",
        "$customer hat den Notfallzugang zurückgenommen. Die Unterlagen sind ab sofort nicht mehr sichtbar.",
        "$customer hat den Notfallzugang zurückgenommen. Die Unterlagen sind ab sofort nicht mehr sichtbar.",
    ),
    "emergency_end_trusted": _trusted(
        "Der Notfallzugang zu $customer ist beendet",
        "der Notfallzugang hat sein Ende erreicht. Die Unterlagen von $customer sind ab sofort nicht mehr sichtbar.",
        "der Notfallzugang hat sein Ende erreicht. Die Unterlagen von $customer sind ab sofort nicht mehr sichtbar.",
    ),
}

_ABOUT_PERSONS: Mapping[str, MailText] = {
    "trusted_invitation": MailText(
        "$customer vertraut Ihnen: Vertrauensperson für den Notfall",
        "$customer möchte Sie als Vertrauensperson benennen. Im Notfall könnten Sie dann um Einsicht in ausgewählte "
        "Ordner bitten; sehen würden Sie sie erst nach einer Wartezeit, in der sich $customer melden und ablehnen "
        "kann.\n\nBitte nehmen Sie die Aufgabe über den folgenden Link an oder lehnen Sie sie dort ab. Er gilt nur für "
        "Sie und bis zum $expires.",
        "$customer möchte dich als Vertrauensperson benennen. Im Notfall könntest du dann um Einsicht in ausgewählte "
        "Ordner bitten; sehen würdest du sie erst nach einer Wartezeit, in der sich $customer melden und ablehnen "
        "kann.\n\nBitte nimm die Aufgabe über den folgenden Link an oder lehne sie dort ab. Er gilt nur für dich und "
        "bis zum $expires.",
        "Einladung ansehen",
    ),
    "trusted_accepted": MailText(
        "$person ist jetzt Ihre Vertrauensperson",
        "$person hat Ihre Einladung angenommen und kann im Notfall um Zugang zu den Ordnern bitten, die Sie ausgewählt "
        "haben.",
        "$person hat deine Einladung angenommen und kann im Notfall um Zugang zu den Ordnern bitten, die du ausgewählt "
        "hast.",
        _LOOK,
    ),
    "trusted_declined": MailText(
        "$person möchte nicht Ihre Vertrauensperson sein",
        "$person hat Ihre Einladung abgelehnt. Vielleicht möchten Sie jemand anderen benennen.",
        "$person hat deine Einladung abgelehnt. Vielleicht möchtest du jemand anderen benennen.",
        _LOOK,
    ),
    "trusted_removed": MailText(
        "Sie sind nicht mehr Vertrauensperson von $customer",
        "$customer hat Sie als Vertrauensperson entfernt. Sie müssen nichts tun.",
        "$customer hat dich als Vertrauensperson entfernt. Du musst nichts tun.",
    ),
}

EMERGENCY_TEXTS: Mapping[str, MailText] = {**_TO_CUSTOMER, **_TO_TRUSTED, **_ABOUT_PERSONS}
