"""Raffles are read and written by identity itself only, as vouchers are: its RPCs decide what of them is shown.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bind the table, the owner included."""
    op.execute("ALTER TABLE raffles ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE raffles FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY identity_only ON raffles USING ({SERVICE_WIDE}) WITH CHECK ({SERVICE_WIDE})")


def downgrade() -> None:
    """Leave it open again."""
    op.execute("DROP POLICY identity_only ON raffles")
    op.execute("ALTER TABLE raffles NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE raffles DISABLE ROW LEVEL SECURITY")
