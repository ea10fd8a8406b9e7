"""What stands in an archive of everything: the words of `data/metadata/archive.json`, version 1.

The JSON Schema of it is made from these classes, goes into every archive and lies in docs/archive-format; a field that
is added later has a default, so that older archives stay readable. A new version is for what older readers would
misunderstand.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

VERSION: Final = 1
ARCHIVE_PATH: Final = "metadata/archive.json"
SCHEMA_PATH: Final = "metadata/archive.schema.json"
Sha256 = Field(pattern="^[0-9a-f]{64}$")
_SOUND = "^[^\\x00]*$"
Line = Annotated[str, Field(max_length=300, pattern=_SOUND)]
Text = Annotated[str, Field(max_length=4000, pattern=_SOUND)]
Path = Annotated[str, Field(max_length=4000, pattern=_SOUND)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ArchivedFolder(_Part):
    """A folder of the customer's tree."""

    folder_id: UUID
    parent_id: UUID | None
    """The folder it lies in; null at the root."""
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=_SOUND)]
    create_time: Moment
    update_time: Moment


class ArchivedVersion(_Part):
    """One content of a document. Versions that share a content name the same file."""

    number: int = Field(ge=1, le=2**31 - 1)
    path: Path | None
    """Where it lies below data/; null: it could not be read when this was made."""
    file_name: Annotated[str, Field(max_length=255, pattern=_SOUND)]
    media_type: Line
    size_bytes: int = Field(ge=0)
    sha256: str = Sha256
    origin: Literal["CUSTOMER", "FIRM"]
    """Who put it there in the installation that made this; wherever it is read in it is the customer's own."""
    reason: Line = ""
    creator_name: Line = ""
    restored_from: Number | None = None
    """The number of an earlier version of the same content."""
    create_time: Moment


class ArchivedProposal(_Part):
    """What was recognised in a document, and whether somebody filed it accordingly."""

    state: Literal["OPEN", "CONFIRMED", "DISMISSED"]
    sender: Line = ""
    name: Line = ""
    kind: str = "DOCUMENT_KIND_OTHER"
    word: Line = ""
    dated_on: Day | None = None
    due_on: Day | None = None
    due_words: Line = ""
    numbers: list[Line] = Field(default_factory=list, max_length=100)
    file_name: Annotated[str, Field(max_length=255, pattern=_SOUND)] = ""
    create_time: Moment
    update_time: Moment


class ArchivedRetention(_Part):
    """Until when the firm had to keep a document, and when its rule would have deleted it: for reading."""

    protected_until: Day | None
    ends_on: Day | None
    basis: Line = ""


class ArchivedDocument(_Part):
    """A document with all its versions, oldest first."""

    document_id: UUID
    folder_id: UUID | None
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=_SOUND)]
    kind: str
    """Kind of document, such as DOCUMENT_KIND_POLICY."""
    origin: Literal["CUSTOMER", "FIRM"]
    contract_id: UUID | None
    """The contract it belongs to in the installation that made this."""
    release_time: Moment
    trash_time: Moment | None = None
    tags: list[Annotated[str, Field(max_length=40, pattern=_SOUND)]] = Field(default_factory=list, max_length=20)
    note: Text = ""
    concerned_person: Annotated[str, Field(max_length=120, pattern=_SOUND)] = ""
    dated_on: Day | None = None
    """The day that the paper itself bears."""
    due_on: Day | None = None
    remind_days: int = Field(default=0, ge=0, le=90)
    end_on: Day | None = None
    """When it goes into the trash, as its owner chose."""
    end_warn_on: Day | None = None
    """When he is reminded of that."""
    retention: ArchivedRetention | None = None
    proposal: ArchivedProposal | None = None
    create_time: Moment
    update_time: Moment
    versions: list[ArchivedVersion] = Field(min_length=1, max_length=10_000)


class ArchivedGrant(_Part):
    """Who was allowed to see what when this was made: for reading; it opens nothing anywhere."""

    document_id: UUID | None
    folder_id: UUID | None
    grantee_account_id: UUID | None
    """Null: the whole firm."""
    grantee_name: Line = ""
    """How he was called when it was given; empty for the whole firm."""
    may_contribute: bool
    create_time: Moment
    expire_time: Moment | None


