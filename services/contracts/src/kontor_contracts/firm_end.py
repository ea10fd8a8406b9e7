"""What contracts does when a firm is deleted: contracts, imports and its lines of business go."""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, emptied

_NO_LINE_BELOW = (
    "NOT EXISTS (SELECT FROM lines_of_business below WHERE below.parent_id = lines_of_business.line_of_business_id)"
)

FIRM_END = FirmEnd(
    "contracts",
    [emptied("contracts"), emptied("portfolio_imports"), emptied("lines_of_business", _NO_LINE_BELOW)],
)
