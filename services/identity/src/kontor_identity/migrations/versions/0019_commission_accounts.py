"""To which of his accounts a customer who is a broker himself gets his commission (F156).

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; at most one open account of a customer bears it."""
    op.execute("ALTER TABLE bank_accounts ADD COLUMN for_commission boolean NOT NULL DEFAULT false")
    op.execute(
        "CREATE UNIQUE INDEX uq_bank_accounts_one_for_commission ON bank_accounts (customer_id)"
        " WHERE for_commission AND closed_at IS NULL"
    )


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE bank_accounts DROP COLUMN for_commission")
