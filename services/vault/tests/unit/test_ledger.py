"""The chain of the sight ledger: whatever is done to written entries shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from kontor_vault.ledger import (
    End,
    Walk,
    chained_hash,
    is_sealed,
    read_sealed,
    seal_of,
    sealed_text,
)
from kontor_vault.tables import Sighting

TENANT, CUSTOMER = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ids = some.none() | some.uuids()
names = some.text(max_size=20)


@some.composite
def happenings(draw: some.DrawFn) -> dict[str, Any]:
    """Return the fields of an entry that vary."""
    return {
        "document_id": draw(ids),
        "folder_id": draw(ids),
        "grant_id": draw(ids),
        "item_id": draw(ids),
        "number": draw(some.integers(0, 9)),
        "account_id": draw(ids),
        "account_name": draw(names),
        "role": draw(some.integers(0, 9)),
        "action": draw(some.integers(1, 7)),
        "party_account_id": draw(ids),
        "party_name": draw(names),
        "until_time": draw(some.none() | some.just(NOON + timedelta(days=9))),
        "time": NOON + timedelta(microseconds=draw(some.integers(0, 10**9))),
    }


def chain(fields: list[dict[str, Any]]) -> list[Sighting]:
    """Return the entries of a ledger in which these things happened."""
    entries: list[Sighting] = []
    previous = bytes(32)
    for sequence, given_fields in enumerate(fields, 1):
        entry = Sighting(tenant_id=TENANT, customer_id=CUSTOMER, sequence=sequence, form=2, **given_fields)
        previous = entry.hash = chained_hash(entry, previous)
        entries.append(entry)
    return entries


def kept(entries: list[Sighting], length: int) -> bool:
    """Whether a walk finds all entries in order."""
    walk = Walk()
    return all(walk.fits(entry) for entry in entries) and walk.checked == length


@settings(max_examples=60)
@given(some.lists(happenings(), min_size=2, max_size=8), some.data())
def test_altering_removing_or_inserting_shows(fields: list[dict[str, Any]], data: some.DataObject) -> None:
    """F2: a ledger as it was written is intact; with one entry altered, removed, doubled or moved it is not."""
    assert kept(chain(fields), len(fields))
    entries, place = chain(fields), data.draw(some.integers(0, len(fields) - 1))
    how = data.draw(some.sampled_from(["alter", "remove", "double", "move"]))
    if how == "alter":
        name = data.draw(some.sampled_from(sorted(fields[0])))
        other = data.draw(happenings().map(lambda made: made[name]).filter(lambda new: new != fields[place][name]))
        setattr(entries[place], name, other)
    elif how == "remove":
        del entries[place]
    elif how == "double":
        entries.insert(place, entries[place])
    else:
        entries.append(entries.pop(place)) if place < len(fields) - 1 else entries.insert(0, entries.pop())
    assert not kept(entries, len(fields))


def test_a_recomputed_chain_has_no_seal() -> None:
    """F2: who alters an entry and computes all later hashes anew has an intact chain, which no seal fits."""
    fields = [{**_look(), "account_name": name} for name in ("Petra Hansen", "Jonas Peters")]
    key = b"k" * 32
    end = End(TENANT, CUSTOMER, 2, chain(fields)[-1].hash, NOON)
    seal = seal_of(end, key)
    assert is_sealed(end, key, seal)
    fields[0]["account_name"] = "Niemand"
    forged = chain(fields)
    assert kept(forged, 2)
    assert forged[-1].hash != end.hash
    assert not is_sealed(End(TENANT, CUSTOMER, 2, forged[-1].hash, NOON), key, seal)
    assert not is_sealed(end, b"x" * 32, seal)


def test_the_canonical_form_does_not_move() -> None:
    """F2: entries written today verify in thirty years: their form is pinned, an instant's zone is no part of it."""
    entry = chain([{**_look(), "account_name": "Jörg Weiß"}])[0]
    assert entry.hash.hex() == "e64b5727eac1501f8b5645cc52684ed37de4c1eb045439e98e95154c1e225817"
    first = Sighting(tenant_id=TENANT, customer_id=CUSTOMER, sequence=1, form=1, **_look())
    assert chained_hash(first, bytes(32)).hex() == ("ec872f3f7cc86ff4e0dd3f1219c000b44630aabed841839d4c5e48d80aa285a7")
    entry.time = entry.time.astimezone(timezone(timedelta(hours=2)))
    assert Walk().fits(entry)


def test_a_seal_kept_outside_is_read_back() -> None:
    """F2: what lies in the object store says the same as the row; anything else is no seal."""
    end = End(TENANT, CUSTOMER, 7, b"h" * 32, NOON)
    assert read_sealed(sealed_text(end, b"seal")) == (end, b"seal")
    for text in (b"", b"{}", b"[]", b'{"sequence": 1}', b"\xff"):
        with pytest.raises(ValueError, match=r".*"):
            read_sealed(text)


def _look() -> dict[str, Any]:
    return {
        "document_id": UUID(int=3),
        "folder_id": None,
        "grant_id": None,
        "item_id": None,
        "number": 1,
        "account_id": UUID(int=4),
        "account_name": "Petra Hansen",
        "role": 2,
        "action": 1,
        "party_account_id": None,
        "party_name": "",
        "until_time": None,
        "time": NOON,
    }
