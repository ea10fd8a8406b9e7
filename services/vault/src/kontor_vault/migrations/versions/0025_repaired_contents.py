"""Rounds count what they repaired, too.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count it."""
    op.execute(
        "ALTER TABLE keeping_rounds ADD COLUMN repaired bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN last_repaired bigint NOT NULL DEFAULT 0"
    )


def downgrade() -> None:
    """Count it no more."""
    op.execute("ALTER TABLE keeping_rounds DROP COLUMN repaired, DROP COLUMN last_repaired")
