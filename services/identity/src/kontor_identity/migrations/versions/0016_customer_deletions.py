"""Deletions of customers: planned, taken back, done, certified (F94).

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SCHEMA = """
ALTER TABLE customers ADD COLUMN deleted_at timestamptz;
COMMENT ON COLUMN customers.deleted_at IS 'nameless since then; seen by nobody but identity itself';

CREATE TABLE customer_deletions (
  customer_deletion_id uuid CONSTRAINT pk_customer_deletions PRIMARY KEY,
  tenant_id            uuid NOT NULL CONSTRAINT fk_customer_deletions_tenant_id REFERENCES tenants,
  customer_id          uuid NOT NULL CONSTRAINT fk_customer_deletions_customer_id REFERENCES customers,
  customer_number      integer NOT NULL,
  by_customer          boolean NOT NULL,
  planned_at           timestamptz NOT NULL,
  planned_by           uuid NOT NULL,
  due_at               timestamptz NOT NULL,
  cancelled_at         timestamptz,
  deleted_at           timestamptz,
  certificate          bigint,
  documents            bigint NOT NULL DEFAULT 0,
  size_bytes           bigint NOT NULL DEFAULT 0,
  keys_digest          text NOT NULL DEFAULT '',
  certificate_hash     text NOT NULL DEFAULT '',
  erased_at            timestamptz,
  CONSTRAINT ck_customer_deletions_one_end CHECK (cancelled_at IS NULL OR deleted_at IS NULL),
  CONSTRAINT ck_customer_deletions_waited CHECK (deleted_at IS NULL OR deleted_at >= due_at),
  CONSTRAINT ck_customer_deletions_certified CHECK (
    (certificate IS NULL) = (erased_at IS NULL) AND (certificate IS NULL OR deleted_at IS NOT NULL))
);
COMMENT ON TABLE customer_deletions IS 'ids, numbers and instants only: the proof outlives the customer';
CREATE UNIQUE INDEX uq_customer_deletions_customer ON customer_deletions (customer_id) WHERE cancelled_at IS NULL;
CREATE INDEX ix_customer_deletions_due ON customer_deletions (due_at) WHERE cancelled_at IS NULL AND deleted_at IS NULL;
CREATE INDEX ix_customer_deletions_list ON customer_deletions (tenant_id, planned_at DESC, customer_deletion_id DESC)
  WHERE cancelled_at IS NULL;
"""


def upgrade() -> None:
    """Create the table and hide deleted customers from everybody but identity itself."""
    execute_script(op, _SCHEMA)
    grant_application(op, "customer_deletions", "SELECT, INSERT, UPDATE")
    secure_by_tenant(op, "customer_deletions", also=SERVICE_WIDE)
    op.execute(f"CREATE POLICY not_deleted ON customers AS RESTRICTIVE USING (deleted_at IS NULL OR {SERVICE_WIDE})")


def downgrade() -> None:
    """Drop it again."""
    op.execute("DROP POLICY not_deleted ON customers")
    op.execute("DROP TABLE customer_deletions")
    op.execute("ALTER TABLE customers DROP COLUMN deleted_at")
