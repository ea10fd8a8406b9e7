"""Which bank account a contract draws from, by a name that identity gave it; never the number (F156).

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both to contracts."""
    op.execute(
        "ALTER TABLE contracts ADD COLUMN account_reference text NOT NULL DEFAULT '',"
        " ADD COLUMN account_masked text NOT NULL DEFAULT ''"
    )
    op.execute("COMMENT ON COLUMN contracts.account_reference IS 'names a bank account within the firm; see identity'")


def downgrade() -> None:
    """Drop both."""
    op.execute("ALTER TABLE contracts DROP COLUMN account_reference, DROP COLUMN account_masked")
