"""What a household says about its papers, versions that are restored, and uploads that come in parts.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SAID = """
ALTER TABLE documents
  ADD COLUMN tags             text[] NOT NULL DEFAULT '{}',
  ADD COLUMN note             text NOT NULL DEFAULT '',
  ADD COLUMN concerned_person text NOT NULL DEFAULT '',
  ADD COLUMN due_on           date,
  ADD COLUMN remind_days      smallint NOT NULL DEFAULT 0,
  ADD COLUMN remind_on        date,
  ADD CONSTRAINT ck_documents_remind CHECK (remind_days BETWEEN 0 AND 90 AND (remind_on IS NULL OR due_on IS NOT NULL));
COMMENT ON COLUMN documents.remind_on IS 'the day on which a reminder is still to be sent';
CREATE INDEX ix_documents_remind ON documents (remind_on) WHERE remind_on IS NOT NULL;
CREATE INDEX ix_documents_content ON documents (customer_id, sha256);
"""

_VERSIONS = """
ALTER TABLE uploads ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE versions
  ADD COLUMN object_id     uuid,
  ADD COLUMN reason        text NOT NULL DEFAULT '',
  ADD COLUMN creator_name  text NOT NULL DEFAULT '',
  ADD COLUMN restored_from integer;
COMMENT ON COLUMN versions.object_id IS
  'names the object in the store; NULL: content_id does. A restored version shares the object of the older one';
"""

# A restored version has the content of an older one and takes no room of its own.
_COUNTING = """
CREATE FUNCTION count_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  row_now record;
  more bigint;
BEGIN
  IF TG_OP = 'DELETE' THEN row_now := OLD; ELSE row_now := NEW; END IF;
  IF row_now.origin <> 'CUSTOMER' OR row_now.restored_from IS NOT NULL THEN RETURN NULL; END IF;
  IF TG_OP = 'DELETE' THEN more := -OLD.size_bytes; ELSE more := NEW.size_bytes; END IF;
  UPDATE quotas SET used_bytes = used_bytes + more
    WHERE tenant_id = row_now.tenant_id AND customer_id = row_now.customer_id;
  IF NOT FOUND THEN RAISE EXCEPTION 'customer % has no quota', row_now.customer_id; END IF;
  RETURN NULL;
END $$;
DROP TRIGGER count_storage ON versions;
CREATE TRIGGER count_storage AFTER INSERT OR DELETE ON versions FOR EACH ROW EXECUTE FUNCTION count_versions();
"""

_PARTS = """
CREATE TABLE upload_parts (
  part_id      uuid CONSTRAINT pk_upload_parts PRIMARY KEY,
  upload_id    uuid NOT NULL CONSTRAINT fk_upload_parts_upload REFERENCES uploads (upload_id) ON DELETE CASCADE,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  start_bytes  bigint NOT NULL CONSTRAINT ck_upload_parts_start CHECK (start_bytes >= 0),
  size_bytes   bigint CONSTRAINT ck_upload_parts_size CHECK (size_bytes > 0),
  create_time  timestamptz NOT NULL
);
COMMENT ON COLUMN upload_parts.size_bytes IS 'NULL while the part is on its way, and for good if it never arrived';
CREATE UNIQUE INDEX uq_upload_parts_start ON upload_parts (upload_id, start_bytes) WHERE size_bytes IS NOT NULL;
CREATE INDEX ix_upload_parts_upload ON upload_parts (upload_id);
"""


def upgrade() -> None:
    """Add what is said, versions' reasons, and parts of uploads."""
    for script in (_SAID, _VERSIONS, _COUNTING, _PARTS):
        execute_script(op, script)
    grant_application(op, "upload_parts", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "upload_parts", also=SERVICE_WIDE)
    op.execute(
        "CREATE POLICY visible ON upload_parts AS RESTRICTIVE USING ((SELECT kontor_role()) = 'service'"
        " OR EXISTS (SELECT FROM uploads u WHERE u.upload_id = upload_parts.upload_id))"
    )


def downgrade() -> None:
    """Take it away again."""
    op.execute("DROP TABLE upload_parts")
    op.execute("DROP TRIGGER count_storage ON versions")
    op.execute(
        "CREATE TRIGGER count_storage AFTER INSERT OR DELETE ON versions FOR EACH ROW EXECUTE FUNCTION count_storage()"
    )
    op.execute("DROP FUNCTION count_versions()")
    for table, columns in {
        "versions": ("object_id", "reason", "creator_name", "restored_from"),
        "uploads": ("reason",),
        "documents": ("tags", "note", "concerned_person", "due_on", "remind_days", "remind_on"),
    }.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("DROP INDEX ix_documents_content")
