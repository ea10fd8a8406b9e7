"""How notifications is put together."""

from __future__ import annotations

from kontor.notifications.v1 import notifications_pb2
from kontor.notifications.v1.notifications_pb2_grpc import add_NotificationsServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer

from kontor_notifications.adapters.asked import AskedBetweenTransactions
from kontor_notifications.adapters.identity import IdentityDirectory
from kontor_notifications.adapters.smtp import SmtpServer
from kontor_notifications.config import NotificationsSettings
from kontor_notifications.consumers import Handlers
from kontor_notifications.gone import skipping_the_gone
from kontor_notifications.jobs import jobs
from kontor_notifications.preparing import Preparer
from kontor_notifications.rpc import NotificationsRpc
from kontor_notifications.sending import Sender


async def compose(settings: NotificationsSettings, platform: Platform) -> Service:
    """Return the service: ports, RPCs, events and jobs."""
    directory = IdentityDirectory(platform.callers)
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password_file=settings.smtp_password_file,
        starttls=settings.smtp_starttls,
    )
    sender = Sender(server, Preparer(directory, settings.public_url), settings.sender_address())
    rpc = NotificationsRpc(platform.work, platform.rows, platform.live, platform.clock)
    return Service(
        servicers=[
            servicer(
                add_NotificationsServiceServicer_to_server,
                rpc,
                notifications_pb2.DESCRIPTOR.services_by_name["NotificationsService"],
            )
        ],
        consumers=skipping_the_gone(Handlers(AskedBetweenTransactions(directory)).table()),
        jobs=jobs(sender),
    )
