"""The emergency folder: directives, digital legacy, and the plan for those who are to act (F73, F74, F76).

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE emergency_items (
  item_id     uuid CONSTRAINT pk_emergency_items PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  folder_id   uuid,
  kind        smallint NOT NULL,
  title       text NOT NULL,
  details     bytea NOT NULL,
  secret      bytea,
  done_name   text NOT NULL DEFAULT '',
  done_time   timestamptz,
  version     integer NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  CONSTRAINT fk_emergency_items_folder FOREIGN KEY (folder_id, customer_id)
    REFERENCES folders (folder_id, customer_id)
);
COMMENT ON COLUMN emergency_items.folder_id IS 'whoever is given this folder sees it; NULL: every trusted person';
COMMENT ON COLUMN emergency_items.details IS 'encrypted under the customer''s emergency key, bound to the item';
CREATE INDEX ix_emergency_items_list ON emergency_items (customer_id, item_id);
CREATE INDEX ix_emergency_items_folder ON emergency_items (folder_id) WHERE folder_id IS NOT NULL;
ALTER TABLE sightings ADD COLUMN item_id uuid;
"""

_VISIBLE = """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'trusted' THEN EXISTS (
          SELECT FROM emergency_grants e
          WHERE e.customer_id = emergency_items.customer_id AND e.account_id = (SELECT kontor_account_id())
            AND e.revoke_time IS NULL
            AND (emergency_items.folder_id IS NULL
              OR EXISTS (SELECT FROM folders f WHERE f.folder_id = emergency_items.folder_id)))
        ELSE false END"""


def upgrade() -> None:
    """Create the items; nobody of the firm sees any, trusted persons those of an emergency in force."""
    execute_script(op, _TABLE)
    grant_application(op, "emergency_items", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "emergency_items", also=SERVICE_WIDE)
    op.execute(f"CREATE POLICY visible ON emergency_items AS RESTRICTIVE USING ({_VISIBLE})")
    for action in ("INSERT", "DELETE"):
        checked = "WITH CHECK" if action == "INSERT" else "USING"
        op.execute(
            f"CREATE POLICY trusted_only_tick_{action.lower()} ON emergency_items AS RESTRICTIVE FOR {action}"
            f" {checked} ((SELECT kontor_role()) <> 'trusted')"
        )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE emergency_items")
    op.execute("ALTER TABLE sightings DROP COLUMN item_id")
