"""Passkeys are bound to a host: the platform's, or one of a firm's own (F79).

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say which host a passkey opens; "" is the platform's, where all passkeys so far were made."""
    op.execute("ALTER TABLE passkeys ADD COLUMN host text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE passkey_ceremonies ADD COLUMN host text NOT NULL DEFAULT ''")


def downgrade() -> None:
    """Forget the hosts; a passkey of a firm's own then opens nothing."""
    op.execute("ALTER TABLE passkey_ceremonies DROP COLUMN host")
    op.execute("ALTER TABLE passkeys DROP COLUMN host")
