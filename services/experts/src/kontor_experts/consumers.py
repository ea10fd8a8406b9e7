"""Which events the expert network reacts to."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message
from kontor.identity.v1.events_pb2 import CustomerDeleted, TenantDeleted
from kontor_chassis.events import Handler

from kontor_experts.customer_end import CUSTOMER_END
from kontor_experts.firm_end import FIRM_END

CONSUMERS: Mapping[type[Message], Handler] = {
    TenantDeleted: FIRM_END.begin,
    CustomerDeleted: CUSTOMER_END.begin,
}
