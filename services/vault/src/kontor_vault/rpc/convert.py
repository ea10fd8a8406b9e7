"""Rows and entities as messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.principal import current_principal

from kontor_vault.grantees import Named
from kontor_vault.papers import note_shown_to
from kontor_vault.parts import Progress
from kontor_vault.sealing import Verdict
from kontor_vault.tables import Document, Erasure, Folder, Grant, GranteeKind, Quota, Upload, UploadState


class Row(Protocol):
    """A row of a hot read, or an entity's columns by name."""

    def __getitem__(self, key: str, /) -> Any:
        """Return a column."""


_THROUGH = {
    GranteeKind.HOUSEHOLD: "household_person_id",
    GranteeKind.TRUSTED: "trusted_person_id",
    GranteeKind.EXPERT: "order_id",
}
"""The field of a grant that says through what its grantee is one."""
_ORIGINS = {"CUSTOMER": pb.DOCUMENT_ORIGIN_CUSTOMER, "FIRM": pb.DOCUMENT_ORIGIN_FIRM}


def optional_id(text: str, field: str) -> UUID | None:
    """Return the id in an optional field; None when it is empty."""
    return parse_id(text, field) if text else None


def optional_time(message: Message, field: str) -> datetime | None:
    """Return the instant in an optional field; None when it is unset."""
    return getattr(message, field).ToDatetime(UTC) if message.HasField(field) else None


def kind(given: pb.DocumentKind.ValueType) -> pb.DocumentKind.ValueType:
    """Return a document's kind; what is not said is OTHER."""
    return given or pb.DOCUMENT_KIND_OTHER


def kinds(numbers: Iterable[int]) -> list[pb.DocumentKind.ValueType]:
    """Return kinds of documents as the database keeps them."""
    return [pb.DocumentKind.ValueType(number) for number in numbers]


def timestamp(instant: datetime) -> Timestamp:
    """Return an aware instant as a message."""
    message = Timestamp()
    message.FromDatetime(instant)
    return message


