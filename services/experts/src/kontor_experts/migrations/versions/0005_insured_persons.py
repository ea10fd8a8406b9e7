"""Insured persons are a role of their own by now: listings are none of their business, as of no customer's.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = "'customer', 'trusted', 'anonymous', ''"


def upgrade() -> None:
    """Keep them out."""
    _keep_out(f"'insured', {_BEFORE}")


def downgrade() -> None:
    """Name only customers."""
    _keep_out(_BEFORE)


def _keep_out(roles: str) -> None:
    op.execute(f"ALTER POLICY not_for_customers ON listings USING ((SELECT kontor_role()) NOT IN ({roles}))")
