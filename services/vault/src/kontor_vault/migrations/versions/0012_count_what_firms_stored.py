"""Count what firms had stored before their storage was counted.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# The tables' owner is under row-level security, too: without a role it would count nothing.
_COUNT = """
SELECT set_config('kontor.role', 'service', true);
LOCK TABLE versions, uploads IN SHARE MODE;
INSERT INTO firm_storage (tenant_id, stored_bytes)
  SELECT tenant_id, sum(size_bytes) FROM (
    SELECT tenant_id, size_bytes FROM versions WHERE restored_from IS NULL
    UNION ALL SELECT tenant_id, size_bytes FROM uploads WHERE state IN ('RESERVED', 'RECEIVING')) AS kept
  GROUP BY tenant_id
ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = excluded.stored_bytes,
  overhang_bytes = greatest(firm_storage.overhang_bytes, excluded.stored_bytes);
SELECT set_config('kontor.role', '', true);
"""


def upgrade() -> None:
    """Count once more, with everything in sight."""
    execute_script(op, _COUNT)


def downgrade() -> None:
    """What was counted stays right."""
