"""Jobs that do the same for many: one that fails holds up no other, and is noticed all the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog

from kontor_chassis import event_metrics

log = structlog.get_logger(__name__)

T = TypeVar("T")


class SomeFailedError(Exception):
    """Some of what a job had to do has failed; the rest is done. The job is noted as failed and comes again."""

    def __init__(self, failed: int, tried: int) -> None:
        super().__init__(f"{failed} of {tried} failed")


async def one_by_one(
    service: str, job: str, things: Iterable[T], do: Callable[[T], Awaitable[None]], *, name: Callable[[T], str]
) -> None:
    """Do something for each of `things`, in order; `name` returns the id by which the log tells a thing.

    Each failure is logged and counted. Raises SomeFailedError at the end when there was any.
    """
    tried = failed = 0
    for thing in things:
        tried += 1
        try:
            await do(thing)
        except Exception as error:  # whatever one of them raises: the others have not deserved it
            failed += 1
            log.error("job_item_failed", service=service, job=job, item=name(thing), exc_info=error)
            event_metrics.JOB_ITEMS_FAILED.labels(service, job).inc()
    if failed:
        raise SomeFailedError(failed, tried)
