"""A sight ledger as lines of text, one entry each, as archives carry it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from kontor_vault.archive_format import LedgerLine
from kontor_vault.ledger import Walk
from kontor_vault.tables import Sighting

_PLAIN = (
    "tenant_id", "customer_id", "sequence", "form", "document_id", "folder_id", "grant_id", "item_id", "number",
    "account_id", "account_name", "role", "action", "party_account_id", "party_name", "until_time", "time",
)  # fmt: skip


class LedgerRefusedError(Exception):
    """A ledger was altered; says from which entry on."""


def line_of(entry: Sighting) -> bytes:
    """Return an entry as a line of JSON; what an entry does not have is left out."""
    said = LedgerLine(**{name: getattr(entry, name) for name in _PLAIN}, hash=entry.hash.hex())
    return said.model_dump_json(exclude_defaults=True).encode() + b"\n"


def check_ledger(lines: Iterable[bytes], owner: tuple[UUID, UUID], ends: Mapping[int, str]) -> Walk:
    """Walk along the ledger of a firm's customer; `ends` are hashes that were sealed, by the number of their entry.

    Raises LedgerRefusedError at the first line that does not fit what stands before it, or what was sealed.
    """
    walk = Walk()
    for line in lines:
        try:
            said = LedgerLine.model_validate_json(line)
        except ValueError as error:
            raise LedgerRefusedError(f"entry {walk.checked + 1} is no entry of a ledger") from error
        entry = Sighting(**{name: getattr(said, name) for name in _PLAIN}, hash=bytes.fromhex(said.hash))
        sealed = ends.get(said.sequence, said.hash)
        if (said.tenant_id, said.customer_id) != owner or sealed != said.hash or not walk.fits(entry):
            raise LedgerRefusedError(f"altered from entry {walk.checked + 1} on")
    return walk
