"""Customers as lists of staff need them: names for ids that other services return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kontor.identity.v1 import people_pb2

from kontor_portal import gateway
from kontor_portal.reading import optional

_MOST = 100


def names_of(customer_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the names of customers by id, in one call per hundred; unknown ones are left out."""
    wanted = sorted(set(filter(None, customer_ids)))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _MOST):
        found |= _names(wanted[start : start + _MOST])
    return found


def _names(customer_ids: list[str]) -> Mapping[str, str]:
    request = people_pb2.BatchGetCustomersRequest(customer_ids=customer_ids)
    answer = optional(lambda: gateway.identity().BatchGetCustomers(request), people_pb2.BatchGetCustomersResponse())
    return {customer.customer_id: customer.display_name for customer in answer.customers}


def staff_names() -> Mapping[str, str]:
    """Return the names of the firm's staff by account id."""
    answer = optional(
        lambda: gateway.identity().ListStaff(people_pb2.ListStaffRequest(page_size=_MOST)),
        people_pb2.ListStaffResponse(),
    )
    return {staff.account_id: staff.display_name for staff in answer.staff}
