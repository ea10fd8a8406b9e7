"""A short id of each firm, by which people who have an account ask to become its customers.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BROKER_IDS = """
CREATE FUNCTION new_broker_id() RETURNS text LANGUAGE sql VOLATILE
  RETURN (SELECT string_agg(substr('23456789ABCDEFGHJKLMNPQRSTUVWXYZ', 1 + floor(random() * 32)::int, 1), '')
          FROM generate_series(1, 8));
ALTER TABLE tenants ADD COLUMN broker_id text NOT NULL DEFAULT new_broker_id()
  CONSTRAINT uq_tenants_broker_id UNIQUE;
"""

_BINDINGS = """
CREATE TABLE bindings (
  binding_id   uuid CONSTRAINT pk_bindings PRIMARY KEY,
  tenant_id    uuid NOT NULL CONSTRAINT fk_bindings_tenant_id REFERENCES tenants,
  account_id   uuid NOT NULL CONSTRAINT fk_bindings_account_id REFERENCES accounts,
  tenant_name  text NOT NULL,
  email        text NOT NULL,
  display_name text NOT NULL,
  state        smallint NOT NULL CONSTRAINT ck_bindings_state CHECK (state BETWEEN 1 AND 3),
  customer_id  uuid CONSTRAINT fk_bindings_customer_id REFERENCES customers,
  created_at   timestamptz NOT NULL,
  decided_at   timestamptz,
  decided_by   uuid,
  CONSTRAINT ck_bindings_confirmed CHECK ((state = 2) = (customer_id IS NOT NULL))
);
CREATE UNIQUE INDEX uq_bindings_waiting ON bindings (tenant_id, account_id) WHERE state = 1;
CREATE INDEX ix_bindings_tenant_id ON bindings (tenant_id, state, created_at, binding_id);
CREATE INDEX ix_bindings_account_id ON bindings (account_id, created_at, binding_id);
"""

_WHO = (
    "(tenant_id = (SELECT kontor_tenant_id()) AND (SELECT kontor_customer_id()) IS NULL)"
    f" OR account_id = (SELECT kontor_account_id()) OR ({SERVICE_WIDE})"
)


def upgrade() -> None:
    """Give every firm its id, and requests their table: seen by the firm that is asked and by who asks."""
    execute_script(op, _BROKER_IDS)
    execute_script(op, _BINDINGS)
    grant_application(op, "bindings", "SELECT, INSERT, UPDATE, DELETE")
    op.execute("ALTER TABLE bindings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE bindings FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY who ON bindings USING ({_WHO}) WITH CHECK ({_WHO})")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE bindings")
    op.execute("ALTER TABLE tenants DROP COLUMN broker_id")
    op.execute("DROP FUNCTION new_broker_id()")
