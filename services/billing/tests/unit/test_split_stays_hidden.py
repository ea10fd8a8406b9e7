"""The split between pool and broker cannot reach a customer: read from the descriptors themselves."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, MethodDescriptor
from kontor.billing.v1 import billing_pb2, events_pb2, receivables_pb2, storage_pb2, usage_pb2
from kontor.common.v1 import access_pb2
from kontor.common.v1.access_pb2 import Role

METHODS: list[MethodDescriptor] = [
    *billing_pb2.DESCRIPTOR.services_by_name["BillingService"].methods,
    *receivables_pb2.DESCRIPTOR.services_by_name["ReceivablesService"].methods,
    *usage_pb2.DESCRIPTOR.services_by_name["UsageService"].methods,
    *storage_pb2.DESCRIPTOR.services_by_name["StorageService"].methods,
]
TELLING = ("payee", "share", "surcharge", "component", "ledger", "commission", "pool", "broker")


def reachable(message: Descriptor, seen: set[str] | None = None) -> Iterator[Descriptor]:
    """Yield a message and every message it can hold."""
    seen = set() if seen is None else seen
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    yield message
    for field in message.fields:
        if field.message_type is not None:
            yield from reachable(field.message_type, seen)


def names_in(message: Descriptor) -> set[str]:
    """Return the lower-case names of all messages, fields and enums that a message reaches."""
    found = set()
    for each in reachable(message):
        found.add(each.name.lower())
        for field in each.fields:
            found.add(field.name.lower())
            if field.enum_type is not None:
                found.add(field.enum_type.name.lower())
    return found


def telling(message: Descriptor) -> set[str]:
    """Return the names that would tell who receives what."""
    return {name for name in names_in(message) if any(word in name for word in TELLING)}


def callable_by(method: MethodDescriptor, role: Role.ValueType) -> bool:
    """Whether the RPC declares the role."""
    return role in method.GetOptions().Extensions[access_pb2.access].roles


def test_nothing_a_customer_can_call_reaches_payees_or_shares() -> None:
    """F11, decision 4: the split never reaches a customer's API."""
    for_customers = [method for method in METHODS if callable_by(method, Role.ROLE_CUSTOMER)]
    assert for_customers
    assert {method.name: telling(method.output_type) for method in for_customers if telling(method.output_type)} == {}


def test_the_check_would_notice_the_split() -> None:
    """F6: staff do see it, so the words looked for are the right ones."""
    plan = next(method for method in METHODS if method.name == "GetPricePlan")
    assert {"payee", "pricecomponent"} <= telling(plan.output_type)


def test_events_carry_totals_only() -> None:
    """F11: consumers that write mails to customers cannot leak it either."""
    assert {
        event.name: telling(event) for event in events_pb2.DESCRIPTOR.message_types_by_name.values() if telling(event)
    } == {}
