"""The order in which a consumer works on deliveries: one lane per aggregate.

A failed event holds back the later ones of its aggregate until it is settled; they are asked for again when the failed
one will have come, not before. Knows positions and times, neither NATS nor the database.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

M = TypeVar("M")

AFTER_RETRY = 0.05
"""Seconds by which a waiting event comes after the one it waits for."""


@dataclass
class Lane(Generic[M]):
    """Deliveries of one aggregate, in order, and the positions that must be settled before later ones."""

    waiting: deque[M] = field(default_factory=deque)
    running: bool = False
    _held: set[int] = field(default_factory=set)
    _in_order: list[int] = field(default_factory=list)  # a heap of those held, and of some that no longer are
    _retry_at: float = 0.0

    @property
    def is_free(self) -> bool:
        """Whether nothing has failed or waits behind what has."""
        return not self._held

    def must_wait(self, position: int) -> bool:
        """Whether an earlier event must be settled first."""
        while self._in_order and self._in_order[0] not in self._held:
            heapq.heappop(self._in_order)
        return bool(self._in_order) and self._in_order[0] < position

    def hold(self, position: int, *, retry_at: float) -> None:
        """Note that an event failed and comes again at `retry_at`."""
        self._retry_at = retry_at
        self._note(position)

    def wait(self, position: int, *, now: float) -> float:
        """Note that an event waits for its turn; return in how many seconds that may be."""
        self._note(position)
        return max(self._retry_at - now, 0.0) + AFTER_RETRY

    def settle(self, position: int) -> None:
        """Note that an event was applied or given up."""
        self._held.discard(position)

    def _note(self, position: int) -> None:
        if position not in self._held:
            self._held.add(position)
            heapq.heappush(self._in_order, position)
