"""Periodic work: invitations and trials end in time, signing keys rotate, what served its time is forgotten."""

from __future__ import annotations

from datetime import timedelta

from kontor_chassis.clock import Clock
from kontor_chassis.jobs import Job, JobContext

from kontor_identity.access_codes import forget_old_codes
from kontor_identity.account_events import forget_old_events
from kontor_identity.bulk_invitations import invite_in_bulk
from kontor_identity.deletions.carrying_out import carry_out_due
from kontor_identity.devices import forget_old_devices
from kontor_identity.directory import DIRECTORY
from kontor_identity.emergency.requests import settle_next
from kontor_identity.firm_deletion import delete_firm
from kontor_identity.invitations import expire_invitations
from kontor_identity.keys import SigningKeys
from kontor_identity.passkeys import forget_old_ceremonies
from kontor_identity.raffles.raffles import close_due
from kontor_identity.sessions import forget_old_sessions
from kontor_identity.throttles import forget_old_attempts
from kontor_identity.tickets import forget_old_tickets
from kontor_identity.trials import firms_to_delete, locked_for_deletion, remind_or_suspend, trials_to_look_at


def jobs(keys: SigningKeys, token_clock: Clock) -> list[Job]:
    """Return the table of jobs."""

    async def end_invitations(context: JobContext) -> None:
        async with context.work.work(DIRECTORY) as tx:
            await expire_invitations(tx)
            await tx.commit()

    async def close_raffles(context: JobContext) -> None:
        async with context.work.work(DIRECTORY) as tx:
            await close_due(tx)
            await tx.commit()

    async def settle_emergency_requests(context: JobContext) -> None:
        settled = True
        while settled:
            async with context.work.work(DIRECTORY) as tx:
                settled = await settle_next(tx) is not None
                await tx.commit()

    async def rotate_signing_key(_context: JobContext) -> None:
        await keys.rotate_if_due()

    async def forget(context: JobContext) -> None:
        async with context.work.work(DIRECTORY) as tx:
            await forget_old_attempts(tx)
            await forget_old_codes(tx)
            await forget_old_sessions(tx, token_clock.now())
            await forget_old_devices(tx, token_clock.now())
            await forget_old_tickets(tx)
            await forget_old_ceremonies(tx)
            await forget_old_events(tx)
            await tx.commit()

    return [
        Job("end-invitations", timedelta(minutes=5), end_invitations),
        Job("invite-in-bulk", timedelta(seconds=1), invite_in_bulk),
        Job("end-trials", timedelta(minutes=1), end_trials),
        Job("delete-customers", timedelta(seconds=10), carry_out_due),
        Job("close-raffles", timedelta(minutes=1), close_raffles),
        Job("settle-emergency-requests", timedelta(seconds=2), settle_emergency_requests),
        Job("rotate-signing-key", timedelta(hours=1), rotate_signing_key),
        Job("forget-old-attempts-and-sessions", timedelta(hours=6), forget),
    ]


async def end_trials(context: JobContext) -> None:
    """Announce and end trials, and delete firms whose grace is over, each firm in a transaction of its own."""
    async with context.work.work(DIRECTORY) as tx:
        ending, overdue = await trials_to_look_at(tx), await firms_to_delete(tx)
    for tenant_id in ending:
        async with context.work.work(DIRECTORY) as tx:
            await remind_or_suspend(tx, tenant_id)
            await tx.commit()
    for tenant_id in overdue:
        async with context.work.work(DIRECTORY) as tx:
            tenant = await locked_for_deletion(tx, tenant_id)
            if tenant is not None:
                await delete_firm(tx, tenant)
                await tx.commit()
