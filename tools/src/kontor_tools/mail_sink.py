"""The local SMTP server: takes every mail and keeps it as one .eml file; sends nothing on.

Run as `python -m kontor_tools.mail_sink --folder DIR --port N`. The same module reads the files back for `make mail`
and for tests that need a link out of a mail.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import os
import signal
import time
import uuid
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from kontor_tools.embedded.process import LOOPBACK

LARGEST_MAIL = 25 * 1024 * 1024


class Keeper:
    """Keeps each received mail below one folder, named so that names sort by time of arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's
        """Write the mail, with the envelope's recipients in a header, and only then accept it."""
        recipients = ", ".join(envelope.rcpt_tos).encode("utf-8")
        content = envelope.original_content or b""
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.eml"
        unfinished = self._folder / f".{name}"
        unfinished.write_bytes(b"X-Envelope-To: " + recipients + b"\r\n" + content)
        os.replace(unfinished, self._folder / name)
        return "250 kept"


def received(folder: Path) -> list[EmailMessage]:
    """Return all mails that were kept in the folder, oldest first."""
    return [_read(file) for file in sorted(folder.glob("[!.]*.eml"))]


def text_of(message: EmailMessage) -> str:
    """Return the plain-text part of a mail."""
    part = message.get_body(preferencelist=("plain", "html"))
    return str(part.get_content()) if part is not None else ""


def _read(file: Path) -> EmailMessage:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(f"{file} does not hold a mail")
    return message


async def _serve(folder: Path, port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(keeper, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, ident="Kontor"), LOOPBACK, port
    )
    try:
        await stopped.wait()
    finally:
        server.close()
        await server.wait_closed()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="Keep every mail as a file.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(_serve(given.folder, given.port))


if __name__ == "__main__":
    main()
