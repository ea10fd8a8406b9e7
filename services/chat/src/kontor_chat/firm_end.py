"""What chat does when a firm is deleted: all of its chats go."""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, emptied

FIRM_END = FirmEnd("chat", [emptied("read_marks"), emptied("messages"), emptied("chats"), emptied("departed_staff")])
