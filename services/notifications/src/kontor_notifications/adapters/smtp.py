"""Hands mails to a mail server by SMTP. Errors say whether trying again can help, and never name an address."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib

from kontor_notifications.sending import MailRefusedError

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class SmtpServer:
    """A mail server that takes our mails (submission or smart host)."""

    host: str
    port: int
    user: str = ""
    password_file: Path | None = None
    starttls: bool | None = None
    """True requires it, False forbids it, None uses it when offered."""

    async def send(self, message: EmailMessage) -> None:
        """Hand one mail over; returns when the server has taken responsibility. Raises MailRefusedError."""
        try:
            await aiosmtplib.send(
                message,
                hostname=self.host,
                port=self.port,
                username=self.user or None,
                password=self.password_file.read_text(encoding="utf-8").strip() if self.password_file else None,
                start_tls=self.starttls,
                timeout=_TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            raise MailRefusedError(f"recipient refused: {sorted(codes)}", permanent=min(codes) >= 500) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise MailRefusedError(f"login refused: {error.code}", permanent=False) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailRefusedError(f"refused: {error.code}", permanent=error.code >= 500) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailRefusedError(type(error).__name__, permanent=False) from None
