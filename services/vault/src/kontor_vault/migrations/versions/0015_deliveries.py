"""Deliveries with legal effect and how far each has come; what was once written stays (F144).

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SCHEMA = """
CREATE TABLE deliveries (
  delivery_id     uuid CONSTRAINT pk_deliveries PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  customer_id     uuid NOT NULL,
  document_id     uuid NOT NULL,
  number          integer NOT NULL,
  title           text NOT NULL,
  file_name       text NOT NULL,
  size_bytes      bigint NOT NULL,
  sha256          bytea NOT NULL,
  e_post_entry_id uuid NOT NULL,
  consent_version integer NOT NULL,
  consent_time    timestamptz NOT NULL,
  CONSTRAINT uq_deliveries_version UNIQUE (document_id, number)
);
COMMENT ON TABLE deliveries IS 'what was delivered; no foreign key: the proof outlives the document';
COMMENT ON COLUMN deliveries.e_post_entry_id IS 'identity''s entry by which the customer had consented';
CREATE INDEX ix_deliveries_list ON deliveries (customer_id, delivery_id);

CREATE TABLE delivery_steps (
  delivery_id  uuid NOT NULL CONSTRAINT fk_delivery_steps_delivery REFERENCES deliveries (delivery_id),
  stage        smallint NOT NULL,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  time         timestamptz NOT NULL,
  account_id   uuid,
  account_name text NOT NULL,
  sequence     bigint NOT NULL,
  hash         bytea NOT NULL,
  CONSTRAINT pk_delivery_steps PRIMARY KEY (delivery_id, stage)
);
COMMENT ON COLUMN delivery_steps.sequence IS 'entry of the sight ledger that tells of it; hash is that entry''s';
CREATE INDEX ix_delivery_steps_customer ON delivery_steps (customer_id);

ALTER TABLE documents ADD COLUMN deliver_time timestamptz, ADD COLUMN delivered_version integer NOT NULL DEFAULT 0;
"""
_LET_GO = """EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {table}.tenant_id)
  OR EXISTS (SELECT FROM erasures e WHERE e.of_customer_id = {table}.customer_id)"""
_TABLES = ("deliveries", "delivery_steps")


def upgrade() -> None:
    """Create the proofs, which the application can append and read; documents say when they were delivered."""
    execute_script(op, _SCHEMA)
    for table in _TABLES:
        grant_application(op, table, "SELECT, INSERT, DELETE")
        secure_by_tenant(op, table, also=SERVICE_WIDE)
        op.execute(
            f"CREATE POLICY visible ON {table} AS RESTRICTIVE"
            " USING ((SELECT kontor_role()) IN ('service', 'customer', 'staff'))"
        )
        op.execute(
            f"CREATE POLICY only_of_deleted_firms ON {table} AS RESTRICTIVE FOR DELETE"
            f" USING ({_LET_GO.format(table=table)})"
        )
        op.execute(
            f"CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_append()"
        )
        op.execute(
            f"CREATE TRIGGER only_append_all BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION only_append()"
        )


def downgrade() -> None:
    """Forget deliveries."""
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE documents DROP COLUMN deliver_time, DROP COLUMN delivered_version")
