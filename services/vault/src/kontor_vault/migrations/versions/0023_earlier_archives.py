"""What archives said that were read in, and the reading of archives that customers bring.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_SCHEMA = """
CREATE TABLE earlier_files (
  file_id     uuid CONSTRAINT pk_earlier_files PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  archive_id  uuid NOT NULL,
  name        text NOT NULL,
  size_bytes  bigint NOT NULL,
  sha256      bytea NOT NULL,
  import_time timestamptz NOT NULL,
  CONSTRAINT uq_earlier_files_name UNIQUE (customer_id, archive_id, name)
);
COMMENT ON TABLE earlier_files IS 'metadata and proofs of archives that were read in, as they came; objects of the id';

CREATE TABLE imports (
  import_id    uuid CONSTRAINT pk_imports PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  account_id   uuid NOT NULL,
  document_id  uuid NOT NULL,
  title        text NOT NULL,
  state        text NOT NULL
    CONSTRAINT ck_imports_state CHECK (state IN ('WAITING', 'CHECKING', 'STORING', 'DONE', 'REFUSED', 'FAILED')),
  attempts     integer NOT NULL DEFAULT 0,
  total_bytes  bigint NOT NULL DEFAULT 0,
  done_bytes   bigint NOT NULL DEFAULT 0,
  refusal      text NOT NULL DEFAULT '',
  refused_path text NOT NULL DEFAULT '',
  archive_id   uuid,
  documents    integer NOT NULL DEFAULT 0,
  versions     integer NOT NULL DEFAULT 0,
  folders      integer NOT NULL DEFAULT 0,
  items        integer NOT NULL DEFAULT 0,
  unreadable   integer NOT NULL DEFAULT 0,
  create_time  timestamptz NOT NULL,
  end_time     timestamptz,
  CONSTRAINT ck_imports_end CHECK ((state IN ('DONE', 'REFUSED', 'FAILED')) = (end_time IS NOT NULL)),
  CONSTRAINT ck_imports_refusal CHECK ((state = 'REFUSED') = (refusal <> ''))
);
COMMENT ON TABLE imports IS 'archives that customers had read in, from the document that they uploaded them as';
CREATE UNIQUE INDEX uq_imports_running ON imports (customer_id) WHERE end_time IS NULL;
CREATE INDEX ix_imports_list ON imports (customer_id, import_id DESC);
CREATE INDEX ix_imports_waiting ON imports (import_id) WHERE end_time IS NULL;
"""
_TABLES = ("earlier_files", "imports")


def upgrade() -> None:
    """Create the tables; nobody of the firm sees either."""
    execute_script(op, _SCHEMA)
    for table in _TABLES:
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        secure_by_tenant(op, table, also=SERVICE_WIDE)
        op.execute(
            f"CREATE POLICY visible ON {table} AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('service', 'customer'))"
        )


def downgrade() -> None:
    """Forget them."""
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE {table}")
