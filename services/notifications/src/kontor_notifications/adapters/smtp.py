"""Hands mails to a mail server by SMTP. Errors say whether trying again can help, and never name an address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from kontor_notifications.sending import MailRefusedError

_TIMEOUT_SECONDS = 30
_MOST_PER_CONNECTION = 50
"""Mails handed over by one connection; many servers end it after a hundred."""


@dataclass(frozen=True)
class SmtpServer:
    """A mail server that takes our mails (submission or smart host)."""

    host: str
    port: int
    user: str = ""
    password_file: Path | None = None
    starttls: bool | None = None
    """True requires it, False forbids it, None uses it when offered."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        """Return a session, which connects with its first mail and ends with its block."""
        session = SmtpSession(self)
        try:
            yield session
        finally:
            session.close()

    def client(self) -> aiosmtplib.SMTP:
        """Return a client that is not connected."""
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password_file.read_text(encoding="utf-8").strip() if self.password_file else None,
            start_tls=self.starttls,
            timeout=_TIMEOUT_SECONDS,
        )


class SmtpSession:
    """One connection for mail after mail, made anew where it broke."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._client: aiosmtplib.SMTP | None = None
        self._left = 0

    async def send(self, message: EmailMessage) -> None:
        """Hand one mail over; returns when the server has taken responsibility. Raises MailRefusedError."""
        try:
            client = await self._ready()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise MailRefusedError(f"login refused: {error.code}", permanent=False) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailRefusedError(type(error).__name__, permanent=False) from None
        try:
            await client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            raise MailRefusedError(f"recipient refused: {sorted(codes)}", permanent=min(codes) >= 500) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailRefusedError(f"refused: {error.code}", permanent=error.code >= 500) from None
        except aiosmtplib.SMTPNotSupported as error:
            raise MailRefusedError(type(error).__name__, permanent=True) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            self.close()
            raise MailRefusedError(type(error).__name__, permanent=False) from None
        except BaseException:  # also when the attempt is cancelled: the conversation stands somewhere in its middle
            self.close()
            raise

    def close(self) -> None:
        """End the connection; the next mail makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _ready(self) -> aiosmtplib.SMTP:
        """Return a connected client; the one of the mail before, if the server still answers on it."""
        if self._client is not None and self._left > 0 and await self._answers(self._client):
            self._left -= 1
            return self._client
        self.close()
        client = self._server.client()
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        self._client, self._left = client, _MOST_PER_CONNECTION - 1
        return client

    async def _answers(self, client: aiosmtplib.SMTP) -> bool:
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True
