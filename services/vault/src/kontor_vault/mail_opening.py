"""What a mail says, and whether it is proved who sent it. Knows no database and no connection.

A mail is taken apart in a process of its own. Its sender is believed only when the configured mail server says so in
the Authentication-Results (RFC 8601) that it put on top: DMARC passed for the sender's domain, or DKIM or SPF for one
that is aligned with it. What stands below comes from somebody else and says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from authres import AuthenticationResultsHeader, AuthResError

from kontor_vault.mailboxes import email_of
from kontor_vault.rendering.process import render
from kontor_vault.rendering.results import State


class MailUnreadableError(Exception):
    """Nothing can be made of a mail; the text says why."""


@dataclass(frozen=True)
class Attachment:
    """A file that came with a mail."""

    file_name: str
    content: bytes


@dataclass(frozen=True)
class OpenedMail:
    """A mail taken apart."""

    sender: str
    message_id: str
    subject: str
    is_proven: bool
    """Whether the configured mail server says that it comes from its sender's domain."""
    attachments: Sequence[Attachment]


def opened_mail(content: bytes, authserv_id: str) -> OpenedMail:
    """Take a mail apart; raises MailUnreadableError, and EXHAUSTED "RENDERING_BUSY"."""
    result = render({"what": "mail"}, (len(content), [content]))
    if result.state is not State.READY:
        raise MailUnreadableError("The message cannot be read")
    line, _, rest = result.content.partition(b"\n")
    said = json.loads(line)
    if len(said["senders"]) != 1 or "@" not in said["senders"][0]:
        raise MailUnreadableError("The message needs exactly one sender")
    sender = email_of(said["senders"][0])
    attachments, at = [], 0
    for part in said["parts"]:
        attachments.append(Attachment(part["file_name"], rest[at : at + part["size"]]))
        at += part["size"]
    proven = is_proven(sender, said["results"][:1], authserv_id)
    return OpenedMail(sender, said["message_id"], said["subject"], proven, attachments)


def is_proven(sender: str, results: Sequence[str], authserv_id: str) -> bool:
    """Return whether the topmost results are the configured server's and prove the sender's domain."""
    if not authserv_id or not results:
        return False
    try:
        header = AuthenticationResultsHeader.parse(f"Authentication-Results: {results[0]}")
    except AuthResError:
        return False
    if (header.authserv_id or "").lower() != authserv_id.lower():
        return False
    domain = sender.rpartition("@")[2]
    for result in header.results:
        if result.result != "pass":
            continue
        said = {(each.type, each.name): (each.value or "").lower() for each in result.properties}
        if result.method == "dmarc" and said.get(("header", "from")) == domain:
            return True
        if result.method == "dkim" and _is_aligned(said.get(("header", "d"), ""), domain):
            return True
        if result.method == "spf" and _is_aligned(said.get(("smtp", "mailfrom"), "").rpartition("@")[2], domain):
            return True
    return False


def _is_aligned(said: str, domain: str) -> bool:
    """Return whether a domain is the sender's, or one above it that is not a whole registry's."""
    return bool(said) and (said == domain or (said.count(".") >= 1 and domain.endswith(f".{said}")))
