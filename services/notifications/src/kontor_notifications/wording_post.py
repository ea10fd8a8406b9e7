"""What the bell says about paper post and binders (F15, F16, F61)."""

from __future__ import annotations

from kontor_notifications.wording import Wording

POST_PAGE = "/kunde/post"
POST_SCANNED = Wording(
    "Post gescannt",
    "Papierpost wurde gescannt und liegt in Ihren Dokumenten.",
    "Papierpost wurde gescannt und liegt in deinen Dokumenten.",
)
DOCUMENTS_PAGE = "/kunde/dokumente"
MAIL_PAGE = "/kunde/post/e-mail"
MAIL_FILED = Wording(
    "E-Mail abgelegt",
    "Die Anlagen einer E-Mail liegen in Ihren Dokumenten.",
    "Die Anlagen einer E-Mail liegen in deinen Dokumenten.",
)
MAIL_HELD = Wording(
    "E-Mail wartet auf Sie",
    "Eine E-Mail wartet auf Ihre Bestätigung, weil ihr Absender nicht sicher ist.",
    "Eine E-Mail wartet auf deine Bestätigung, weil ihr Absender nicht sicher ist.",
)
BINDER_ORDERED = Wording(
    "Ordner bestellt",
    "Das Scannen eines Ordners ist bestellt. Den Tag der Abholung erfahren Sie noch.",
    "Das Scannen eines Ordners ist bestellt. Den Tag der Abholung erfährst du noch.",
)
BINDER_PICKUP = Wording(
    "Abholung Ihres Ordners",
    "Ihr Ordner wird am $day abgeholt.",
    "Dein Ordner wird am $day abgeholt.",
)
BINDER_RECEIVED = Wording(
    "Ordner angekommen",
    "Ihr Ordner ist im Scan-Zentrum angekommen.",
    "Dein Ordner ist im Scan-Zentrum angekommen.",
)
BINDER_SCANNED = Wording(
    "Ordner gescannt",
    "Ihr Ordner ist gescannt. Bitte sagen Sie, was mit dem Papier geschehen soll.",
    "Dein Ordner ist gescannt. Bitte sag, was mit dem Papier geschehen soll.",
)
BINDER_RETURNED = Wording(
    "Ordner unterwegs", "Ihr Ordner ist auf dem Weg zu Ihnen.", "Dein Ordner ist auf dem Weg zu dir."
)
BINDER_DESTRUCTION = Wording(
    "Einwilligung in die Vernichtung",
    "Sie haben in die Vernichtung eines Ordners eingewilligt. Noch können Sie sie zurücknehmen.",
    "Du hast in die Vernichtung eines Ordners eingewilligt. Noch kannst du sie zurücknehmen.",
)
BINDER_DESTROYED = Wording(
    "Ordner vernichtet",
    "Ihr Ordner wurde vernichtet. Die Scans liegen in Ihren Dokumenten.",
    "Dein Ordner wurde vernichtet. Die Scans liegen in deinen Dokumenten.",
)
BINDER_CANCELLED = Wording(
    "Bestellung storniert",
    "Die Bestellung zum Scannen eines Ordners ist storniert.",
    "Die Bestellung zum Scannen eines Ordners ist storniert.",
)


def binder_link(order_id: str) -> str:
    """Return the customer's page of a binder."""
    return f"{POST_PAGE}/ordner/{order_id}"
