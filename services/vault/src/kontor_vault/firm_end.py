"""What the vault does when a firm is deleted: keys first, then every trace.

Without its key nothing that lies in the object store can be read any more, backups included. The objects themselves are
left to the sweep of abandoned uploads: what was a version becomes an abandoned upload of the same id.
"""

from __future__ import annotations

from kontor_chassis.firm_end import FirmEnd, as_step, emptied

PORTION = 500

_TO_THE_SWEEP = """
WITH gone AS (
  DELETE FROM versions WHERE ctid = ANY (ARRAY(SELECT ctid FROM versions WHERE tenant_id = :tenant LIMIT :portion))
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
  WHERE tenant_id = :tenant AND (state <> 'ABANDONED' OR file_name <> '') LIMIT :portion))
"""
_SEALS_TO_THE_SWEEP = """
WITH gone AS (
  DELETE FROM sight_heads WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM sight_heads WHERE tenant_id = :tenant LIMIT :portion)) RETURNING tenant_id, customer_id)
INSERT INTO uploads (upload_id, tenant_id, customer_id, document_id, is_new_document, origin, state, size_bytes,
  file_name, title, kind, creator_account_id, create_time, expire_time)
SELECT customer_id, tenant_id, customer_id, customer_id, false, 'FIRM', 'ABANDONED', 0, '', '', 0,
  '00000000-0000-0000-0000-000000000000', :now, CAST(:now AS timestamptz) - interval '1 day' FROM gone
ON CONFLICT (upload_id) DO NOTHING
"""
_NO_FOLDER_INSIDE = "NOT EXISTS (SELECT FROM folders child WHERE child.parent_id = folders.folder_id)"

FIRM_END = FirmEnd(
    "vault",
    [
        emptied("customer_keys"),
        as_step(_TO_THE_SWEEP),
        as_step(_BREAK_OFF),
        *(emptied(table) for table in ("documents", "grants", "emergency_grants")),
        emptied("folders", _NO_FOLDER_INSIDE),
        *(emptied(table) for table in ("sightings", "sight_seals", "quotas")),
        as_step(_SEALS_TO_THE_SWEEP),
    ],
    portion=PORTION,
)
