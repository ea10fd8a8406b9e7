"""The SMTP side of mail in: `python -m kontor_vault receive-mail`.

It stands behind the mail server that the world knows, which ends TLS, checks SPF, DKIM and DMARC and says so in its
Authentication-Results; only hosts of `mail_relays` are answered. Mails are bounded in size, connections in number, and
each names one recipient, because SMTP has one answer for a mail: yes is said when all is stored, no before anything is.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from asyncio.transports import BaseTransport, Transport
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final, cast

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.service import Platform

from kontor_vault.app import opened, scanner_of
from kontor_vault.config import VaultSettings
from kontor_vault.mail_intake import Fate, MailIntake, MailRefusedError
from kontor_vault.mail_opening import MailUnreadableError, opened_mail

log = structlog.get_logger(__name__)

LARGEST_MAIL: Final = 25 << 20
MOST_CONNECTIONS: Final = 20
"""With as many mails of the largest size, half a gigabyte."""
_SECONDS: Final = 60
_ANSWERS: Final = {
    Fate.FILED: "250 2.0.0 Filed",
    Fate.HELD: "250 2.0.0 Kept until the recipient confirms it",
    Fate.KNOWN: "250 2.0.0 Known already",
}


class MailHandler:
    """Answers aiosmtpd."""

    def __init__(self, intake: MailIntake, domain: str, authserv_id: str) -> None:
        self._intake = intake
        self._domain = domain.lower()
        self._authserv_id = authserv_id

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """Take one recipient, if there is such an address."""
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        local_part, _, domain = address.rpartition("@")
        if domain.lower() != self._domain or not await self._intake.knows(local_part):
            return "550 5.1.1 No such address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Take the mail, refuse it, or ask to come again."""
        try:
            mail = await asyncio.to_thread(opened_mail, cast(bytes, envelope.content), self._authserv_id)
            fate = await self._intake.take(envelope.rcpt_tos[0].rpartition("@")[0], mail)
        except MailUnreadableError as broken:
            return f"554 5.6.0 {broken}"
        except MailRefusedError as refused:
            return f"550 5.7.1 {refused}"
        except DomainError as refused:
            log.info("mail_refused", reason=refused.reason)
            return _answer_to(refused)
        except Exception:  # whatever it is, the mail must not be lost: its server keeps it and comes again
            log.exception("mail_not_taken")
            return "451 4.3.0 Try again later"
        log.info("mail_taken", fate=fate.name)
        return _ANSWERS[fate]


class _Connection(SMTP):
    """A connection of one of few hosts, one of few at a time."""

    open_ones = 0

    def __init__(self, handler: MailHandler, relays: Sequence[str], hostname: str) -> None:
        super().__init__(
            handler,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Kontor",
            timeout=_SECONDS,
        )
        self._relays = [ip_network(each.strip()) for each in relays]
        self._is_counted = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Greet, or hang up."""
        peer = ip_address(transport.get_extra_info("peername")[0])
        known = any(peer in network for network in self._relays)
        if not known or _Connection.open_ones >= MOST_CONNECTIONS:
            line = b"421 4.3.2 Too many connections\r\n" if known else b"554 5.7.1 Not for you\r\n"
            cast(Transport, transport).write(line)
            transport.close()
            return
        self._is_counted = True
        _Connection.open_ones += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for the next."""
        if self._is_counted:
            _Connection.open_ones -= 1
            super().connection_lost(error)


async def listen(intake: MailIntake, settings: VaultSettings) -> asyncio.Server:
    """Take mails at the address of the settings."""
    handler = MailHandler(intake, settings.mail_domain, settings.mail_authserv_id)
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's, which names senders and recipients
    host, _, port = settings.mail_listen.rpartition(":")
    relays = settings.mail_relays.split(",")
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(handler, relays, settings.mail_domain), host, int(port))


async def receive_mail(settings: VaultSettings, platform: Platform, rest: Sequence[str]) -> None:
    """Take mails until told to stop."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with opened(settings) as (keys, store):
        intake = MailIntake(platform.work, store, keys, scanner_of(settings), settings.default_quota_bytes)
        server = await listen(intake, settings)
        log.info("mail_ready", listen=settings.mail_listen)
        try:
            await stopping.wait()
        finally:
            server.close()
            await server.wait_closed()


def _answer_to(refused: DomainError) -> str:
    if refused.kind is ErrorKind.EXHAUSTED and refused.reason != "RENDERING_BUSY":
        return f"552 5.2.2 {refused.reason}"
    if refused.kind is ErrorKind.INVALID:
        return f"554 5.7.1 {refused.reason}"
    return f"451 4.3.0 {refused.reason}"
