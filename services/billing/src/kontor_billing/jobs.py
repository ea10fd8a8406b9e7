"""What billing does by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from kontor_chassis.jobs import Job, JobContext

from kontor_billing.customer_end import CUSTOMER_END
from kontor_billing.dunning_levels import escalate_due_dunnings
from kontor_billing.dunnings import start_due_dunnings
from kontor_billing.ends import tell_due_ends
from kontor_billing.firm_end import FIRM_END
from kontor_billing.firm_runs import FirmBillingRuns
from kontor_billing.runs import BillingRuns


def jobs(runs: BillingRuns, firm_runs: FirmBillingRuns) -> Sequence[Job]:
    """Return the periodic jobs.

    The monthly run is looked for every minute and does something only when a German month has ended by the
    installation's clock and was not billed yet, so it needs no calendar of its own and makes up for any outage.
    That of the firms does the same more rarely, because firms whose price is not agreed yet are asked about each time.
    """

    async def monthly_billing(_context: JobContext) -> None:
        await runs.run_due()

    async def firm_billing(_context: JobContext) -> None:
        await firm_runs.run_due()

    return [
        Job("monthly-billing", timedelta(minutes=1), monthly_billing),
        Job("firm-billing", timedelta(minutes=10), firm_billing),
        Job("agreement-ends", timedelta(minutes=1), tell_due_ends),
        Job("dunning", timedelta(minutes=1), start_due_dunnings),
        Job("dunning-second-level", timedelta(minutes=1), escalate_due_dunnings),
        FIRM_END.job(),
        CUSTOMER_END.job(),
    ]
