"""In which language a person is written to.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; everybody is written to in German until he chooses otherwise."""
    op.execute(
        "ALTER TABLE accounts ADD COLUMN language text NOT NULL DEFAULT 'de'"
        " CONSTRAINT ck_accounts_language CHECK (language IN ('de', 'en'))"
    )


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE accounts DROP COLUMN language")
