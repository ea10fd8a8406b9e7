"""To which bank account an insurer pays, beside the one it draws from; by a name, never the number (F156).

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both to contracts."""
    op.execute(
        "ALTER TABLE contracts ADD COLUMN credit_account_reference text NOT NULL DEFAULT '',"
        " ADD COLUMN credit_account_masked text NOT NULL DEFAULT ''"
    )


def downgrade() -> None:
    """Drop both."""
    op.execute("ALTER TABLE contracts DROP COLUMN credit_account_reference, DROP COLUMN credit_account_masked")