class ArchivedEmergencyItem(_Part):
    """An entry of the emergency folder. A secret is not in the archive: nobody but a trusted person ever reads it."""

    item_id: UUID
    folder_id: UUID | None
    kind: str
    """Kind of entry, such as EMERGENCY_ITEM_KIND_LIVING_WILL."""
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=_SOUND)]
    place: Text = ""
    instructions: Text = ""
    contact: Text = ""
    had_secret: bool = False
    done_name: Line = ""
    done_time: Moment | None = None
    create_time: Moment
    update_time: Moment


class ArchivedFilingRule(_Part):
    """What the household does with post of one sender."""

    filing_rule_id: UUID
    sender: Line
    name: Line
    kind: str
    folder_id: UUID | None
    title_pattern: Line
    confirmations: Number = 1
    create_time: Moment
    update_time: Moment


class ArchivedDeliveryStep(_Part):
    """A stage that a delivery reached, with its entry of the sight ledger."""

    stage: Line
    time: Moment
    account_id: UUID | None
    account_name: Line
    sequence: int = Field(ge=0)
    hash: str = Sha256


class ArchivedDelivery(_Part):
    """A delivery with legal effect, by which consent, and its proof as a file: for reading."""

    delivery_id: UUID
    document_id: UUID
    number: Number
    title: Line
    file_name: Line
    size_bytes: int = Field(ge=0)
    sha256: str = Sha256
    e_post_entry_id: UUID
    consent_version: Number
    consent_time: Moment
    steps: list[ArchivedDeliveryStep]
    proof_path: Path
    """Where the proof (PDF/A) lies below data/."""


class ArchivedOriginalStep(_Part):
    """A step in the life of an original."""

    number: Number
    state: Line
    account_id: UUID | None
    account_name: Line
    time: Moment


class ArchivedOriginal(_Part):
    """The paper of a scanned document, where it was and what became of it: for reading."""

    original_id: UUID
    document_id: UUID
    box: Line
    position: Number
    pages: Number
    sheets: Number
    period: Line
    scan_time: Moment
    keep_until: Day
    state: Line
    return_address: Text = ""
    steps: list[ArchivedOriginalStep]


class ArchivedScanSheet(_Part):
    """A separator sheet of the scan centre; it leads nowhere in another installation."""

    sheet_id: UUID
    number: Line
    label: Line
    create_time: Moment
    expire_time: Moment
    revoke_time: Moment | None


class ArchivedEarlierFile(_Part):
    """A file of an archive that was read in before, kept as it came."""

    archive_id: UUID
    name: Path
    """Where it lay in that archive, below data/."""
    path: Path
    """Where it lies in this one, below data/."""


class ArchivedSeal(_Part):
    """A seal of a ledger's end at one moment; the installation that made it can say that it is genuine."""

    sequence: int
    hash: str = Sha256
    time: Moment
    seal: str = Sha256


class ArchivedLedger(_Part):
    """A sight ledger: one entry per line, each hash over the entry and the hash before (docs/archive-format)."""

    path: Path
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
    make_time: Moment
    tenant_id: UUID
    customer_id: UUID
    folders: list[ArchivedFolder]
    documents: list[ArchivedDocument]
    grants: list[ArchivedGrant]
    emergency_items: list[ArchivedEmergencyItem]
    ledgers: list[ArchivedLedger]
    """The ledger of this installation, then those of former ones."""
    filing_rules: list[ArchivedFilingRule] = Field(default_factory=list)
    deliveries: list[ArchivedDelivery] = Field(default_factory=list)
    originals: list[ArchivedOriginal] = Field(default_factory=list)
    scan_sheets: list[ArchivedScanSheet] = Field(default_factory=list)
    earlier: list[ArchivedEarlierFile] = Field(default_factory=list)
    """What archives that were read in before had said, as they came."""


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
    time: Moment
    hash: str = Sha256


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an archive's metadata."""
    archive = Archive.model_json_schema()
    archive["$defs"]["LedgerLine"] = LedgerLine.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **archive}


def schema_text() -> str:
    """Return the schema as it is kept in files."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
