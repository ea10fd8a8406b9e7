"""Opens an archive of everything of unknown origin and believes none of it before it fits together.

Every file is compared with its checksum, every document with its files, every ledger with its own chain. What does not
fit is refused with a sentence that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

from pydantic import ValidationError

from kontor_vault.archive_format import ARCHIVE_PATH, Archive, ArchivedDocument, ArchivedLedger
from kontor_vault.bags import BagReader, BagRefusedError, Refusal
from kontor_vault.folders import DEEPEST
from kontor_vault.ledger_lines import LedgerRefusedError, check_ledger

MOST_BYTES = 256 << 30
"""Unpacked; more than any household has."""
_MOST_BESIDE_BYTES = 1 << 30
"""Ledgers and what came from former installations: it is kept beside what takes storage."""
_MOST_LINE_BYTES = 64 << 10


def opened_archive(file: IO[bytes]) -> tuple[BagReader, Archive]:
    """Return an archive that is whole and fits together; raises BagRefusedError."""
    bag = BagReader(file, MOST_BYTES)
    bag.check()
    try:
        archive = Archive.model_validate_json(bag.content(f"data/{ARCHIVE_PATH}"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        sentence = f"{where}: {first['msg']}"
        raise BagRefusedError(Refusal.NOT_UNDERSTOOD, sentence, f"data/{ARCHIVE_PATH}") from error
    _check_folders(archive)
    for document in archive.documents:
        _check_document(bag, document)
    _distinct("document", [document.document_id for document in archive.documents])
    _check_owners(bag, archive)
    for ledger in archive.ledgers:
        _check_ledger(bag, ledger)
    return bag, archive


def _check_folders(archive: Archive) -> None:
    depth: dict[object, int] = {None: 0}
    for folder in archive.folders:
        if folder.parent_id not in depth or folder.folder_id in depth or depth[folder.parent_id] >= DEEPEST:
            raise _refused(f"folder {folder.folder_id} does not fit into the tree")
        depth[folder.folder_id] = depth[folder.parent_id] + 1
    used = {document.folder_id for document in archive.documents} | {item.folder_id for item in archive.emergency_items}
    used |= {rule.folder_id for rule in archive.filing_rules}
    if unknown := used - depth.keys():
        raise _refused(f"folder {unknown.pop()} is missing")


def _check_document(bag: BagReader, document: ArchivedDocument) -> None:
    numbers = [version.number for version in document.versions]
    if numbers != sorted(set(numbers)):
        raise _refused(f"the versions of document {document.document_id} are not in order")
    paths = {version.number: version.path for version in document.versions}
    for version in document.versions:
        earlier = version.restored_from
        if earlier is not None and (earlier >= version.number or paths.get(earlier, "") != version.path):
            raise _refused(f"version {version.number} of document {document.document_id} is not what it came from")
        if version.path is None:
            continue
        kept = bag.payload.get(version.path)
        if kept is None:
            raise BagRefusedError(Refusal.MISSING, "missing", f"data/{version.path}")
        if (kept.sha256, kept.size_bytes) != (version.sha256, version.size_bytes):
            raise BagRefusedError(Refusal.ALTERED, f"is not what version {version.number} was", f"data/{version.path}")


def _check_owners(bag: BagReader, archive: Archive) -> None:
    """Each file is one thing: a content of one document, a ledger, a proof, or of an archive before this one."""
    beside = [ledger.path for ledger in archive.ledgers if ledger.entries]
    beside += [delivery.proof_path for delivery in archive.deliveries]
    for each in archive.earlier:
        if each.path != f"metadata/earlier/{each.archive_id}/{each.name}" or each.archive_id == archive.archive_id:
            raise _refused(f"{each.path} is not where it belongs")
        beside.append(each.path)
    contents = [path for document in archive.documents for path in {v.path for v in document.versions if v.path}]
    _distinct("file", [*contents, *beside, ARCHIVE_PATH])
    for path in beside:
        if path not in bag.payload:
            raise BagRefusedError(Refusal.MISSING, "missing", f"data/{path}")
    if sum(bag.payload[path].size_bytes for path in beside) > _MOST_BESIDE_BYTES:
        raise BagRefusedError(Refusal.TOO_LARGE, f"its ledgers and proofs have more than {_MOST_BESIDE_BYTES >> 20} MB")


def _check_ledger(bag: BagReader, ledger: ArchivedLedger) -> None:
    path = f"data/{ledger.path}"
    ends = {seal.sequence: seal.hash for seal in ledger.seals}
    try:
        walk = check_ledger(_lines(bag, path), (ledger.tenant_id, ledger.customer_id), ends)
    except LedgerRefusedError as error:
        raise BagRefusedError(Refusal.LEDGER_ALTERED, str(error), path) from error
    if (walk.checked, walk.hash.hex()) != (ledger.entries, ledger.hash):
        raise BagRefusedError(Refusal.LEDGER_ALTERED, f"ends at entry {walk.checked}, not as it did", path)


def _lines(bag: BagReader, path: str) -> Iterator[bytes]:
    rest = b""
    for piece in bag.pieces(path):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > _MOST_LINE_BYTES:
            raise BagRefusedError(Refusal.LEDGER_ALTERED, "a line is too long", path)
    if rest:
        yield rest


def _distinct(what: str, ids: Sequence[object]) -> None:
    if len(ids) != len(set(ids)):
        raise _refused(f"a {what} is there twice")


def _refused(why: str) -> BagRefusedError:
    return BagRefusedError(Refusal.CONTRADICTORY, why, f"data/{ARCHIVE_PATH}")
