"""Partner systems of a firm and their secrets.

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

_TABLES = """
CREATE TABLE partner_clients (
  client_id  uuid CONSTRAINT pk_partner_clients PRIMARY KEY,
  tenant_id  uuid NOT NULL CONSTRAINT fk_partner_clients_tenant_id REFERENCES tenants ON DELETE CASCADE,
  name       text NOT NULL,
  scopes     smallint[] NOT NULL CONSTRAINT ck_partner_clients_scopes CHECK (cardinality(scopes) > 0),
  rate       smallint NOT NULL CONSTRAINT ck_partner_clients_rate CHECK (rate BETWEEN 1 AND 3),
  created_at timestamptz NOT NULL,
  created_by uuid NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX ix_partner_clients_tenant_id ON partner_clients (tenant_id, created_at, client_id);
CREATE TABLE partner_secrets (
  secret_hash  bytea CONSTRAINT pk_partner_secrets PRIMARY KEY,
  client_id    uuid NOT NULL CONSTRAINT fk_partner_secrets_client_id REFERENCES partner_clients ON DELETE CASCADE,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  last_used_at timestamptz
);
CREATE INDEX ix_partner_secrets_client_id ON partner_secrets (client_id);
COMMENT ON COLUMN partner_secrets.expires_at IS 'set when a newer one replaces it; all instants here are machine time';
"""


def upgrade() -> None:
    """Create the tables."""
    execute_script(op, _TABLES)
    for table in ("partner_clients", "partner_secrets"):
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "partner_clients", also=SERVICE_WIDE, customer_column=None)
    op.execute("ALTER TABLE partner_secrets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE partner_secrets FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY who ON partner_secrets USING ({SERVICE_WIDE}) WITH CHECK ({SERVICE_WIDE})")


def downgrade() -> None:
    """Drop them."""
    for table in ("partner_secrets", "partner_clients"):
        op.execute(f"DROP TABLE {table}")
