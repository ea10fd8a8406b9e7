"""How many files move at once: as many as there are threads for, less a few."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Flask, Response, g
from kontor_chassis.errors import DomainError, ErrorKind

KEPT_FREE = 16
"""Threads for the gateway's questions whether the edge is ready; without an answer it would send nobody any more."""


class Places:
    """Refuses a request at once while all places are taken, instead of letting it wait for a thread without a word."""

    def __init__(self, threads: int) -> None:
        self._free = BoundedSemaphore(max(1, threads - KEPT_FREE))

    def guard(self, app: Flask) -> None:
        """Give each request of the application a place until its answer is sent."""
        app.before_request(self._take)
        app.after_request(self._give_back_when_sent)

    def _take(self) -> None:
        g.kontor_has_place = self._free.acquire(blocking=False)
        if not g.kontor_has_place:
            raise DomainError(
                ErrorKind.UNAVAILABLE,
                "TOO_MANY_TRANSFERS",
                "Gerade werden sehr viele Dateien übertragen. Bitte versuchen Sie es gleich noch einmal.",
            )

    def _give_back_when_sent(self, response: Response) -> Response:
        if g.pop("kontor_has_place", False):
            response.call_on_close(self._free.release)
        return response
