"""What notifications does when a customer is deleted: everything told to him and his people goes, unsent mail too."""

from __future__ import annotations

from kontor_chassis.customer_end import OF_CUSTOMER, OF_HIS_ACCOUNTS, CustomerEnd, emptied

from kontor_notifications.firm_end import TABLES

CUSTOMER_END = CustomerEnd(
    "notifications",
    [*(emptied(table, OF_HIS_ACCOUNTS) for table in TABLES), emptied("deliveries", OF_CUSTOMER)],
)
