"""Whether an emergency folder says enough: what the completeness check finds."""

from __future__ import annotations

import pytest
from kontor.identity.v1 import emergency_pb2
from kontor.vault.v1 import emergency_folder_pb2 as pb
from kontor_portal.emergency_items import HOME, Contents, readiness

KINDS = (
    pb.EMERGENCY_ITEM_KIND_POWER_OF_ATTORNEY,
    pb.EMERGENCY_ITEM_KIND_LIVING_WILL,
    pb.EMERGENCY_ITEM_KIND_LAST_WILL,
    pb.EMERGENCY_ITEM_KIND_ACCOUNT,
    pb.EMERGENCY_ITEM_KIND_TASK,
)
ABOVE = {"health": frozenset({"health", "private"}), "private": frozenset({"private"}), "money": frozenset({"money"})}


def complete() -> list[pb.EmergencyItem]:
    """Return a folder in which nothing is missing."""
    return [pb.EmergencyItem(kind=kind, title="Eintrag", place="Schrank", folder_id="health") for kind in KINDS]


def anna(*folder_ids: str, accepted: bool = True) -> emergency_pb2.TrustedPerson:
    """Return a trusted person."""
    states = (emergency_pb2.TRUSTED_PERSON_STATE_INVITED, emergency_pb2.TRUSTED_PERSON_STATE_ACCEPTED)
    return emergency_pb2.TrustedPerson(name="Anna", state=states[accepted], folder_ids=folder_ids)


def missing(items: list[pb.EmergencyItem], *persons: emergency_pb2.TrustedPerson) -> int:
    """Return how many points are open."""
    return sum(not point.is_done for point in readiness(Contents(items), persons, ABOVE))


def test_an_empty_folder_lacks_everything_and_says_where_to_begin() -> None:
    """F73, F76: each open point leads to where it is made good."""
    points = readiness(Contents([]), [], ABOVE)
    assert not any(point.is_done for point in points)
    assert {point.href for point in points} == {
        "/kunde/notfall", HOME, *(f"{HOME}/neu?art={kind}" for kind in KINDS),
    }  # fmt: skip


def test_nothing_is_missing() -> None:
    """F73: a folder above an entry's reaches it as well."""
    assert missing(complete(), anna("health")) == missing(complete(), anna("private")) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_each_part_is_asked_for(kind: pb.EmergencyItemKind.ValueType) -> None:
    """F74, F76: power of attorney, living will, last will, accounts, tasks."""
    assert missing([item for item in complete() if item.kind != kind], anna("health")) == 1


def test_what_nobody_finds_or_reads_is_missing() -> None:
    """F74: a directive without its place, an entry that no trusted person is given, an invitation not accepted."""
    items = complete()
    items[0].place = ""
    assert missing(items, anna("health")) == 1
    items = complete()
    items[4].folder_id = "money"
    assert missing(items, anna("health")) == 1
    assert missing(items, anna("health"), anna("money")) == 0
    assert missing(complete(), anna("health", accepted=False)) == 2
