"""What the bell says about emergency access (F73-F76): every step, to the customer and to whom he trusts.

No names stand here, because what the bell says is kept; the pages behind it name everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

from kontor_notifications.wording import Wording

TO_CUSTOMER: Mapping[str, Wording] = {
    "request": Wording(
        "Notfallzugang angefragt",
        "Eine Vertrauensperson bittet um Zugang zu Ihren Unterlagen; eine zweite muss zustimmen. Wenn es Ihnen "
        "gut geht, lehnen Sie ab.",
        "Eine Vertrauensperson bittet um Zugang zu deinen Unterlagen; eine zweite muss zustimmen. Wenn es dir "
        "gut geht, lehne ab.",
    ),
    "confirm": Wording(
        "Notfallzugang: weitere Zustimmung",
        "Eine weitere Vertrauensperson hat der Anfrage zugestimmt. Wenn es Ihnen gut geht, lehnen Sie ab.",
        "Eine weitere Vertrauensperson hat der Anfrage zugestimmt. Wenn es dir gut geht, lehne ab.",
    ),
    "wait": Wording(
        "Notfallzugang: die Wartezeit läuft",
        "Nach der Wartezeit sehen Ihre Vertrauenspersonen die gewählten Ordner. Wenn es Ihnen gut geht, lehnen Sie ab.",
        "Nach der Wartezeit sehen deine Vertrauenspersonen die gewählten Ordner. Wenn es dir gut geht, lehne ab.",
    ),
    "release": Wording(
        "Notfallzugang ist freigegeben",
        "Ihre Vertrauenspersonen sehen jetzt die gewählten Ordner. Sie können das sofort zurücknehmen.",
        "Deine Vertrauenspersonen sehen jetzt die gewählten Ordner. Du kannst das sofort zurücknehmen.",
    ),
    "veto": Wording(
        "Notfallanfrage beendet",
        "Wir haben ein Lebenszeichen von Ihnen. Niemand sieht Ihre Unterlagen.",
        "Wir haben ein Lebenszeichen von dir. Niemand sieht deine Unterlagen.",
    ),
    "withdraw": Wording(
        "Notfallanfrage zurückgezogen",
        "Die Vertrauensperson hat ihre Anfrage zurückgezogen. Niemand sieht Ihre Unterlagen.",
        "Die Vertrauensperson hat ihre Anfrage zurückgezogen. Niemand sieht deine Unterlagen.",
    ),
    "lapse": Wording(
        "Notfallanfrage verfallen",
        "Niemand hat rechtzeitig zugestimmt. Niemand sieht Ihre Unterlagen.",
        "Niemand hat rechtzeitig zugestimmt. Niemand sieht deine Unterlagen.",
    ),
    "undo": Wording(
        "Notfallzugang zurückgenommen",
        "Ihre Vertrauenspersonen sehen ab sofort nichts mehr.",
        "Deine Vertrauenspersonen sehen ab sofort nichts mehr.",
    ),
    "end": Wording(
        "Notfallzugang beendet",
        "Seine Zeit ist um; Ihre Vertrauenspersonen sehen nichts mehr.",
        "Seine Zeit ist um; deine Vertrauenspersonen sehen nichts mehr.",
    ),
    "trusted_accepted": Wording(
        "Einladung angenommen",
        "Eine Vertrauensperson hat Ihre Einladung angenommen.",
        "Eine Vertrauensperson hat deine Einladung angenommen.",
    ),
    "trusted_declined": Wording(
        "Einladung abgelehnt",
        "Eine Vertrauensperson hat Ihre Einladung abgelehnt.",
        "Eine Vertrauensperson hat deine Einladung abgelehnt.",
    ),
}

_IT_IS_OVER = "Die Unterlagen sind nicht mehr sichtbar."
TO_TRUSTED: Mapping[str, Wording] = {
    "request": Wording(
        "Notfall: Zustimmung gebraucht",
        "Bitte prüfen Sie, ob ein Notfall vorliegt, und stimmen Sie zu oder nicht.",
        "Bitte prüfe, ob ein Notfall vorliegt, und stimme zu oder nicht.",
    ),
    "confirm": Wording(
        "Notfallzugang: weitere Zustimmung",
        "Eine weitere Vertrauensperson hat der Anfrage zugestimmt; die Wartezeit läuft.",
        "Eine weitere Vertrauensperson hat der Anfrage zugestimmt; die Wartezeit läuft.",
    ),
    "wait": Wording(
        "Notfallzugang: die Wartezeit läuft",
        "Meldet sich der Kunde bis zu ihrem Ende nicht, sehen Sie die für Sie bestimmten Ordner.",
        "Meldet sich der Kunde bis zu ihrem Ende nicht, siehst du die für dich bestimmten Ordner.",
    ),
    "release": Wording(
        "Notfallzugang ist freigegeben",
        "Sie sehen jetzt die für Sie bestimmten Ordner. Jeder Blick wird festgehalten.",
        "Du siehst jetzt die für dich bestimmten Ordner. Jeder Blick wird festgehalten.",
    ),
    "veto": Wording(
        "Notfallanfrage beendet", "Der Kunde hat sich gemeldet. Alles gut.", "Der Kunde hat sich gemeldet. Alles gut."
    ),
    "withdraw": Wording(
        "Notfallanfrage zurückgezogen", "Die Anfrage wurde zurückgezogen.", "Die Anfrage wurde zurückgezogen."
    ),
    "lapse": Wording(
        "Notfallanfrage verfallen", "Niemand hat rechtzeitig zugestimmt.", "Niemand hat rechtzeitig zugestimmt."
    ),
    "undo": Wording("Notfallzugang zurückgenommen", _IT_IS_OVER, _IT_IS_OVER),
    "end": Wording("Notfallzugang beendet", _IT_IS_OVER, _IT_IS_OVER),
}
