"""Grants end by themselves and say whether the grantee may also add something (F3); firms release by rule (F176).

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SCHEMA = """
CREATE FUNCTION kontor_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('kontor.now', true), '')::timestamptz;

ALTER TABLE grants
  ADD COLUMN may_contribute boolean NOT NULL DEFAULT false,
  ADD COLUMN expire_time timestamptz;
CREATE INDEX ix_grants_expire ON grants (expire_time) WHERE revoke_time IS NULL AND expire_time IS NOT NULL;

CREATE TABLE release_rules (
  tenant_id  uuid NOT NULL,
  kind       smallint NOT NULL,
  account_id uuid NOT NULL,
  set_time   timestamptz NOT NULL,
  CONSTRAINT pk_release_rules PRIMARY KEY (tenant_id, kind)
);
COMMENT ON TABLE release_rules IS 'kinds that customers see as soon as the firm files them, and who set that';
"""

_IN_FORCE = "g.revoke_time IS NULL AND (g.expire_time IS NULL OR g.expire_time > kontor_now())"
_UNTIL_NOW = "g.revoke_time IS NULL"
_POLICIES = {
    "folders": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN EXISTS (SELECT FROM grants g WHERE g.folder_id = ANY (folders.path) AND {in_force})
        WHEN 'trusted' THEN EXISTS (
          SELECT FROM emergency_grants e
          WHERE e.customer_id = folders.customer_id AND e.account_id = (SELECT kontor_account_id())
            AND e.revoke_time IS NULL AND e.folder_ids && folders.path)
        ELSE false END""",
    "documents": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN release_time IS NOT NULL
        WHEN 'staff' THEN origin = 'FIRM'
          OR EXISTS (SELECT FROM grants g WHERE g.document_id = documents.document_id AND {in_force})
          OR EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)
        WHEN 'trusted' THEN release_time IS NOT NULL AND trash_time IS NULL
          AND EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)
        ELSE false END""",
}
_SIGHTINGS = """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN account_id = (SELECT kontor_account_id())
        WHEN 'trusted' THEN account_id = (SELECT kontor_account_id())
        ELSE {otherwise} END"""


def upgrade() -> None:
    """Add ends and rights of grants, the time that policies compare them with, and the firms' rules."""
    execute_script(op, _SCHEMA)
    for table, condition in _POLICIES.items():
        op.execute(f"ALTER POLICY visible ON {table} USING ({condition.format(in_force=_IN_FORCE)})")
    op.execute(f"ALTER POLICY visible ON sightings USING ({_SIGHTINGS.format(otherwise='false')})")
    grant_application(op, "release_rules", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "release_rules", also=SERVICE_WIDE, customer_column=None)
    op.execute(
        "CREATE POLICY visible ON release_rules AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('service', 'staff'))"
    )


def downgrade() -> None:
    """Let grants end only by being revoked."""
    for table, condition in _POLICIES.items():
        op.execute(f"ALTER POLICY visible ON {table} USING ({condition.format(in_force=_UNTIL_NOW)})")
    otherwise = "account_id = (SELECT kontor_account_id())"
    op.execute(f"ALTER POLICY visible ON sightings USING ({_SIGHTINGS.format(otherwise=otherwise)})")
    op.execute("DROP TABLE release_rules")
    op.execute("ALTER TABLE grants DROP COLUMN may_contribute, DROP COLUMN expire_time")
    op.execute("DROP FUNCTION kontor_now()")
