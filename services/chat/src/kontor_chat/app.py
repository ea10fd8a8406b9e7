"""How chat is put together."""

from __future__ import annotations

from kontor.chat.v1 import chat_pb2
from kontor.chat.v1.chat_pb2_grpc import add_ChatServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer

from kontor_chat.adapters.identity import IdentityResponsibles
from kontor_chat.config import ChatSettings
from kontor_chat.consumers import CONSUMERS
from kontor_chat.customer_end import CUSTOMER_END
from kontor_chat.firm_end import FIRM_END
from kontor_chat.hub import Hub
from kontor_chat.rpc import ChatRpc
from kontor_chat.watching import Watching


async def compose(_settings: ChatSettings, platform: Platform) -> Service:
    """Wire the service."""
    hub = Hub(platform.live, platform.rows)
    watching = Watching(hub, platform.rows, platform.clock)
    rpc = ChatRpc(platform.work, platform.rows, IdentityResponsibles(platform.callers), watching)
    return Service(
        servicers=[
            servicer(add_ChatServiceServicer_to_server, rpc, chat_pb2.DESCRIPTOR.services_by_name["ChatService"])
        ],
        consumers=CONSUMERS,
        jobs=[FIRM_END.job(), CUSTOMER_END.job()],
        close=[hub.close],
    )
