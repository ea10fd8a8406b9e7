"""Which service tier a customer is in, as billing told (F7).

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; everybody is in tier 1 until billing tells otherwise."""
    op.execute(
        "ALTER TABLE customers ADD COLUMN tier smallint NOT NULL DEFAULT 1"
        " CONSTRAINT ck_customers_tier CHECK (tier BETWEEN 1 AND 3)"
    )


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE customers DROP COLUMN tier")
