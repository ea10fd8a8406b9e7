"""A whole service for the tests of starting and stopping, run as a module as any service is.

It uses the tables of `shipping`. `ForStaff` notes a visit in one transaction that takes as many milliseconds as the
request's `etag` says, and is idempotent by `request_id`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from kontor_chassis.process import Platform, Service
from kontor_chassis.service import main
from kontor_chassis.settings import ServiceSettings
from sqlalchemy import text

from libs.chassis.tests.parcels import Parcel, Parcels, parcel_servicer

NAME = "sender"


class OfficeSettings(ServiceSettings):
    """Nothing more than any service needs."""


async def compose(settings: OfficeSettings, platform: Platform) -> Service:
    """Wire the service."""

    async def visit(request: Any, _context: Any) -> Any:
        async with platform.work.command(request) as tx:
            await tx.session.execute(text("INSERT INTO visits (who) VALUES (:who)"), {"who": request.text})
            await asyncio.sleep(int(request.etag or 0) / 1000)
            return await tx.commit(Parcel(text=f"besucht: {request.text}", request_id=request.request_id))

    return Service(servicers=[parcel_servicer(Parcels(visit))])


async def greet(settings: OfficeSettings, platform: Platform, rest: Sequence[str]) -> None:
    """A command of the service's own."""
    async with platform.work.query() as tx:
        answer = (await tx.session.execute(text("SELECT 'Guten Tag, ' || :name"), {"name": rest[0]})).scalar_one()
    sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    main(NAME, OfficeSettings, compose, commands={"greet": greet})
