"""Folders, documents and their versions, uploads, quotas, grants, the sight ledger and customers' keys."""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import (
    SERVICE_WIDE,
    create_chassis_tables,
    drop_chassis_tables,
    execute_script,
    grant_application,
    secure_by_tenant,
)

revision = "0001"
down_revision = None

TABLES = {
    "folders": "SELECT, INSERT, UPDATE, DELETE",
    "grants": "SELECT, INSERT, UPDATE",
    "documents": "SELECT, INSERT, UPDATE, DELETE",
    "versions": "SELECT, INSERT, DELETE",
    "uploads": "SELECT, INSERT, UPDATE, DELETE",
    "quotas": "SELECT, INSERT, UPDATE",
    "sight_heads": "SELECT, INSERT, UPDATE",
    "sightings": "SELECT, INSERT",  # append-only, also for the application
    "customer_keys": "SELECT, INSERT, DELETE",
}

SCHEMA = """
CREATE TABLE folders (
  folder_id   uuid CONSTRAINT pk_folders PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  parent_id   uuid,
  path        uuid[] NOT NULL,
  name        text NOT NULL,
  version     integer NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT uq_folders_owner UNIQUE (folder_id, customer_id),
  CONSTRAINT fk_folders_parent FOREIGN KEY (parent_id, customer_id) REFERENCES folders (folder_id, customer_id),
  CONSTRAINT ck_folders_path CHECK (path[cardinality(path)] = folder_id)
);
COMMENT ON COLUMN folders.path IS 'the folder and everything above it, root first';
CREATE UNIQUE INDEX uq_folders_name ON folders (customer_id, parent_id, lower(name)) NULLS NOT DISTINCT;
CREATE INDEX ix_folders_list ON folders (customer_id, name, folder_id);
CREATE INDEX ix_folders_path ON folders USING gin (path);

CREATE TABLE grants (
  grant_id           uuid CONSTRAINT pk_grants PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  document_id        uuid,
  folder_id          uuid,
  grantee_account_id uuid,
  create_time        timestamptz NOT NULL,
  revoke_time        timestamptz,
  CONSTRAINT ck_grants_target CHECK (num_nonnulls(document_id, folder_id) = 1)
);
CREATE UNIQUE INDEX uq_grants_in_force ON grants (customer_id, document_id, folder_id, grantee_account_id)
  NULLS NOT DISTINCT WHERE revoke_time IS NULL;
CREATE INDEX ix_grants_document ON grants (document_id) WHERE revoke_time IS NULL AND document_id IS NOT NULL;
CREATE INDEX ix_grants_folder ON grants (folder_id) WHERE revoke_time IS NULL AND folder_id IS NOT NULL;
CREATE INDEX ix_grants_list ON grants (customer_id, grant_id DESC);

CREATE TABLE documents (
  document_id        uuid CONSTRAINT pk_documents PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  folder_id          uuid,
  title              text NOT NULL,
  kind               smallint NOT NULL,
  origin             text NOT NULL CONSTRAINT ck_documents_origin CHECK (origin IN ('CUSTOMER', 'FIRM')),
  contract_id        uuid,
  file_name          text NOT NULL,
  media_type         text NOT NULL,
  size_bytes         bigint NOT NULL,
  sha256             bytea NOT NULL,
  content_version    integer NOT NULL,
  release_time       timestamptz,
  trash_time         timestamptz,
  creator_account_id uuid,
  create_time        timestamptz NOT NULL,
  update_time        timestamptz NOT NULL,
  version            integer NOT NULL,
  CONSTRAINT fk_documents_folder FOREIGN KEY (folder_id, customer_id) REFERENCES folders (folder_id, customer_id),
  CONSTRAINT ck_documents_own_is_released CHECK (origin <> 'CUSTOMER' OR release_time IS NOT NULL)
);
CREATE INDEX ix_documents_newest ON documents (customer_id, create_time DESC, document_id DESC);
CREATE INDEX ix_documents_folder ON documents (folder_id, create_time DESC, document_id DESC);
CREATE INDEX ix_documents_trash ON documents (trash_time) WHERE trash_time IS NOT NULL;

CREATE TABLE versions (
  content_id         uuid CONSTRAINT pk_versions PRIMARY KEY,
  document_id        uuid NOT NULL CONSTRAINT fk_versions_document REFERENCES documents (document_id),
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  number             integer NOT NULL,
  origin             text NOT NULL,
  file_name          text NOT NULL,
  media_type         text NOT NULL,
  size_bytes         bigint NOT NULL CONSTRAINT ck_versions_size CHECK (size_bytes >= 0),
  sha256             bytea NOT NULL CONSTRAINT ck_versions_sha256 CHECK (length(sha256) = 32),
  creator_account_id uuid,
  create_time        timestamptz NOT NULL,
  CONSTRAINT uq_versions_number UNIQUE (document_id, number)
);

CREATE TABLE uploads (
  upload_id          uuid CONSTRAINT pk_uploads PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  document_id        uuid NOT NULL,
  is_new_document    boolean NOT NULL,
  origin             text NOT NULL,
  state              text NOT NULL
    CONSTRAINT ck_uploads_state CHECK (state IN ('RESERVED', 'RECEIVING', 'STORED', 'ABANDONED')),
  size_bytes         bigint NOT NULL CONSTRAINT ck_uploads_size CHECK (size_bytes >= 0),
  file_name          text NOT NULL,
  title              text NOT NULL,
  kind               smallint NOT NULL,
  folder_id          uuid,
  contract_id        uuid,
  creator_account_id uuid NOT NULL,
  create_time        timestamptz NOT NULL,
  expire_time        timestamptz NOT NULL
);
CREATE INDEX ix_uploads_expire ON uploads (expire_time);

CREATE TABLE quotas (
  tenant_id      uuid NOT NULL,
  customer_id    uuid NOT NULL,
  limit_bytes    bigint NOT NULL CONSTRAINT ck_quotas_limit CHECK (limit_bytes >= 0),
  overhang_bytes bigint NOT NULL DEFAULT 0,
  used_bytes     bigint NOT NULL DEFAULT 0 CONSTRAINT ck_quotas_used CHECK (used_bytes >= 0),
  reserved_bytes bigint NOT NULL DEFAULT 0 CONSTRAINT ck_quotas_reserved CHECK (reserved_bytes >= 0),
  CONSTRAINT pk_quotas PRIMARY KEY (tenant_id, customer_id),
  CONSTRAINT ck_quotas_within CHECK (used_bytes + reserved_bytes <= greatest(limit_bytes, overhang_bytes))
);
COMMENT ON COLUMN quotas.overhang_bytes IS 'what was in use when the limit was last lowered below it; it may stay';

CREATE TABLE sight_heads (
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  sequence    bigint NOT NULL,
  hash        bytea NOT NULL,
  CONSTRAINT pk_sight_heads PRIMARY KEY (tenant_id, customer_id)
);

CREATE TABLE sightings (
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  sequence     bigint NOT NULL,
  document_id  uuid NOT NULL,
  number       integer NOT NULL,
  account_id   uuid NOT NULL,
  account_name text NOT NULL,
  role         smallint NOT NULL,
  action       smallint NOT NULL,
  time         timestamptz NOT NULL,
  hash         bytea NOT NULL,
  CONSTRAINT pk_sightings PRIMARY KEY (customer_id, sequence)
);
CREATE INDEX ix_sightings_document ON sightings (document_id, account_id, sequence DESC);

CREATE TABLE customer_keys (
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  wrapped_key bytea NOT NULL,
  create_time timestamptz NOT NULL,
  CONSTRAINT pk_customer_keys PRIMARY KEY (tenant_id, customer_id)
);
"""

