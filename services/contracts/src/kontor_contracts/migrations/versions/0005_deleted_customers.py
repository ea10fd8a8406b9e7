"""What is kept of a customer goes when the customer is deleted.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import keep_deleted_customers, let_deleted_customers_go

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember deleted customers; their contracts may be deleted anyway."""
    let_deleted_customers_go(op)


def downgrade() -> None:
    """Keep them again."""
    keep_deleted_customers(op)
