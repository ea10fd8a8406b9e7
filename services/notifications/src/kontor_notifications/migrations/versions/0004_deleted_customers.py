"""What is kept of a customer goes when the customer is deleted.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import keep_deleted_customers, let_deleted_customers_go

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ACCOUNTS = ("notifications", "preferences", "read_positions")
_OF_ACCOUNT = "{table}.account_id = ANY (d.account_ids)"


def upgrade() -> None:
    """Let rows of deleted customers and of their people go."""
    let_deleted_customers_go(
        op,
        deliveries=f"(d.customer_id = deliveries.customer_id OR {_OF_ACCOUNT.format(table='deliveries')})",
        **{table: _OF_ACCOUNT.format(table=table) for table in _ACCOUNTS},
    )


def downgrade() -> None:
    """Keep them again."""
    keep_deleted_customers(op, "deliveries", *_ACCOUNTS)
