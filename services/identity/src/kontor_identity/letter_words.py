"""What letters with a code say, formal and informal (F172); the layout is in `data/access_letter.typ`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LetterText:
    """The sentences of one letter."""

    subject: str
    introduction: str
    heading: str
    steps: tuple[str, ...]
    warning: str


@dataclass(frozen=True)
class LetterWords:
    """One kind of letter: title of the file, name of its code, sentences for Sie and Du."""

    title: str
    code_label: str
    formal: LetterText
    informal: LetterText


_SCAN = "Scannen Sie den QR-Code mit Ihrem Telefon, oder öffnen Sie im Browser die Adresse unter dem Code."
_SCAN_DU = "Scanne den QR-Code mit deinem Telefon, oder öffne im Browser die Adresse unter dem Code."
_WARNING = "Bitte geben Sie den Code nicht weiter. Wir fragen Sie weder am Telefon noch per E-Mail danach."
_WARNING_DU = "Bitte gib den Code nicht weiter. Wir fragen dich weder am Telefon noch per E-Mail danach."

ACCESS_LETTER: Final = LetterWords(
    "Zugangscodes",
    "Zugangscode",
    LetterText(
        "Ihr Zugang zum digitalen Büro",
        "wir haben Ihr digitales Büro eingerichtet: Verträge, Dokumente und der direkte Draht zu uns an"
        " einem Ort. Mit diesem Brief erhalten Sie Ihren persönlichen Zugangscode.",
        "So richten Sie Ihren Zugang ein",
        (_SCAN, "Geben Sie Ihren Zugangscode ein.", "Wählen Sie Ihr Passwort. Damit melden Sie sich künftig an."),
        _WARNING,
    ),
    LetterText(
        "Dein Zugang zum digitalen Büro",
        "wir haben dein digitales Büro eingerichtet: Verträge, Dokumente und der direkte Draht zu uns an"
        " einem Ort. Mit diesem Brief erhältst du deinen persönlichen Zugangscode.",
        "So richtest du deinen Zugang ein",
        (_SCAN_DU, "Gib deinen Zugangscode ein.", "Wähle dein Passwort. Damit meldest du dich künftig an."),
        _WARNING_DU,
    ),
)
"""By which a customer gets his access (F137)."""

IDENTITY_LETTER: Final = LetterWords(
    "Identitätscodes",
    "Identitätscode",
    LetterText(
        "Ihr Code zur Bestätigung Ihrer Identität",
        "dieser Brief kommt nur dort an, wo Sie wohnen. Geben Sie den Code einmal in Ihrem digitalen Büro ein, und es"
        " ist bestätigt, dass Sie es sind. Danach stehen Ihnen dort alle Funktionen offen.",
        "So bestätigen Sie Ihre Identität",
        (_SCAN, "Melden Sie sich an wie gewohnt.", "Geben Sie den Code ein. Sie haben fünf Versuche."),
        _WARNING,
    ),
    LetterText(
        "Dein Code zur Bestätigung deiner Identität",
        "dieser Brief kommt nur dort an, wo du wohnst. Gib den Code einmal in deinem digitalen Büro ein, und es"
        " ist bestätigt, dass du es bist. Danach stehen dir dort alle Funktionen offen.",
        "So bestätigst du deine Identität",
        (_SCAN_DU, "Melde dich an wie gewohnt.", "Gib den Code ein. Du hast fünf Versuche."),
        _WARNING_DU,
    ),
)
"""By which a customer proves that he is who the firm knows (F164)."""