def document_row(row: Row) -> pb.Document:
    """Return a document of a list."""
    return pb.Document(
        document_id=str(row["document_id"]),
        customer_id=str(row["customer_id"]),
        folder_id=_text(row["folder_id"]),
        title=row["title"],
        file_name=row["file_name"],
        kind=row["kind"],
        origin=_ORIGINS[row["origin"]],
        contract_id=_text(row["contract_id"]),
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"].hex(),
        version=row["content_version"],
        released=row["release_time"] is not None,
        release_time=row["release_time"],
        trash_time=row["trash_time"],
        deliver_time=row["deliver_time"],
        delivered_version=row["delivered_version"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        creator_account_id=_text(row["creator_account_id"]),
        etag=etag_of(row["version"]),
        granted=row["granted"],
        tags=row["tags"],
        note=row["note"],
        concerned_person=row["concerned_person"],
        dated_on=str(row["dated_on"] or ""),
        due_on=str(row["due_on"] or ""),
        remind_days=row["remind_days"],
        is_damaged=row["is_damaged"],
    )


def document(entity: Document, *, granted: bool = False) -> pb.Document:
    """Return a document that a command has just changed."""
    row = {column.key: getattr(entity, column.key) for column in Document.__table__.columns}
    return document_row(
        {**row, "is_damaged": False, "granted": granted, "note": note_shown_to(current_principal(), entity)}
    )


def folder_row(row: Row) -> pb.Folder:
    """Return a folder of a list."""
    return pb.Folder(
        folder_id=str(row["folder_id"]),
        customer_id=str(row["customer_id"]),
        parent_id=_text(row["parent_id"]),
        name=row["name"],
        create_time=row["create_time"],
        update_time=row["update_time"],
        etag=etag_of(row["version"]),
        granted=row["granted"],
    )


def folder(entity: Folder, *, granted: bool = False) -> pb.Folder:
    """Return a folder that a command has just changed."""
    row = {column.key: getattr(entity, column.key) for column in Folder.__table__.columns}
    return folder_row({**row, "granted": granted})


def version_row(row: Row) -> pb.DocumentVersion:
    """Return a version of a list."""
    return pb.DocumentVersion(
        version=row["number"],
        file_name=row["file_name"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"].hex(),
        create_time=row["create_time"],
        creator_account_id=_text(row["creator_account_id"]),
        creator_name=row["creator_name"],
        reason=row["reason"],
        restored_from=row["restored_from"] or 0,
    )


def labels(counted: Mapping[str, Mapping[str, int]], kinds_counted: Mapping[int, int]) -> pb.DocumentLabels:
    """Return what documents are labelled with, and of what kinds they are."""
    of_kinds = [
        pb.KindLabel(kind=pb.DocumentKind.ValueType(kind), documents=number) for kind, number in kinds_counted.items()
    ]
    return pb.DocumentLabels(
        kinds=of_kinds,
        **{
            field: [pb.DocumentLabel(name=name, documents=number) for name, number in each.items()]
            for field, each in counted.items()
        },
    )


def grant_row(row: Row) -> pb.Grant:
    """Return a grant of a list."""
    message = pb.Grant(
        grant_id=str(row["grant_id"]),
        customer_id=str(row["customer_id"]),
        grantee_account_id=_text(row["grantee_account_id"]),
        grantee_name=row["grantee_name"],
        may_contribute=row["may_contribute"],
        expire_time=row["expire_time"],
        create_time=row["create_time"],
        revoke_time=row["revoke_time"],
    )
    if row["document_id"] is not None:
        message.document_id = str(row["document_id"])
    else:
        message.folder_id = str(row["folder_id"])
    through = _THROUGH.get(row["grantee_kind"])
    if through is not None:
        setattr(message, through, str(row["through_id"]))
    return message


def named(given: pb.Grant) -> Named:
    """Return whom a customer names in a grant that he gives."""
    return Named(
        account_id=optional_id(given.grantee_account_id, "grant.grantee_account_id"),
        household_person_id=optional_id(given.household_person_id, "grant.household_person_id"),
        trusted_person_id=optional_id(given.trusted_person_id, "grant.trusted_person_id"),
        order_id=optional_id(given.order_id, "grant.order_id"),
    )


def grant(entity: Grant) -> pb.Grant:
    """Return a grant that a command has just changed."""
    return grant_row({column.key: getattr(entity, column.key) for column in Grant.__table__.columns})


def sighting_row(row: Row) -> pb.Sighting:
    """Return an entry of the sight ledger."""
    return pb.Sighting(
        sequence=row["sequence"],
        document_id=_text(row["document_id"]),
        folder_id=_text(row["folder_id"]),
        item_id=_text(row["item_id"]),
        subject=row["subject"],
        version=row["number"],
        account_id=_text(row["account_id"]),
        account_name=row["account_name"],
        role=row["role"],
        action=row["action"],
        party_account_id=_text(row["party_account_id"]),
        party_name=row["party_name"],
        until_time=row["until_time"],
        time=row["time"],
        hash=row["hash"].hex(),
    )


def verdict(found: Verdict) -> pb.VerifySightingsResponse:
    """Return what a check of the sight ledger found."""
    return pb.VerifySightingsResponse(
        intact=found.first_broken == 0,
        checked=found.checked,
        first_broken_sequence=found.first_broken,
        sealed_sequence=found.sealed_sequence,
        seal_time=None if found.seal_time is None else timestamp(found.seal_time),
    )


def certificate(entity: Erasure) -> internal_pb2.ErasureCertificate:
    """Return the proof of an erasure."""
    return internal_pb2.ErasureCertificate(
        certificate=entity.sequence,
        customer_id=_text(entity.of_customer_id),
        keys=entity.keys,
        keys_digest=entity.keys_digest.hex(),
        documents=entity.documents,
        size_bytes=entity.size_bytes,
        time=timestamp(entity.time),
        hash=entity.hash.hex(),
    )


def upload(entity: Upload) -> pb.Upload:
    """Return a reserved upload."""
    return pb.Upload(
        upload_id=str(entity.upload_id),
        document_id=str(entity.document_id),
        upload_path=f"/files/uploads/{entity.upload_id}",
        expire_time=timestamp(entity.expire_time),
    )


def progress(of: Progress) -> internal_pb2.UploadProgress:
    """Return how far an upload has come."""
    return internal_pb2.UploadProgress(
        offset_bytes=of.offset_bytes,
        size_bytes=of.upload.size_bytes,
        expire_time=timestamp(of.upload.expire_time),
        stored=of.upload.state == UploadState.STORED,
        document_id=str(of.upload.document_id),
    )


def quota(entity: Quota) -> pb.Quota:
    """Return a customer's storage."""
    return pb.Quota(limit_bytes=entity.limit_bytes, used_bytes=entity.used_bytes, reserved_bytes=entity.reserved_bytes)


def _text(value: UUID | None) -> str:
    return "" if value is None else str(value)
