"""Deliveries of documents are told from deliveries of mail by their name, too.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_RENAMED = (("deliveries", "document_deliveries"), ("delivery_steps", "document_delivery_steps"))


def upgrade() -> None:
    """Rename the tables; policies that name their own table follow by themselves."""
    for old, new in _RENAMED:
        op.rename_table(old, new)


def downgrade() -> None:
    """Take the names back."""
    for old, new in _RENAMED:
        op.rename_table(new, old)
