"""What chat does when a customer is deleted: his chats go, with what his firm wrote in them."""

from __future__ import annotations

from kontor_chassis.customer_end import CustomerEnd, emptied

CUSTOMER_END = CustomerEnd("chat", [emptied("read_marks"), emptied("messages"), emptied("chats")])
