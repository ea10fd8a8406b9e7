"""What contracts does when a customer is deleted: his contracts go."""

from __future__ import annotations

from kontor_chassis.customer_end import CustomerEnd, emptied

CUSTOMER_END = CustomerEnd("contracts", [emptied("contracts")])
