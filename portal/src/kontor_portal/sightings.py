"""The sight ledger in words: who did what with which paper, as its owner reads it (F2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1 import access_pb2
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal.formatting import day_text, local
from kontor_portal.i18n import t
from kontor_portal.labels import role

_OPENED: Final = (pb.SIGHTING_ACTION_VIEW, pb.SIGHTING_ACTION_DOWNLOAD)
_EMERGENCY: Final = (pb.SIGHTING_ACTION_EMERGENCY_OPEN, pb.SIGHTING_ACTION_EMERGENCY_CLOSE)
_IN_FOLDER: Final = (pb.SIGHTING_ACTION_EMERGENCY_LOOK, pb.SIGHTING_ACTION_EMERGENCY_SECRET)
_DELIVERY: Final = (
    pb.SIGHTING_ACTION_DELIVER,
    pb.SIGHTING_ACTION_DELIVERY_NOTIFY,
    pb.SIGHTING_ACTION_DELIVERY_NOTIFY_FAIL,
    pb.SIGHTING_ACTION_DELIVERY_OPEN,
)
_ARCHIVE: Final = (pb.SIGHTING_ACTION_EXPORT, pb.SIGHTING_ACTION_IMPORT)
KINDS: Final = {
    "gesehen": (*_OPENED, *_ARCHIVE),
    "geteilt": (pb.SIGHTING_ACTION_SHARE, pb.SIGHTING_ACTION_REVOKE, pb.SIGHTING_ACTION_RELEASE),
    "zugestellt": _DELIVERY,
    "geloescht": (pb.SIGHTING_ACTION_END,),
    "notfall": (*_EMERGENCY, *_IN_FOLDER),
}
"""What the page can be narrowed to, by the word in its address."""
_SYMBOLS: Final = {
    pb.SIGHTING_ACTION_VIEW: "eye",
    pb.SIGHTING_ACTION_DOWNLOAD: "download",
    pb.SIGHTING_ACTION_SHARE: "users",
    pb.SIGHTING_ACTION_REVOKE: "lock",
    pb.SIGHTING_ACTION_RELEASE: "eye",
    pb.SIGHTING_ACTION_END: "trash",
    pb.SIGHTING_ACTION_DELIVER: "mail",
    pb.SIGHTING_ACTION_DELIVERY_NOTIFY: "mail",
    pb.SIGHTING_ACTION_DELIVERY_NOTIFY_FAIL: "mail",
    pb.SIGHTING_ACTION_EMERGENCY_OPEN: "heart",
    pb.SIGHTING_ACTION_EMERGENCY_CLOSE: "lock",
    pb.SIGHTING_ACTION_EMERGENCY_LOOK: "eye",
    pb.SIGHTING_ACTION_EMERGENCY_SECRET: "key",
    pb.SIGHTING_ACTION_EXPORT: "download",
    pb.SIGHTING_ACTION_IMPORT: "upload",
}


@dataclass(frozen=True)
class Line:
    """One entry as it is read."""

    entry: pb.Sighting
    sentence: str
    who: str
    """What the person is: an employee of the firm, a trusted person; empty for the customer himself."""
    symbol: str
    is_own: bool

    @property
    def href(self) -> str:
        """Where the paper or folder is; empty when it is gone."""
        if self.entry.action in _ARCHIVE:
            return "/kunde/dokumente/archiv"
        if not self.entry.subject:
            return ""
        if self.entry.item_id:
            return f"/kunde/notfall/ordner/{self.entry.item_id}"
        if self.entry.folder_id:
            return f"/kunde/dokumente/ordner/{self.entry.folder_id}"
        return f"/kunde/dokumente/{self.entry.document_id}"


def last_day(end: Timestamp) -> str:
    """Return the last day before an end that is the beginning of a day."""
    return day_text((local(end) - timedelta(seconds=1)).date())


def line_of(entry: pb.Sighting, account_id: str, firm_name: str) -> Line:
    """Return an entry in words for the person whose account this is."""
    is_own = entry.account_id == account_id
    return Line(
        entry,
        _sentence(entry, firm_name, is_own=is_own),
        "" if is_own or not entry.role else role(entry.role),
        _SYMBOLS.get(entry.action, "eye"),
        is_own,
    )


def _sentence(entry: pb.Sighting, firm_name: str, *, is_own: bool) -> str:
    if entry.action in _EMERGENCY:
        return _of_emergency(entry)
    if entry.action in _ARCHIVE:
        return _of_archive(entry, is_own=is_own)
    what = _subject(entry)
    if entry.action in _IN_FOLDER:
        return _in_folder(entry)
    if entry.action in _DELIVERY:
        return _of_delivery(entry, what, firm_name)
    if is_own:
        return _own(entry, what, firm_name)
    who = _name(entry) or firm_name
    if entry.action == pb.SIGHTING_ACTION_REVOKE and entry.party_name:
        return t("Die Freigabe von %(what)s für %(whom)s ist beendet.", what=what, whom=entry.party_name)
    return {
        pb.SIGHTING_ACTION_VIEW: lambda: t("%(who)s hat %(what)s angesehen.", who=who, what=what),
        pb.SIGHTING_ACTION_DOWNLOAD: lambda: t("%(who)s hat %(what)s heruntergeladen.", who=who, what=what),
        pb.SIGHTING_ACTION_RELEASE: lambda: t(
            "%(who)s hat %(what)s für Sie sichtbar gemacht.",
            du="%(who)s hat %(what)s für dich sichtbar gemacht.",
            who=who,
            what=what,
        ),
        pb.SIGHTING_ACTION_END: lambda: t("Die Aufbewahrung von %(what)s ist beendet; es ist gelöscht.", what=what),
        pb.SIGHTING_ACTION_REVOKE: lambda: t("Die Freigabe von %(what)s ist beendet.", what=what),
    }.get(entry.action, lambda: t("%(who)s hat %(what)s freigegeben.", who=who, what=what))()


def _name(entry: pb.Sighting) -> str:
    """Return who acted; behind an expert's firm the sentence goes on after a comma."""
    is_expert = entry.role == access_pb2.ROLE_EXPERT and ", " in entry.account_name
    return f"{entry.account_name}," if is_expert else entry.account_name


