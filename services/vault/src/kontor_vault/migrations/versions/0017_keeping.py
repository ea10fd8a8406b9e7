"""What keeps papers for decades: archives to take away, ledgers brought along, and how sound the objects are.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_SCHEMA = """
CREATE TABLE exports (
  export_id     uuid CONSTRAINT pk_exports PRIMARY KEY,
  tenant_id     uuid NOT NULL,
  customer_id   uuid NOT NULL,
  account_id    uuid NOT NULL,
  state         text NOT NULL
    CONSTRAINT ck_exports_state CHECK (state IN ('WAITING', 'BUILDING', 'READY', 'FAILED')),
  attempts      integer NOT NULL DEFAULT 0,
  documents     integer NOT NULL DEFAULT 0,
  damaged_files integer NOT NULL DEFAULT 0,
  total_bytes   bigint NOT NULL DEFAULT 0,
  done_bytes    bigint NOT NULL DEFAULT 0,
  size_bytes    bigint NOT NULL DEFAULT 0,
  sha256        bytea,
  create_time   timestamptz NOT NULL,
  ready_time    timestamptz,
  expire_time   timestamptz,
  CONSTRAINT ck_exports_ready CHECK ((state = 'READY') = (sha256 IS NOT NULL))
);
COMMENT ON TABLE exports IS 'archives of everything a customer has; the id is also that of the object';
CREATE UNIQUE INDEX uq_exports_running ON exports (customer_id) WHERE state IN ('WAITING', 'BUILDING');
CREATE INDEX ix_exports_list ON exports (customer_id, export_id DESC);
CREATE INDEX ix_exports_waiting ON exports (export_id) WHERE state IN ('WAITING', 'BUILDING');
CREATE INDEX ix_exports_expire ON exports (expire_time) WHERE expire_time IS NOT NULL;

CREATE TABLE archive_imports (
  archive_id  uuid NOT NULL,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  documents   integer NOT NULL,
  import_time timestamptz NOT NULL,
  CONSTRAINT pk_archive_imports PRIMARY KEY (customer_id, archive_id)
);
COMMENT ON TABLE archive_imports IS 'archives that were read in; no archive is read in twice';

CREATE TABLE earlier_ledgers (
  ledger_id      uuid CONSTRAINT pk_earlier_ledgers PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  customer_id    uuid NOT NULL,
  of_tenant_id   uuid NOT NULL,
  of_customer_id uuid NOT NULL,
  entries        bigint NOT NULL,
  hash           bytea NOT NULL,
  size_bytes     bigint NOT NULL,
  sha256         bytea NOT NULL,
  import_time    timestamptz NOT NULL
);
COMMENT ON TABLE earlier_ledgers IS 'sight ledgers of former installations; their entries lie in the object of the id';
CREATE INDEX ix_earlier_ledgers_list ON earlier_ledgers (customer_id, ledger_id);

CREATE TABLE damaged_objects (
  object_id   uuid CONSTRAINT pk_damaged_objects PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  is_missing  boolean NOT NULL,
  find_time   timestamptz NOT NULL
);
COMMENT ON TABLE damaged_objects IS 'contents that cannot be read and that no replica could repair (yet)';

CREATE TABLE keeping_rounds (
  task         text CONSTRAINT pk_keeping_rounds PRIMARY KEY,
  position     text NOT NULL DEFAULT '',
  objects      bigint NOT NULL DEFAULT 0,
  size_bytes   bigint NOT NULL DEFAULT 0,
  found        bigint NOT NULL DEFAULT 0,
  start_time   timestamptz NOT NULL,
  end_time     timestamptz,
  last_objects bigint NOT NULL DEFAULT 0,
  last_found   bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE keeping_rounds IS 'how far each round through all objects is; end_time: of the round before';

CREATE INDEX ix_versions_object ON versions (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX ix_versions_create_time ON versions (create_time);
"""
_OWN = ("exports", "archive_imports", "earlier_ledgers", "damaged_objects")


def upgrade() -> None:
    """Create the tables; nobody of the firm sees a customer's archives, and rounds are the service's alone."""
    execute_script(op, _SCHEMA)
    for table in _OWN:
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        secure_by_tenant(op, table, also=SERVICE_WIDE)
    for table in ("exports", "archive_imports", "earlier_ledgers"):
        op.execute(
            f"CREATE POLICY visible ON {table} AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('service', 'customer'))"
        )
    grant_application(op, "keeping_rounds", "SELECT, INSERT, UPDATE")
    op.execute("ALTER TABLE keeping_rounds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY by_service ON keeping_rounds USING ({SERVICE_WIDE})")


def downgrade() -> None:
    """Drop it all."""
    op.execute("DROP INDEX ix_versions_create_time, ix_versions_object")
    for table in ("keeping_rounds", *reversed(_OWN)):
        op.execute(f"DROP TABLE {table}")
