"""What the expert network does when a firm is deleted: drafts go, listings are withdrawn.

Orders that were placed stay, with all that belongs to them: they document a business of two firms, and the other one
still has it to show. A listing stays as an empty row, because orders of other firms refer to it.
"""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, as_step, emptied

_UNPLACED = "order_id IN (SELECT order_id FROM orders WHERE tenant_id = :tenant AND placed_at IS NULL)"
_WITHDRAW = """
UPDATE listings SET state = 'DRAFT', published_at = NULL, expert_name = '', expert_firm_name = '', title = '',
  description = '', form_schema = '{}', consent_template = '', rejection_reason = '', version = version + 1
WHERE service_id = ANY (ARRAY(
  SELECT service_id FROM listings WHERE tenant_id = :tenant AND (state <> 'DRAFT' OR title <> '') LIMIT :portion))
"""

FIRM_END = FirmEnd(
    "experts",
    [
        as_step(_WITHDRAW),
        *(emptied(table, _UNPLACED) for table in ("order_forms", "consents", "order_history")),
        emptied("orders", "placed_at IS NULL"),
    ],
)
