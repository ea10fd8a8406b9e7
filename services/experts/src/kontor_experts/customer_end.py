"""What the expert network does when a customer is deleted: drafts go, placed orders stay without any word about him.

An order that was placed documents a business of two firms (`firm_end`). What the expert received about the customer,
what was written about the order (messages, the reason of a cancellation, the words of a rating) and what was shown to
the customer with the question for his consent is emptied, and his name leaves the history; that he agreed, to which
kinds of data, and the stars of a rating stay.
"""

from __future__ import annotations

from kontor_chassis.customer_end import OF_CUSTOMER, CustomerEnd, as_step, emptied

_ORDERS = f"SELECT order_id FROM orders WHERE tenant_id = :tenant AND {OF_CUSTOMER}"  # noqa: S608 - a constant
_UNPLACED = f"order_id IN ({_ORDERS} AND placed_at IS NULL)"
_EMPTIED = (
    "UPDATE order_contents SET answers = '[]', customer_data = '[]'"  # noqa: S608 - a constant
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND (answers <> '[]' OR customer_data <> '[]')",
    "UPDATE order_messages SET body = ''"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND body <> ''",
    "UPDATE order_forms SET answers = '{}'"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND answers <> '{{}}'",
    "UPDATE consents SET answers = '[]', text = ''"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND {OF_CUSTOMER} AND (answers <> '[]' OR text <> '')",
    "UPDATE order_history SET actor_name = ''"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND actor_name <> ''"
    " AND step IN ('CONSENT_GIVEN', 'CONSENT_DECLINED')",
    "UPDATE order_history SET detail = ''"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND detail <> ''",
    "UPDATE ratings SET comment = ''"  # noqa: S608 - likewise
    f" WHERE tenant_id = :tenant AND order_id IN ({_ORDERS}) AND comment <> ''",
    f"UPDATE orders SET cancellation_reason = '–' WHERE tenant_id = :tenant AND {OF_CUSTOMER}"  # noqa: S608 - likewise
    " AND cancellation_reason NOT IN ('', '–')",  # there has to be one (F118)
)

CUSTOMER_END = CustomerEnd(
    "experts",
    [
        *(emptied(table, _UNPLACED) for table in ("order_forms", "consents", "order_history")),
        emptied("orders", f"{OF_CUSTOMER} AND placed_at IS NULL"),
        *(as_step(statement) for statement in _EMPTIED),
    ],
)