def _own(entry: pb.Sighting, what: str, firm_name: str) -> str:
    if entry.action == pb.SIGHTING_ACTION_SHARE:
        whom = entry.party_name or firm_name
        if entry.HasField("until_time"):
            return t(
                "Sie haben %(what)s bis %(day)s für %(whom)s freigegeben.",
                du="Du hast %(what)s bis %(day)s für %(whom)s freigegeben.",
                what=what,
                whom=whom,
                day=last_day(entry.until_time),
            )
        return t(
            "Sie haben %(what)s für %(whom)s freigegeben.",
            du="Du hast %(what)s für %(whom)s freigegeben.",
            what=what,
            whom=whom,
        )
    if entry.action == pb.SIGHTING_ACTION_REVOKE:
        return t(
            "Sie haben die Freigabe von %(what)s zurückgenommen.",
            du="Du hast die Freigabe von %(what)s zurückgenommen.",
            what=what,
        )
    if entry.action == pb.SIGHTING_ACTION_DOWNLOAD:
        return t("Sie haben %(what)s heruntergeladen.", du="Du hast %(what)s heruntergeladen.", what=what)
    return t("Sie haben %(what)s angesehen.", du="Du hast %(what)s angesehen.", what=what)


def _of_delivery(entry: pb.Sighting, what: str, firm_name: str) -> str:
    if entry.action == pb.SIGHTING_ACTION_DELIVER:
        who = entry.account_name or firm_name
        return t(
            "%(who)s hat Ihnen %(what)s zugestellt.", du="%(who)s hat dir %(what)s zugestellt.", who=who, what=what
        )
    if entry.action == pb.SIGHTING_ACTION_DELIVERY_NOTIFY:
        return t("Die E-Mail über die Zustellung von %(what)s ist verschickt.", what=what)
    if entry.action == pb.SIGHTING_ACTION_DELIVERY_NOTIFY_FAIL:
        return t("Die E-Mail über die Zustellung von %(what)s war nicht zustellbar.", what=what)
    return t("%(what)s wurde nach der Zustellung erstmals geöffnet.", what=what)


def _of_emergency(entry: pb.Sighting) -> str:
    opened = entry.action == pb.SIGHTING_ACTION_EMERGENCY_OPEN
    if entry.party_name:
        return (
            t("Der Notfallzugang hat Ordner für %(whom)s geöffnet.", whom=entry.party_name)
            if opened
            else t("Der Notfallzugang von %(whom)s ist wieder geschlossen.", whom=entry.party_name)
        )
    return (
        t("Der Notfallzugang hat Ordner für eine Vertrauensperson geöffnet.")
        if opened
        else t("Der Notfallzugang einer Vertrauensperson ist wieder geschlossen.")
    )


def _of_archive(entry: pb.Sighting, *, is_own: bool) -> str:
    if entry.action == pb.SIGHTING_ACTION_IMPORT:
        return t("Ein mitgebrachtes Archiv wurde eingelesen.")
    if is_own:
        return t("Sie haben alles als Archiv heruntergeladen.", du="Du hast alles als Archiv heruntergeladen.")
    return t("%(who)s hat alles als Archiv heruntergeladen.", who=entry.account_name)


def _in_folder(entry: pb.Sighting) -> str:
    if entry.action == pb.SIGHTING_ACTION_EMERGENCY_LOOK:
        return t(
            "%(who)s hat in Ihren Notfallordner gesehen.",
            du="%(who)s hat in deinen Notfallordner gesehen.",
            who=entry.account_name,
        )
    what = f"„{entry.subject}“" if entry.subject else t("einem gelöschten Eintrag")
    return t("%(who)s hat das Geheimnis zu %(what)s geöffnet.", who=entry.account_name, what=what)


def _subject(entry: pb.Sighting) -> str:
    if entry.folder_id:
        if not entry.subject:
            return t("einen gelöschten Ordner")
        return t("den Ordner „%(name)s“", name=entry.subject)
    return f"„{entry.subject}“" if entry.subject else t("ein gelöschtes Dokument")
