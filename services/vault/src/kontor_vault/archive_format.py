"""What stands in an archive of everything: the words of `data/metadata/archive.json`, version 1.

The JSON Schema of it is made from these classes, goes into every archive and lies in docs/archive-format; a field that
is added later has a default, so that older archives stay readable. A new version is for what older readers would
misunderstand.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

VERSION: Final = 1
ARCHIVE_PATH: Final = "metadata/archive.json"
SCHEMA_PATH: Final = "metadata/archive.schema.json"
Sha256 = Field(pattern="^[0-9a-f]{64}$")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ArchivedFolder(_Part):
    """A folder of the customer's tree."""

    folder_id: UUID
    parent_id: UUID | None
    """The folder it lies in; null at the root."""
    name: str
    create_time: AwareDatetime
    update_time: AwareDatetime


class ArchivedVersion(_Part):
    """One content of a document. Versions that share a content name the same file."""

    number: int = Field(ge=1)
    path: str | None
    """Where it lies below data/; null: it could not be read when this was made."""
    file_name: str
    media_type: str
    size_bytes: int = Field(ge=0)
    sha256: str = Sha256
    origin: Literal["CUSTOMER", "FIRM"]
    reason: str = ""
    creator_name: str = ""
    restored_from: int | None = None
    create_time: AwareDatetime


class ArchivedDocument(_Part):
    """A document with all its versions, oldest first."""

    document_id: UUID
    folder_id: UUID | None
    title: str
    kind: str
    """Kind of document, such as DOCUMENT_KIND_POLICY."""
    origin: Literal["CUSTOMER", "FIRM"]
    contract_id: UUID | None
    """The contract it belongs to in the installation that made this."""
    release_time: AwareDatetime
    trash_time: AwareDatetime | None = None
    tags: list[str] = Field(default_factory=list)
    note: str = ""
    concerned_person: str = ""
    due_on: date | None = None
    remind_days: int = 0
    create_time: AwareDatetime
    update_time: AwareDatetime
    versions: list[ArchivedVersion] = Field(min_length=1)


class ArchivedGrant(_Part):
    """Who was allowed to see what when this was made: for reading; it opens nothing anywhere."""

    document_id: UUID | None
    folder_id: UUID | None
    grantee_account_id: UUID | None
    """Null: the whole firm."""
    may_contribute: bool
    create_time: AwareDatetime
    expire_time: AwareDatetime | None


class ArchivedEmergencyItem(_Part):
    """An entry of the emergency folder. A secret is not in the archive: nobody but a trusted person ever reads it."""

    item_id: UUID
    folder_id: UUID | None
    kind: str
    """Kind of entry, such as EMERGENCY_ITEM_KIND_LIVING_WILL."""
    title: str
    place: str = ""
    instructions: str = ""
    contact: str = ""
    had_secret: bool = False
    done_name: str = ""
    done_time: AwareDatetime | None = None
    create_time: AwareDatetime
    update_time: AwareDatetime


class ArchivedSeal(_Part):
    """A seal of a ledger's end at one moment; the installation that made it can say that it is genuine."""

    sequence: int
    hash: str = Sha256
    time: AwareDatetime
    seal: str = Sha256


class ArchivedLedger(_Part):
    """A sight ledger: one entry per line, each hash over the entry and the hash before (docs/archive-format)."""

    path: str
    tenant_id: UUID
    customer_id: UUID
    entries: int = Field(ge=0)
    hash: str = Sha256
    seals: list[ArchivedSeal] = Field(default_factory=list)


class Archive(_Part):
    """Everything that a customer had in the vault at one moment."""

    format: Literal["kontor-archive"] = "kontor-archive"
    version: Literal[1] = VERSION
    archive_id: UUID
    make_time: AwareDatetime
    tenant_id: UUID
    customer_id: UUID
    folders: list[ArchivedFolder]
    documents: list[ArchivedDocument]
    grants: list[ArchivedGrant]
    emergency_items: list[ArchivedEmergencyItem]
    ledgers: list[ArchivedLedger]
    """The ledger of this installation, then those of former ones."""


class LedgerLine(_Part):
    """One entry of a ledger, with every field that its hash covers."""

    tenant_id: UUID
    customer_id: UUID
    sequence: int
    form: int
    document_id: UUID | None = None
    folder_id: UUID | None = None
    grant_id: UUID | None = None
    item_id: UUID | None = None
    number: int = 0
    account_id: UUID | None = None
    account_name: str = ""
    role: int = 0
    action: int
    party_account_id: UUID | None = None
    party_name: str = ""
    until_time: AwareDatetime | None = None
    time: AwareDatetime
    hash: str = Sha256


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an archive's metadata."""
    archive = Archive.model_json_schema()
    archive["$defs"]["LedgerLine"] = LedgerLine.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **archive}


def schema_text() -> str:
    """Return the schema as it is kept in files."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
