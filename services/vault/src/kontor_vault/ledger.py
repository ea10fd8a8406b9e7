"""The form of the sight ledger: what an entry's hash covers, how a chain is walked, what a seal says.

Owns canonical bytes, hashes and seals; knows no database. An entry's hash covers the entry and the hash before it. A
seal is an HMAC over the end of the chain at one moment, under a key that is derived from the customer's data key:
whoever can rewrite every row of the database can make a new chain, but not a seal that fits it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

GENESIS = bytes(32)
NEWEST_FORM = 2
"""Form 1 knew views and downloads only; its entries keep their hashes."""


class Entry(Protocol):
    """What a hash covers."""

    tenant_id: UUID
    customer_id: UUID
    sequence: int
    form: int
    document_id: UUID | None
    folder_id: UUID | None
    grant_id: UUID | None
    item_id: UUID | None
    number: int
    account_id: UUID | None
    account_name: str
    role: int
    action: int
    party_account_id: UUID | None
    party_name: str
    until_time: datetime | None
    time: datetime
    hash: bytes


@dataclass(frozen=True)
class End:
    """The end of a customer's chain at one moment: what a seal covers."""

    tenant_id: UUID
    customer_id: UUID
    sequence: int
    hash: bytes
    time: datetime


def chained_hash(entry: Entry, previous: bytes) -> bytes:
    """Return SHA-256 over the previous hash and the entry's canonical form."""
    covered = _first_form(entry) if entry.form == 1 else _canonical(_second_form(entry))
    return hashlib.sha256(previous + covered).digest()


def seal_of(end: End, key: bytes) -> bytes:
    """Return the seal of a chain's end under a customer's ledger key."""
    return hmac.digest(key, _canonical(_end_fields(end)), "sha256")


def is_sealed(end: End, key: bytes, seal: bytes) -> bool:
    """Whether a seal was made for this end under this key."""
    return hmac.compare_digest(seal_of(end, key), seal)


def sealed_text(end: End, seal: bytes) -> bytes:
    """Return end and seal as they are kept outside of the database."""
    return _canonical({**_end_fields(end), "seal": seal.hex()})


def read_sealed(text: bytes) -> tuple[End, bytes]:
    """Return what `sealed_text` wrote; raises ValueError for anything else."""
    try:
        said = json.loads(text)
        end = End(
            UUID(said["tenant_id"]),
            UUID(said["customer_id"]),
            int(said["sequence"]),
            bytes.fromhex(said["hash"]),
            datetime.fromisoformat(said["time"]),
        )
        return end, bytes.fromhex(said["seal"])
    except (KeyError, TypeError) as error:
        raise ValueError("not a seal") from error


class Walk:
    """Goes along a chain from its beginning and stops at the first entry that does not fit."""

    def __init__(self) -> None:
        self.checked = 0
        self.hash = GENESIS

    def fits(self, entry: Entry) -> bool:
        """Take one more entry; False when it is not the next one, or not what was written."""
        if entry.sequence != self.checked + 1 or chained_hash(entry, self.hash) != entry.hash:
            return False
        self.checked, self.hash = entry.sequence, entry.hash
        return True


def _second_form(entry: Entry) -> Mapping[str, object]:
    """Return the fields that say something: a later field that an entry does not have leaves its hash alone."""
    fields: dict[str, object | None] = {
        "tenant_id": str(entry.tenant_id),
        "customer_id": str(entry.customer_id),
        "sequence": entry.sequence,
        "action": entry.action,
        "role": entry.role,
        "time": _instant(entry.time),
        "document_id": _text(entry.document_id),
        "folder_id": _text(entry.folder_id),
        "grant_id": _text(entry.grant_id),
        "item_id": _text(entry.item_id),
        "number": entry.number or None,
        "account_id": _text(entry.account_id),
        "account_name": entry.account_name or None,
        "party_account_id": _text(entry.party_account_id),
        "party_name": entry.party_name or None,
        "until_time": None if entry.until_time is None else _instant(entry.until_time),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _first_form(entry: Entry) -> bytes:
    fields = [
        str(entry.tenant_id),
        str(entry.customer_id),
        entry.sequence,
        str(entry.document_id),
        entry.number,
        str(entry.account_id),
        entry.account_name,
        entry.role,
        entry.action,
        _instant(entry.time),
    ]
    return json.dumps(fields, separators=(",", ":")).encode()


def _end_fields(end: End) -> Mapping[str, object]:
    return {
        "tenant_id": str(end.tenant_id),
        "customer_id": str(end.customer_id),
        "sequence": end.sequence,
        "hash": end.hash.hex(),
        "time": _instant(end.time),
    }


def _canonical(fields: Mapping[str, object]) -> bytes:
    """Return JSON with sorted names, without spaces, in UTF-8: one text for one meaning (RFC 8785 for our types)."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
