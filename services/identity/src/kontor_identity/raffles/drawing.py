"""How a raffle is drawn, and how anybody repeats it: a pure function of seed, public value and list of tickets.

Commit and reveal. Before anybody enters, SHA-256 of a random seed is published (the commitment), and which public value
will count, for example the numbers of a lottery. When the last day is over the list of tickets is frozen and its hash
published; only then does the public value come to be. Seed, list and value together decide: whoever knows the seed
cannot choose the value, whoever knows the value does not know the seed, and nobody changes list or seed unseen.

A ticket is SHA-256 of "raffle_id:raffle_entry_id". The n-th number is HMAC-SHA-256, keyed with the seed, of
"list_sha256\\npublic_value\\nn"; numbers that would favour some tickets are rejected, the others pick one of those left
(Fisher–Yates), so every order of the tickets is equally likely.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

_ALL = 1 << 256
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Pick:
    """One ticket that was drawn; one whose owner had withdrawn wins nothing."""

    ticket: str
    passed_over: bool


@dataclass(frozen=True)
class Protocol:
    """What is published of a draw."""

    prizes: int
    commitment: str
    seed: bytes
    public_value: str
    list_sha256: str
    picks: tuple[Pick, ...]


def ticket_of(raffle_id: UUID, entry_id: UUID) -> str:
    """Return an entry's ticket, which only who knows the entry's number finds in the list."""
    return _sha256(f"{raffle_id}:{entry_id}".encode())


def canonical_value(text: str) -> str:
    """Return a public value as it counts: its words and numbers in small letters with one blank between them.

    So nobody has the choice between "3, 8, 15" and "3 8 15", which would win for different tickets.
    """
    return " ".join(_WORD.findall(text.casefold()))


def commitment_to(seed: bytes) -> str:
    """Return what is published of a seed beforehand."""
    return _sha256(seed)


def list_hash(tickets: Sequence[str]) -> str:
    """Return the hash of a list of tickets, in whatever order they come."""
    return _sha256("\n".join(sorted(tickets)).encode())


def drawn_order(seed: bytes, public_value: str, tickets: Sequence[str]) -> Iterator[str]:
    """Yield all tickets in the order in which they are drawn; takes only as long as it is listened to."""
    ordered = sorted(tickets)
    numbers = _numbers(seed, f"{list_hash(ordered)}\n{public_value}")
    moved: dict[int, int] = {}  # place → place whose ticket stands there instead, as a shuffled array would have it
    for left in range(len(ordered), 0, -1):
        chosen = _below(left, numbers)
        yield ordered[moved.get(chosen, chosen)]
        moved[chosen] = moved.pop(left - 1, left - 1)


def draw(seed: bytes, public_value: str, tickets: Sequence[str], withdrawn: frozenset[str], prizes: int) -> list[Pick]:
    """Return the picks until all prizes are won or no ticket is left."""
    picks: list[Pick] = []
    won = 0
    for ticket in drawn_order(seed, public_value, tickets):
        picks.append(Pick(ticket, ticket in withdrawn))
        won += ticket not in withdrawn
        if won == prizes:
            break
    return picks


def faults_of(protocol: Protocol, tickets: Sequence[str]) -> list[str]:
    """Return what is wrong with a protocol, given the list of tickets; nothing if the draw was fair."""
    passed_over = frozenset(pick.ticket for pick in protocol.picks if pick.passed_over)
    repeated = draw(protocol.seed, protocol.public_value, tickets, passed_over, protocol.prizes)
    checks = {
        "the seed is not the one that was committed to": commitment_to(protocol.seed) == protocol.commitment,
        "the list is not the one that was frozen": list_hash(tickets) == protocol.list_sha256,
        "the public value is not written as it counts": canonical_value(protocol.public_value) == protocol.public_value,
        "the list holds a ticket twice": len(set(tickets)) == len(tickets),
        "seed, value and list give other picks": tuple(repeated) == protocol.picks,
    }
    return [fault for fault, is_right in checks.items() if not is_right]


def _numbers(seed: bytes, subject: str) -> Iterator[int]:
    for number in count():
        yield int.from_bytes(hmac.digest(seed, f"{subject}\n{number}".encode(), "sha256"), "big")


def _below(limit: int, numbers: Iterator[int]) -> int:
    """Return a number below `limit`, each equally likely: those beyond the last whole multiple do not count."""
    fair = _ALL - _ALL % limit
    return next(number for number in numbers if number < fair) % limit


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
