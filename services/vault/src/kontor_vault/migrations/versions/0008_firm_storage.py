"""All storage of a firm, bounded by its plan (F83, F84).

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Counted at the end of a transaction, so that the firm's row is locked no longer than a commit takes, and after the
# customer's quota, always in this order. What customers store counts, and what the firm and services file; reservations
# count until their upload has ended. A restored version shares the object of an older one.
_CREATE = """
CREATE TABLE firm_storage (
  tenant_id      uuid CONSTRAINT pk_firm_storage PRIMARY KEY,
  limit_bytes    bigint CONSTRAINT ck_firm_storage_limit CHECK (limit_bytes > 0),
  overhang_bytes bigint NOT NULL DEFAULT 0,
  stored_bytes   bigint NOT NULL DEFAULT 0 CONSTRAINT ck_firm_storage_stored CHECK (stored_bytes >= 0),
  CONSTRAINT ck_firm_storage_within CHECK (limit_bytes IS NULL OR stored_bytes <= greatest(limit_bytes, overhang_bytes))
);
COMMENT ON COLUMN firm_storage.limit_bytes IS 'as the plan said when it was last asked; NULL: no limit';
COMMENT ON COLUMN firm_storage.overhang_bytes IS 'what may stay above the limit: stored before, or filed by services';

CREATE FUNCTION count_firm_storage() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  tenant uuid;
  more bigint := 0;
BEGIN
  IF TG_TABLE_NAME = 'uploads' THEN
    IF TG_OP <> 'INSERT' THEN
      tenant := OLD.tenant_id;
      IF OLD.state IN ('RESERVED', 'RECEIVING') THEN more := more - OLD.size_bytes; END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
      tenant := NEW.tenant_id;
      IF NEW.state IN ('RESERVED', 'RECEIVING') THEN more := more + NEW.size_bytes; END IF;
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    tenant := OLD.tenant_id;
    IF OLD.restored_from IS NULL THEN more := -OLD.size_bytes; END IF;
  ELSE
    tenant := NEW.tenant_id;
    IF NEW.restored_from IS NULL THEN more := NEW.size_bytes; END IF;
  END IF;
  IF more = 0 THEN RETURN NULL; END IF;
  UPDATE firm_storage SET stored_bytes = stored_bytes + more WHERE tenant_id = tenant;
  IF NOT FOUND AND more > 0 THEN
    INSERT INTO firm_storage (tenant_id, stored_bytes) VALUES (tenant, more)
    ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = firm_storage.stored_bytes + excluded.stored_bytes;
  END IF;
  RETURN NULL;
END $$;
INSERT INTO firm_storage (tenant_id, stored_bytes)
  SELECT tenant_id, sum(size_bytes) FROM (
    SELECT tenant_id, size_bytes FROM versions WHERE restored_from IS NULL
    UNION ALL SELECT tenant_id, size_bytes FROM uploads WHERE state IN ('RESERVED', 'RECEIVING')) AS kept
  GROUP BY tenant_id;
CREATE CONSTRAINT TRIGGER count_firm_storage AFTER INSERT OR UPDATE OR DELETE ON uploads
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_firm_storage();
CREATE CONSTRAINT TRIGGER count_firm_storage AFTER INSERT OR DELETE ON versions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_firm_storage();
"""


def upgrade() -> None:
    """Create it; the row goes with the firm."""
    execute_script(op, _CREATE)
    grant_application(op, "firm_storage", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "firm_storage", also=SERVICE_WIDE, customer_column=None)
    op.execute(
        "CREATE POLICY only_of_deleted_firms ON firm_storage AS RESTRICTIVE FOR DELETE"
        " USING (EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = firm_storage.tenant_id))"
    )


def downgrade() -> None:
    """Drop it."""
    for table in ("uploads", "versions"):
        op.execute(f"DROP TRIGGER count_firm_storage ON {table}")
    execute_script(op, "DROP FUNCTION count_firm_storage(); DROP TABLE firm_storage")
