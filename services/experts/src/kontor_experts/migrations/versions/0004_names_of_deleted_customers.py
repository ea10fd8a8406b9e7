"""The history of an order forgets the name of a customer who is deleted.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import grant_application

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the history of orders about deleted customers be emptied, and no other."""
    grant_application(op, "order_history", "UPDATE")
    op.execute(
        "CREATE POLICY only_of_deleted_customers ON order_history AS RESTRICTIVE FOR UPDATE"
        " USING (EXISTS (SELECT FROM deleted_customers d JOIN orders o"
        " ON o.tenant_id = d.tenant_id AND o.customer_id = d.customer_id WHERE o.order_id = order_history.order_id))"
    )


def downgrade() -> None:
    """Keep it again."""
    op.execute("DROP POLICY only_of_deleted_customers ON order_history")
    op.execute(
        "DO $revoke$ BEGIN EXECUTE format("
        "'REVOKE UPDATE ON TABLE order_history FROM %I', regexp_replace(current_user, '_owner$', '_app')); END $revoke$"
    )
