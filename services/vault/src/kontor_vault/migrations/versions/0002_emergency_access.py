"""What trusted persons see after an emergency release (F73-F76): exactly the folders in scope, and only to read.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0002"
down_revision = "0001"

_TABLE = """
CREATE TABLE emergency_grants (
  emergency_request_id uuid NOT NULL,
  account_id           uuid NOT NULL,
  tenant_id            uuid NOT NULL,
  customer_id          uuid NOT NULL,
  folder_ids           uuid[] NOT NULL,
  release_time         timestamptz NOT NULL,
  revoke_time          timestamptz,
  CONSTRAINT pk_emergency_grants PRIMARY KEY (emergency_request_id, account_id)
);
CREATE INDEX ix_emergency_grants_account ON emergency_grants (customer_id, account_id) WHERE revoke_time IS NULL;
"""

_FOLDER_IN_SCOPE = """EXISTS (
          SELECT FROM emergency_grants e
          WHERE e.customer_id = folders.customer_id AND e.account_id = (SELECT kontor_account_id())
            AND e.revoke_time IS NULL AND e.folder_ids && folders.path)"""
"""The caller's own grant in force names the folder or one above it."""

_BEFORE = {
    "folders": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN EXISTS (
          SELECT FROM grants g WHERE g.folder_id = ANY (folders.path) AND g.revoke_time IS NULL)
        ELSE false END""",
    "documents": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN release_time IS NOT NULL
        WHEN 'staff' THEN origin = 'FIRM'
          OR EXISTS (SELECT FROM grants g WHERE g.document_id = documents.document_id AND g.revoke_time IS NULL)
          OR EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)
        ELSE false END""",
}

_TRUSTED = {
    "folders": _FOLDER_IN_SCOPE,
    "documents": """release_time IS NOT NULL AND trash_time IS NULL
          AND EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)""",
}


def upgrade() -> None:
    """Create the grants and let trusted persons through to what they name."""
    execute_script(op, _TABLE)
    grant_application(op, "emergency_grants", "SELECT, INSERT, UPDATE")
    secure_by_tenant(op, "emergency_grants", also=SERVICE_WIDE)
    op.execute("""
      CREATE POLICY visible ON emergency_grants AS RESTRICTIVE USING (
        CASE (SELECT kontor_role())
          WHEN 'service' THEN true
          WHEN 'trusted' THEN account_id = (SELECT kontor_account_id())
          ELSE false END)""")
    for table, condition in _BEFORE.items():
        with_trusted = condition.replace(
            "ELSE false END", f"WHEN 'trusted' THEN {_TRUSTED[table]}\n        ELSE false END"
        )
        op.execute(f"ALTER POLICY visible ON {table} USING ({with_trusted})")
        # Looking is all they may do, whatever the use cases do.
        for action in ("INSERT", "UPDATE", "DELETE"):
            checked = "WITH CHECK" if action == "INSERT" else "USING"
            op.execute(
                f"CREATE POLICY trusted_only_look_{action.lower()} ON {table} AS RESTRICTIVE FOR {action}"
                f" {checked} ((SELECT kontor_role()) <> 'trusted')"
            )


def downgrade() -> None:
    """Shut trusted persons out again."""
    for table, condition in _BEFORE.items():
        for action in ("insert", "update", "delete"):
            op.execute(f"DROP POLICY trusted_only_look_{action} ON {table}")
        op.execute(f"ALTER POLICY visible ON {table} USING ({condition})")
    op.execute("DROP TABLE emergency_grants")
