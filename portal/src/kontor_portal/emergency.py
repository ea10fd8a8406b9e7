"""Words of emergency access: states, steps, signs of life, and how long it still takes (F73-F76)."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1 import emergency_pb2 as pb

from kontor_portal.choices import Choice
from kontor_portal.extension import portal
from kontor_portal.formatting import local
from kontor_portal.i18n import t, tn

RUNNING = (
    pb.EMERGENCY_REQUEST_STATE_REQUESTED,
    pb.EMERGENCY_REQUEST_STATE_WAITING,
    pb.EMERGENCY_REQUEST_STATE_RELEASED,
)
"""States in which a request goes on."""
WAITING_HOURS = (3, 6, 12, 24, 48, 72, 120, 168, 336, 504, 720)
ACCESS_DAYS = (7, 14, 30, 60, 90, 180, 365, 0)


@dataclass(frozen=True)
class Word:
    """What a state is called, and its colour."""

    text: str
    tone: str


def person_state(person: pb.TrustedPerson) -> Word:
    """Return where a trusted person stands; an invitation whose time is over is said to be."""
    if person.state == pb.TRUSTED_PERSON_STATE_INVITED:
        over = local(person.invite_expire_time) <= portal().clock.now()
        return Word(t("Einladung abgelaufen"), "warn") if over else Word(t("Eingeladen"), "info")
    return {
        pb.TRUSTED_PERSON_STATE_ACCEPTED: Word(t("Hat zugesagt"), "ok"),
        pb.TRUSTED_PERSON_STATE_DECLINED: Word(t("Hat abgelehnt"), "bad"),
    }.get(person.state, Word(t("Entfernt"), ""))


def request_state(state: pb.EmergencyRequestState.ValueType) -> Word:
    """Return where a request stands."""
    return {
        pb.EMERGENCY_REQUEST_STATE_REQUESTED: Word(t("Zweite Zustimmung fehlt"), "warn"),
        pb.EMERGENCY_REQUEST_STATE_WAITING: Word(t("Wartezeit läuft"), "warn"),
        pb.EMERGENCY_REQUEST_STATE_RELEASED: Word(t("Freigegeben"), "bad"),
        pb.EMERGENCY_REQUEST_STATE_VETOED: Word(t("Durch Lebenszeichen beendet"), "ok"),
        pb.EMERGENCY_REQUEST_STATE_WITHDRAWN: Word(t("Zurückgezogen"), ""),
        pb.EMERGENCY_REQUEST_STATE_LAPSED: Word(t("Verfallen"), ""),
        pb.EMERGENCY_REQUEST_STATE_UNDONE: Word(t("Zurückgenommen"), "ok"),
        pb.EMERGENCY_REQUEST_STATE_ENDED: Word(t("Beendet"), ""),
    }.get(state, Word("", ""))


def step_text(entry: pb.EmergencyEntry) -> str:
    """Return a line of the history as a sentence."""
    name = entry.person_name
    return {
        pb.EMERGENCY_STEP_INVITE: t("%(name)s wurde eingeladen", name=name),
        pb.EMERGENCY_STEP_ACCEPT: t("%(name)s hat zugesagt", name=name),
        pb.EMERGENCY_STEP_DECLINE: t("%(name)s hat abgelehnt", name=name),
        pb.EMERGENCY_STEP_REMOVE: t("%(name)s wurde entfernt", name=name),
        pb.EMERGENCY_STEP_CHANGE: (
            t("Angaben zu %(name)s geändert", name=name) if name else t("Regeln oder Reihenfolge geändert")
        ),
        pb.EMERGENCY_STEP_REQUEST: t("%(name)s hat um Notfallzugang gebeten", name=name),
        pb.EMERGENCY_STEP_CONFIRM: t("%(name)s hat zugestimmt", name=name),
        pb.EMERGENCY_STEP_WAIT: t("Die Wartezeit hat begonnen"),
        pb.EMERGENCY_STEP_RELEASE: t("Die Ordner wurden freigegeben"),
        pb.EMERGENCY_STEP_VETO: t("Die Anfrage wurde durch ein Lebenszeichen beendet"),
        pb.EMERGENCY_STEP_WITHDRAW: t("%(name)s hat die Anfrage zurückgezogen", name=name),
        pb.EMERGENCY_STEP_LAPSE: t("Die Anfrage ist verfallen"),
        pb.EMERGENCY_STEP_UNDO: t("Der Zugriff wurde zurückgenommen"),
        pb.EMERGENCY_STEP_END: t("Der Zugriff hat sein Ende erreicht"),
    }.get(entry.step, "")


def actor_text(actor: pb.EmergencyActor.ValueType) -> str:
    """Return who did it, or by which sign of life."""
    return {
        pb.EMERGENCY_ACTOR_CUSTOMER: t("von Ihnen", du="von dir"),
        pb.EMERGENCY_ACTOR_SIGN_IN: t("durch Ihre Anmeldung", du="durch deine Anmeldung"),
        pb.EMERGENCY_ACTOR_LINK: t("über den Link in der E-Mail"),
        pb.EMERGENCY_ACTOR_CHAT: t("durch Ihre Nachricht", du="durch deine Nachricht"),
        pb.EMERGENCY_ACTOR_UPLOAD: t("durch ein Dokument von Ihnen", du="durch ein Dokument von dir"),
        pb.EMERGENCY_ACTOR_TRUSTED_PERSON: t("von der Vertrauensperson"),
        pb.EMERGENCY_ACTOR_CLOCK: t("durch Zeitablauf"),
    }.get(actor, "")


def hours_text(hours: int) -> str:
    """Return a waiting period in days where it is whole days, else in hours."""
    if hours % 24:
        return tn("%(count)s Stunde", "%(count)s Stunden", hours)
    return tn("%(count)s Tag", "%(count)s Tage", hours // 24)


def time_left(moment: Timestamp) -> str:
    """Return how long it is until a moment, in its two largest units."""
    minutes = max(0, int((local(moment) - portal().clock.now()).total_seconds() + 59) // 60)
    in_days = tn("%(count)s Tag", "%(count)s Tage", minutes // 1440)
    in_hours = tn("%(count)s Stunde", "%(count)s Stunden", minutes % 1440 // 60)
    in_minutes = tn("%(count)s Minute", "%(count)s Minuten", minutes % 60)
    if minutes >= 1440:
        return f"{in_days}, {in_hours}"
    return f"{in_hours}, {in_minutes}" if minutes >= 60 else in_minutes


def waiting_choices(chosen: int) -> tuple[Choice, ...]:
    """Return the waiting periods to choose from, the present one among them."""
    return tuple(Choice(str(hours), hours_text(hours)) for hours in sorted({*WAITING_HOURS, chosen}))


def access_choices(chosen: int) -> tuple[Choice, ...]:
    """Return the ends of an access to choose from, the present one among them."""
    ends = list(dict.fromkeys((*sorted({*ACCESS_DAYS[:-1], *([chosen] if chosen else [])}), 0)))
    return tuple(Choice(str(days), _end_text(days)) for days in ends)


def _end_text(days: int) -> str:
    return tn("nach %(count)s Tag", "nach %(count)s Tagen", days) if days else t("erst, wenn ich ihn beende")
