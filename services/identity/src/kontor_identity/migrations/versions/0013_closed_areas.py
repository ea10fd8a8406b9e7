"""Parts of the office that a firm has closed for its customers, where tokens are made of them (F53).

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Copy them from the published design from now on."""
    op.execute("ALTER TABLE brands ADD COLUMN closed_areas smallint[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Drop the copy."""
    op.execute("ALTER TABLE brands DROP COLUMN closed_areas")
