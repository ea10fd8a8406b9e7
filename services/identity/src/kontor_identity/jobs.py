"""Periodic work: invitations end in time, signing keys rotate, what served its time is forgotten."""

from __future__ import annotations

from datetime import timedelta

from kontor_chassis.clock import Clock
from kontor_chassis.jobs import Job, JobContext

from kontor_identity.directory import DIRECTORY
from kontor_identity.invitations import expire_invitations
from kontor_identity.keys import SigningKeys
from kontor_identity.sessions import forget_old_sessions
from kontor_identity.throttles import forget_old_attempts


def jobs(keys: SigningKeys, token_clock: Clock) -> list[Job]:
    """Return the table of jobs."""

    async def end_invitations(context: JobContext) -> None:
        async with context.work.work(DIRECTORY) as tx:
            await expire_invitations(tx)
            await tx.commit()

    async def rotate_signing_key(_context: JobContext) -> None:
        await keys.rotate_if_due()

    async def forget(context: JobContext) -> None:
        async with context.work.work(DIRECTORY) as tx:
            await forget_old_attempts(tx)
            await forget_old_sessions(tx, token_clock.now())
            await tx.commit()

    return [
        Job("end-invitations", timedelta(minutes=5), end_invitations),
        Job("rotate-signing-key", timedelta(hours=1), rotate_signing_key),
        Job("forget-old-attempts-and-sessions", timedelta(hours=6), forget),
    ]
