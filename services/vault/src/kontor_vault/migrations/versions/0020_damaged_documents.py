"""Damage is told of where the document is shown.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name the document of a damaged object."""
    op.execute("ALTER TABLE damaged_objects ADD COLUMN document_id uuid NOT NULL")
    op.execute("CREATE INDEX ix_damaged_objects_document ON damaged_objects (document_id)")


def downgrade() -> None:
    """Name it no more."""
    op.execute("ALTER TABLE damaged_objects DROP COLUMN document_id")
