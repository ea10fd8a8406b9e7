"""What is kept of a customer goes when the customer is deleted.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import keep_deleted_customers, let_deleted_customers_go

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = ("read_marks", "messages", "chats")


def upgrade() -> None:
    """Let rows of deleted customers go."""
    let_deleted_customers_go(op, **{table: f"d.customer_id = {table}.customer_id" for table in _TABLES})


def downgrade() -> None:
    """Keep them again."""
    keep_deleted_customers(op, *_TABLES)
