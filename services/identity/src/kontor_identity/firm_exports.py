"""Everything identity keeps of a firm as a ZIP of JSON and CSV (decision 10: export is offered before deletion).

The caller's transaction reads it, so row-level security bounds it. Account numbers are masked: the archive leaves the
platform's protection. Passwords, tokens and links are nobody's data to take along and are not in it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from kontor_chassis.database import Transaction
from sqlalchemy import text

from kontor_identity.staff import own_tenant

PIECE: Final = 256 * 1024

_TABLES: Final[dict[str, str]] = {
    "kunden": "SELECT customer_id, 'K-' || number AS kundennummer, external_number AS fremdnummer, title AS titel,"
    " given_name AS vorname, family_name AS nachname, birth_date AS geburtsdatum, email, phone AS telefon,"
    " street AS strasse, postal_code AS plz, city AS ort, country AS land, responsible_account_ids AS betreuer,"
    " created_at AS angelegt FROM customers WHERE tenant_id = :tenant ORDER BY number",
    "kontakte": "SELECT customer_id, kind AS art, value AS wert, label AS bezeichnung FROM customer_contacts"
    " WHERE tenant_id = :tenant ORDER BY customer_id, created_at",
    "bankverbindungen": "SELECT customer_id, iban_masked AS iban, bic, bank_name AS bank, holder AS inhaber,"
    " created_at AS angelegt, closed_at AS beendet FROM bank_accounts WHERE tenant_id = :tenant"
    " ORDER BY customer_id, created_at",
    "aenderungen": "SELECT customer_id, field AS feld, old_value AS alt, new_value AS neu, changed_name AS wer,"
    " changed_at AS wann FROM customer_changes WHERE tenant_id = :tenant ORDER BY changed_at, change_id",
    "mitarbeiter": "SELECT m.account_id, m.display_name AS name, a.email, m.phone AS telefon, m.created_at AS seit,"
    " m.ended_at AS bis FROM memberships m JOIN accounts a USING (account_id)"
    " WHERE m.tenant_id = :tenant AND m.customer_id IS NULL ORDER BY m.display_name",
    "einladungen": "SELECT invitation_id, customer_id, display_name AS name, email, state AS stand,"
    " created_at AS erstellt FROM invitations WHERE tenant_id = :tenant ORDER BY created_at",
    "identitaetsnachweise": "SELECT customer_id, method AS weg, document AS dokument, seen_on AS gesehen_am,"
    " proved_at AS bestaetigt_am, proved_name AS bestaetigt_von, ended_at AS beendet_am, ended_name AS beendet_von,"
    " end_reason AS grund FROM identity_proofs WHERE tenant_id = :tenant ORDER BY proved_at, identity_proof_id",
    "elektronische_zustellung": "SELECT customer_id, decision AS entscheidung, version AS fassung, sha256,"
    " decided_at AS entschieden_am, account_id FROM epost_entries WHERE tenant_id = :tenant"
    " ORDER BY decided_at, epost_entry_id",
    "auftragsverarbeitung": "SELECT version AS fassung, display_name AS angenommen_von, accepted_at AS angenommen_am,"
    " sha256 FROM processing_acceptances WHERE tenant_id = :tenant ORDER BY version",
}
"""File name → what it holds; all read the same firm."""


async def firm_archive(tx: Transaction) -> bytes:
    """Return the caller's own firm as a ZIP."""
    tenant = await own_tenant(tx)
    files: dict[str, str] = {}
    for name, statement in _TABLES.items():
        rows = (await tx.session.execute(text(statement), {"tenant": tenant.tenant_id})).mappings().all()
        files[f"{name}.csv"] = _csv([dict(row) for row in rows])
        files[f"{name}.json"] = _json([dict(row) for row in rows])
    about = {
        "firma": tenant.name,
        "kurzname": tenant.slug,
        "kontakt": tenant.contact_name,
        "email": tenant.email,
        "telefon": tenant.phone,
        "anschrift": [tenant.street, tenant.postal_code, tenant.city, tenant.country],
        "homepage": tenant.homepage,
        "ihk_nummer": tenant.ihk_number,
        "ausgeleitet_am": tx.now,
        "dateien": sorted(files),
    }
    return _zip({"firma.json": _json(about), **files}, tx.now)


def in_pieces(content: bytes) -> Iterator[bytes]:
    """Cut an archive into messages of a size every proxy passes on."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


def _zip(files: dict[str, str], moment: datetime) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, default=_plain) + "\n"


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table as Excel in German opens it: semicolons, with a mark of the encoding."""
    if not rows:
        return ""
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]), delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return "\ufeff" + target.getvalue()


def _cell(value: Any) -> str:
    """Return a value as text; one that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    plain = "" if value is None else str(_plain(value))
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@") and not plain[1:2].isdigit() else plain


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
