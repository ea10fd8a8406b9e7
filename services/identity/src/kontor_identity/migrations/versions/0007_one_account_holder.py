"""One account holder for a customer, beside whom he trusts: 0005 narrowed the index of 0003 without the latter.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let trusted persons be members beside the account holder."""
    execute_script(
        op,
        """
        DROP INDEX uq_memberships_customer_id;
        CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
          WHERE ended_at IS NULL AND customer_id IS NOT NULL AND standing = 1 AND NOT (7 = ANY (roles));
        """,
    )


def downgrade() -> None:
    """Return to the index of 0005."""
    execute_script(
        op,
        """
        DROP INDEX uq_memberships_customer_id;
        CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
          WHERE ended_at IS NULL AND customer_id IS NOT NULL AND standing = 1;
        """,
    )