# Storage is counted where rows change, so that no path around the use cases can forget it (F14). Only what customers
# store themselves counts. A reservation counts until its upload has ended, however it ended.
COUNTING = """
CREATE FUNCTION count_storage() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  row_now record;
  freed bigint := 0;
  taken bigint := 0;
BEGIN
  IF TG_OP = 'DELETE' THEN row_now := OLD; ELSE row_now := NEW; END IF;
  IF row_now.origin <> 'CUSTOMER' THEN RETURN NULL; END IF;
  IF TG_TABLE_NAME = 'uploads' THEN
    IF TG_OP <> 'INSERT' THEN
      IF OLD.state IN ('RESERVED', 'RECEIVING') THEN freed := OLD.size_bytes; END IF;
    END IF;
    IF TG_OP <> 'DELETE' THEN
      IF NEW.state IN ('RESERVED', 'RECEIVING') THEN taken := NEW.size_bytes; END IF;
    END IF;
    IF taken = freed THEN RETURN NULL; END IF;
    UPDATE quotas SET reserved_bytes = reserved_bytes + taken - freed
      WHERE tenant_id = row_now.tenant_id AND customer_id = row_now.customer_id;
  ELSE
    IF TG_OP = 'DELETE' THEN freed := OLD.size_bytes; ELSE taken := NEW.size_bytes; END IF;
    UPDATE quotas SET used_bytes = used_bytes + taken - freed
      WHERE tenant_id = row_now.tenant_id AND customer_id = row_now.customer_id;
  END IF;
  IF NOT FOUND THEN RAISE EXCEPTION 'customer % has no quota', row_now.customer_id; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_storage AFTER INSERT OR UPDATE OR DELETE ON uploads FOR EACH ROW EXECUTE FUNCTION count_storage();
CREATE TRIGGER count_storage AFTER INSERT OR DELETE ON versions FOR EACH ROW EXECUTE FUNCTION count_storage();
"""

# The backstop behind the use cases: what each role may see at all. Restrictive policies narrow the tenant's.
VISIBILITY = {
    "grants": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN grantee_account_id IS NULL OR grantee_account_id = (SELECT kontor_account_id())
        ELSE false END""",
    "folders": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN EXISTS (
          SELECT FROM grants g WHERE g.folder_id = ANY (folders.path) AND g.revoke_time IS NULL)
        ELSE false END""",
    "documents": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN release_time IS NOT NULL
        WHEN 'staff' THEN origin = 'FIRM'
          OR EXISTS (SELECT FROM grants g WHERE g.document_id = documents.document_id AND g.revoke_time IS NULL)
          OR EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)
        ELSE false END""",
    "versions": "EXISTS (SELECT FROM documents d WHERE d.document_id = versions.document_id)",
    "uploads": "(SELECT kontor_role()) = 'service' OR creator_account_id = (SELECT kontor_account_id())",
    "quotas": "(SELECT kontor_role()) IN ('service', 'customer')",
    "sightings": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        ELSE account_id = (SELECT kontor_account_id()) END""",
}


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    execute_script(op, SCHEMA)
    execute_script(op, COUNTING)
    for table, privileges in TABLES.items():
        grant_application(op, table, privileges)
        secure_by_tenant(op, table, also=SERVICE_WIDE)
    for table, condition in VISIBILITY.items():
        op.execute(f"CREATE POLICY visible ON {table} AS RESTRICTIVE USING ({condition})")


def downgrade() -> None:
    """Drop everything."""
    for table in ("versions", "uploads", "documents", *(t for t in reversed(TABLES))):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    op.execute("DROP FUNCTION count_storage()")
    drop_chassis_tables(op)
