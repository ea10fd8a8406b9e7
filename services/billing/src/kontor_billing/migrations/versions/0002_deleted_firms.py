"""A deleted firm is billed no more.

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


def upgrade() -> None:
    """Remember deleted firms; nothing of them may be deleted here."""
    let_deleted_firms_go(op)


def downgrade() -> None:
    """Forget them."""
    keep_deleted_firms(op)
