"""Mails that somebody waits for come first, and are sent outside of a transaction under a lease."""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script

revision = "0003"
down_revision = "0002"

SCHEMA = """
ALTER TABLE deliveries
  ADD COLUMN priority    smallint NOT NULL DEFAULT 2 CONSTRAINT ck_deliveries_priority CHECK (priority BETWEEN 0 AND 2),
  ADD COLUMN lease_id    uuid,
  ADD COLUMN leased_until timestamptz,
  ADD CONSTRAINT ck_deliveries_lease
    CHECK ((lease_id IS NULL) = (leased_until IS NULL) AND (lease_id IS NULL OR state = 'PENDING'));
COMMENT ON COLUMN deliveries.priority IS '0 somebody waits for it, 1 about access, 2 everything else';
COMMENT ON COLUMN deliveries.lease_id IS 'the attempt under way; only it may settle the mail';
COMMENT ON COLUMN deliveries.leased_until IS 'by the clock of the database; afterwards the sender counts as lost';
DROP INDEX ix_deliveries_due;
CREATE INDEX ix_deliveries_due ON deliveries (priority, due_time) WHERE state = 'PENDING';
"""


def upgrade() -> None:
    """Add the order and the leases."""
    execute_script(op, SCHEMA)


def downgrade() -> None:
    """Send by age alone again."""
    execute_script(
        op,
        """
        DROP INDEX ix_deliveries_due;
        ALTER TABLE deliveries DROP COLUMN priority, DROP COLUMN lease_id, DROP COLUMN leased_until;
        CREATE INDEX ix_deliveries_due ON deliveries (due_time) WHERE state = 'PENDING';
        """,
    )
