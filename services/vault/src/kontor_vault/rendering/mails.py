"""A mail taken apart: what its head says, and its attachments one after the other.

Runs in the rendering process only. The answer is a line of JSON (`Heading`) and the attachments' bytes.
"""

from __future__ import annotations

import email
import email.policy
import json
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Final

from kontor_vault.rendering.results import Rendered, State

MOST_PARTS: Final = 20
_MOST_TEXT: Final = 300


def opened(content: bytes) -> Rendered:
    """Return the head and the attachments of a mail; BROKEN when it is none."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        return Rendered(State.BROKEN)
    try:
        senders = [address for _, address in getaddresses([str(each) for each in message.get_all("From", [])])]
        parts = [(part.get_filename() or "Anlage", _bytes_of(part)) for part in message.walk() if _is_attached(part)]
        head = {
            "senders": senders[:2],
            "message_id": str(message.get("Message-ID", ""))[:_MOST_TEXT].strip(),
            "subject": " ".join(str(message.get("Subject", "")).split())[:_MOST_TEXT],
            "results": [str(each) for each in message.get_all("Authentication-Results", [])][:10],
            "parts": [{"file_name": name[:_MOST_TEXT], "size": len(body)} for name, body in parts if body],
        }
    except (ValueError, LookupError, TypeError, AttributeError):  # headers that no rule foresees
        return Rendered(State.BROKEN)
    if len(head["parts"]) > MOST_PARTS:
        return Rendered(State.TOO_LARGE)
    return Rendered(State.READY, json.dumps(head).encode() + b"\n" + b"".join(body for _, body in parts))


def _is_attached(part: EmailMessage) -> bool:
    """Whether a part is a file that somebody attached: neither the text nor a picture that the text shows."""
    if part.is_multipart():
        return False
    disposition = part.get_content_disposition()
    if disposition == "attachment":
        return True
    shown = part.get_content_maintype() == "image" and "Content-ID" in part
    return bool(part.get_filename()) and not shown


def _bytes_of(part: EmailMessage) -> bytes:
    body = part.get_payload(decode=True)
    return body if isinstance(body, bytes) else b""
