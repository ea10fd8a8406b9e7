"""The emergency folder in words: what its entries are, and whether it says enough (F73, F74, F76)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kontor.identity.v1 import emergency_pb2
from kontor.vault.v1 import emergency_folder_pb2 as pb

from kontor_portal import gateway
from kontor_portal.i18n import t

DIRECTIVES: Final = (
    pb.EMERGENCY_ITEM_KIND_POWER_OF_ATTORNEY,
    pb.EMERGENCY_ITEM_KIND_LIVING_WILL,
    pb.EMERGENCY_ITEM_KIND_LAST_WILL,
    pb.EMERGENCY_ITEM_KIND_GUARDIANSHIP,
    pb.EMERGENCY_ITEM_KIND_OTHER_DIRECTIVE,
)
_NEEDED: Final = DIRECTIVES[:3]
_MOST_PAGES: Final = 5


@dataclass(frozen=True)
class KindText:
    """What an entry of a kind is called, and what its fields mean there."""

    kind: pb.EmergencyItemKind.ValueType
    name: str
    place: str
    place_hint: str
    instructions: str
    contact: str
    has_secret: bool = False


@dataclass(frozen=True)
class Point:
    """One point of the completeness check."""

    text: str
    is_done: bool
    href: str


@dataclass(frozen=True)
class Contents:
    """What lies in the folder, by part."""

    items: Sequence[pb.EmergencyItem]

    @property
    def directives(self) -> list[pb.EmergencyItem]:
        """Directives, in the order of their importance."""
        return sorted((one for one in self.items if one.kind in DIRECTIVES), key=lambda one: one.kind)

    @property
    def accounts(self) -> list[pb.EmergencyItem]:
        """The digital legacy."""
        return [one for one in self.items if one.kind == pb.EMERGENCY_ITEM_KIND_ACCOUNT]

    @property
    def tasks(self) -> list[pb.EmergencyItem]:
        """The plan, what is open first."""
        tasks = (one for one in self.items if one.kind == pb.EMERGENCY_ITEM_KIND_TASK)
        return sorted(tasks, key=lambda one: bool(one.done_name))


def contents_of(customer_id: str) -> Contents:
    """Ask for everything in the folder."""
    found: list[pb.EmergencyItem] = []
    token = ""
    for _ in range(_MOST_PAGES):
        asked = pb.ListEmergencyItemsRequest(customer_id=customer_id, page_size=100, page_token=token)
        answer = gateway.emergency_folder().ListEmergencyItems(asked)
        found += answer.items
        token = answer.next_page_token
        if not token:
            break
    return Contents(found)


def kind_text(kind: int) -> KindText:
    """Return the words of a kind."""
    name = kind_name(kind)
    value = pb.EmergencyItemKind.ValueType(kind)
    if value == pb.EMERGENCY_ITEM_KIND_ACCOUNT:
        return KindText(
            value,
            name,
            t("Adresse und Benutzername"),
            t("z. B. mail.example, julia.brandt"),
            t("Was soll damit geschehen?"),
            t("Ansprechpartner"),
            has_secret=True,
        )
    if value == pb.EMERGENCY_ITEM_KIND_TASK:
        return KindText(
            value, name, t("Wann?"), t("z. B. am ersten Tag"), t("Was ist zu tun?"), t("Wen anrufen?"), has_secret=True
        )
    return KindText(
        value,
        name,
        t("Wo liegt das Original?"),
        t("z. B. Stahlschrank im Flur, oder: Zentrales Testamentsregister"),
        t("Was ist dazu zu sagen?"),
        t("Wer weiß Bescheid?"),
    )


def kind_name(kind: int) -> str:
    """Return what an entry of a kind is called."""
    return {
        pb.EMERGENCY_ITEM_KIND_POWER_OF_ATTORNEY: t("Vorsorgevollmacht"),
        pb.EMERGENCY_ITEM_KIND_LIVING_WILL: t("Patientenverfügung"),
        pb.EMERGENCY_ITEM_KIND_LAST_WILL: t("Testament"),
        pb.EMERGENCY_ITEM_KIND_GUARDIANSHIP: t("Betreuungsverfügung"),
        pb.EMERGENCY_ITEM_KIND_OTHER_DIRECTIVE: t("Weitere Verfügung"),
        pb.EMERGENCY_ITEM_KIND_ACCOUNT: t("Konto oder Gerät"),
        pb.EMERGENCY_ITEM_KIND_TASK: t("Aufgabe"),
    }.get(pb.EmergencyItemKind.ValueType(kind), "")


def readiness(
    contents: Contents, persons: Iterable[emergency_pb2.TrustedPerson], above: dict[str, frozenset[str]]
) -> tuple[Point, ...]:
    """Return what the folder needs to be of use, and what of it is there.

    `above` tells of each folder itself and all above it: an entry is reached by whoever is given one of them.
    """
    accepted = [one for one in persons if one.state == emergency_pb2.TRUSTED_PERSON_STATE_ACCEPTED]
    kinds = {one.kind for one in contents.items}
    points = [Point(t("Jemand, dem Sie vertrauen, hat zugesagt", du="Jemand, dem du vertraust, hat zugesagt"),
                    bool(accepted), "/kunde/notfall")]  # fmt: skip
    points += [Point(kind_name(kind), kind in kinds, f"{HOME}/neu?art={kind}") for kind in _NEEDED]
    with_place = [one for one in contents.directives if one.place]
    points.append(
        Point(t("Zu jeder Verfügung steht, wo das Original liegt"),
              bool(with_place) and len(with_place) == len(contents.directives), HOME)
    )  # fmt: skip
    points.append(Point(t("Ihre wichtigsten Konten und Geräte", du="Deine wichtigsten Konten und Geräte"),
                        bool(contents.accounts), f"{HOME}/neu?art={pb.EMERGENCY_ITEM_KIND_ACCOUNT}"))  # fmt: skip
    points.append(Point(t("Aufgaben für die ersten Tage"), bool(contents.tasks),
                        f"{HOME}/neu?art={pb.EMERGENCY_ITEM_KIND_TASK}"))  # fmt: skip
    given = frozenset(folder for one in accepted for folder in one.folder_ids)
    reached = all(not one.folder_id or given & above.get(one.folder_id, frozenset()) for one in contents.items)
    points.append(Point(t("Jeder Eintrag erreicht mindestens eine Vertrauensperson"),
                        bool(contents.items) and bool(given) and reached, "/kunde/notfall"))  # fmt: skip
    return tuple(points)


HOME: Final = "/kunde/notfall/ordner"
