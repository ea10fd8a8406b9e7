"""Who has left a firm: his token outlives him by minutes, and he must not become the operator of a chat meanwhile.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script, grant_application, secure_by_tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE departed_staff (
  tenant_id            uuid NOT NULL,
  account_id           uuid NOT NULL,
  successor_account_id uuid,
  left_at              timestamptz NOT NULL,
  CONSTRAINT pk_departed_staff PRIMARY KEY (tenant_id, account_id)
);
COMMENT ON TABLE departed_staff IS 'staff who have left, and who took over; ids only';
"""


def upgrade() -> None:
    """Create the table."""
    execute_script(op, _TABLE)
    grant_application(op, "departed_staff", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "departed_staff", customer_column=None)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE departed_staff")
