"""What billing does when a customer is deleted: his agreement ends on that day.

Invoices, payments and ledger stay as long as the law wants (§ 147 AO, § 14b UStG), with the name and address that were
printed on them. A month that has no invoice yet gets none: there is nobody left whom it could name (`unbilled`).
"""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.customer_end import PORTION, CustomerEnd
from kontor_chassis.database import Transaction

from kontor_billing.firm_end import end_running
from kontor_billing.tables import Agreement


async def end_agreements(tx: Transaction, tenant_id: UUID, customer_id: UUID) -> None:
    """End the customer's agreements."""
    whose = (Agreement.tenant_id == tenant_id) & (Agreement.customer_id == customer_id)
    while await end_running(tx, PORTION, whose):
        pass


CUSTOMER_END = CustomerEnd("billing", [end_agreements])
