"""A firm's contracts that its customers do not see yet, newest first.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the few that wait for their release be found without all that were released."""
    op.execute("CREATE INDEX ix_contracts_unreleased ON contracts (tenant_id, contract_id DESC) WHERE NOT released")


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX ix_contracts_unreleased")
