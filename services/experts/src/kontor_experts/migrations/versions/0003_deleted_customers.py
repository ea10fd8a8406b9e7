"""What is kept of a customer goes when the customer is deleted.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import grant_application, keep_deleted_customers, let_deleted_customers_go

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OF_ORDER = (
    "EXISTS (SELECT FROM orders o WHERE o.order_id = {table}.order_id"
    " AND o.tenant_id = d.tenant_id AND o.customer_id = d.customer_id)"
)
_DELETED = {
    **{table: f"d.customer_id = {table}.customer_id" for table in ("orders", "consents")},
    **{table: _OF_ORDER.format(table=table) for table in ("order_forms", "order_history")},
}
_EMPTIED = ("order_contents", "order_messages")


def upgrade() -> None:
    """Let rows of deleted customers go, and what experts received about them be emptied."""
    let_deleted_customers_go(op, **_DELETED)
    for table in _EMPTIED:
        grant_application(op, table, "UPDATE")
        op.execute(
            f"CREATE POLICY only_of_deleted_customers ON {table} AS RESTRICTIVE FOR UPDATE"
            f" USING (EXISTS (SELECT FROM deleted_customers d WHERE {_OF_ORDER.format(table=table)}))"
        )


def downgrade() -> None:
    """Keep them again."""
    for table in _EMPTIED:
        op.execute(f"DROP POLICY only_of_deleted_customers ON {table}")
        op.execute(
            "DO $revoke$ BEGIN EXECUTE format("
            f"'REVOKE UPDATE ON TABLE {table} FROM %I', regexp_replace(current_user, '_owner$', '_app'));"
            " END $revoke$"
        )
    keep_deleted_customers(op, *_DELETED)
