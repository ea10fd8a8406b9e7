"""A deleted folder lets go of its documents, those included that whoever deletes it may not see.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REPLACE = """
ALTER TABLE documents DROP CONSTRAINT fk_documents_folder, ADD CONSTRAINT fk_documents_folder
  FOREIGN KEY (folder_id, customer_id) REFERENCES folders (folder_id, customer_id){}
"""


def upgrade() -> None:
    """Let PostgreSQL do it: actions of foreign keys are not bound by row-level security."""
    op.execute(_REPLACE.format(" ON DELETE SET NULL (folder_id)"))


def downgrade() -> None:
    """Restrict it again."""
    op.execute(_REPLACE.format(""))
