"""What is kept of a firm or of one customer, as the statements that delete it, in the order of the foreign keys.

Objects are left to the sweep of abandoned uploads: what was a version becomes an abandoned upload of the same id, and
so does the seal of a ledger. `{whose}` stands for the rows' owner.
"""

from __future__ import annotations

from typing import Final

OF_FIRM: Final = "tenant_id = :tenant"
OF_CUSTOMER: Final = "tenant_id = :tenant AND customer_id = :customer"

_TO_THE_SWEEP = """
WITH gone AS (
  DELETE FROM versions WHERE ctid = ANY (ARRAY(SELECT ctid FROM versions WHERE {whose} LIMIT :portion))
  RETURNING coalesce(object_id, content_id) AS object_id, document_id, tenant_id, customer_id)
INSERT INTO uploads (upload_id, tenant_id, customer_id, document_id, is_new_document, origin, state, size_bytes,
  file_name, title, kind, creator_account_id, create_time, expire_time)
SELECT DISTINCT ON (object_id) object_id, tenant_id, customer_id, document_id, false, 'FIRM', 'ABANDONED', 0, '', '', 0,
  '00000000-0000-0000-0000-000000000000', :now, CAST(:now AS timestamptz) - interval '1 day' FROM gone
ON CONFLICT (upload_id) DO UPDATE SET state = excluded.state, file_name = '', title = '',
  expire_time = excluded.expire_time
"""
_BREAK_OFF = """
UPDATE uploads SET state = 'ABANDONED', file_name = '', title = '', expire_time = :now
WHERE upload_id = ANY (ARRAY(SELECT upload_id FROM uploads
  WHERE {whose} AND (state <> 'ABANDONED' OR file_name <> '') LIMIT :portion))
"""
_SEALS_TO_THE_SWEEP = """
WITH gone AS (
  DELETE FROM sight_heads WHERE ctid = ANY (ARRAY(SELECT ctid FROM sight_heads WHERE {whose} LIMIT :portion))
  RETURNING tenant_id, customer_id)
INSERT INTO uploads (upload_id, tenant_id, customer_id, document_id, is_new_document, origin, state, size_bytes,
  file_name, title, kind, creator_account_id, create_time, expire_time)
SELECT customer_id, tenant_id, customer_id, customer_id, false, 'FIRM', 'ABANDONED', 0, '', '', 0,
  '00000000-0000-0000-0000-000000000000', :now, CAST(:now AS timestamptz) - interval '1 day' FROM gone
ON CONFLICT (upload_id) DO NOTHING
"""
_NO_FOLDER_INSIDE = "NOT EXISTS (SELECT FROM folders child WHERE child.parent_id = folders.folder_id)"


def _emptied(table: str, condition: str = "true") -> str:
    return (
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608 - both are written below
        f"SELECT ctid FROM {table} WHERE {{whose}} AND {condition} LIMIT :portion))"
    )


DELETIONS: Final = (
    _TO_THE_SWEEP,
    _BREAK_OFF,
    *(_emptied(table) for table in ("documents", "grants", "emergency_grants", "emergency_items", "filing_rules")),
    _emptied("folders", _NO_FOLDER_INSIDE),
    *(
        _emptied(table)
        for table in (
            "pending_erasures",
            "document_delivery_steps",
            "document_deliveries",
            "sightings",
            "sight_seals",
            "quotas",
        )
    ),
    *(_emptied(table) for table in ("original_steps", "originals", "scan_sheets")),
    *(_emptied(table) for table in ("mail_parts", "received_mails", "mail_senders", "mailboxes")),
    *(_emptied(table) for table in ("binder_places", "binder_steps", "binder_registers", "binder_orders")),
    *(
        _emptied(table)
        for table in ("exports", "imports", "archive_imports", "earlier_ledgers", "earlier_files", "damaged_objects")
    ),
    _SEALS_TO_THE_SWEEP,
)

_UNKEPT = "document_id <> ALL (CAST(:kept AS uuid[]))"
NOT_KEPT: Final = (
    _TO_THE_SWEEP.replace("{whose}", f"{{whose}} AND {_UNKEPT}"),
    _BREAK_OFF,
    _emptied("documents", _UNKEPT),
    *(_emptied(table) for table in ("emergency_items", "filing_rules", "exports", "imports", "earlier_files")),
)
"""What goes at once when a firm must keep the documents `:kept` of a customer who is deleted."""
