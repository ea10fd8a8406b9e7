"""What is kept of a firm goes when the firm is deleted.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import keep_deleted_firms, let_deleted_firms_go

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "notifications",
    "preferences",
    "deliveries",
    "read_positions",
)


def upgrade() -> None:
    """Let rows of deleted firms go."""
    let_deleted_firms_go(op, *_TABLES)


def downgrade() -> None:
    """Keep them again."""
    keep_deleted_firms(op, *_TABLES)
