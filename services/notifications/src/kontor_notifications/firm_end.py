"""What notifications does when a firm is deleted: everything told to its people goes, unsent mail too."""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, emptied

TABLES = ("deliveries", "notifications", "unread_messages", "read_positions", "preferences")

FIRM_END = FirmEnd("notifications", [emptied(table) for table in TABLES])
