"""The words of a rating go with the customer whom the order was about; its stars stay.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import grant_application

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let ratings of orders about deleted customers be emptied, and no other."""
    grant_application(op, "ratings", "UPDATE")
    op.execute(
        "CREATE POLICY only_of_deleted_customers ON ratings AS RESTRICTIVE FOR UPDATE"
        " USING (EXISTS (SELECT FROM deleted_customers d JOIN orders o"
        " ON o.tenant_id = d.tenant_id AND o.customer_id = d.customer_id WHERE o.order_id = ratings.order_id))"
    )


def downgrade() -> None:
    """Keep them again."""
    op.execute("DROP POLICY only_of_deleted_customers ON ratings")
    op.execute(
        "DO $revoke$ BEGIN EXECUTE format("
        "'REVOKE UPDATE ON TABLE ratings FROM %I', regexp_replace(current_user, '_owner$', '_app')); END $revoke$"
    )
