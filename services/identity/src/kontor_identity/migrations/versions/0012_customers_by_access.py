"""Customers of a firm by the state of their access, in the order of their names.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a page of those who have access, or have none, be read without all the others."""
    op.execute("CREATE INDEX ix_customers_access_state ON customers (tenant_id, access_state, sort_name, customer_id)")


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX ix_customers_access_state")
