"""The sight ledger tells of sharing, revoking and releasing, too, is kept by triggers, and is sealed (F2).

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = """
ALTER TABLE sightings
  ADD COLUMN form smallint NOT NULL DEFAULT 1,
  ADD COLUMN folder_id uuid,
  ADD COLUMN grant_id uuid,
  ADD COLUMN party_account_id uuid,
  ADD COLUMN party_name text NOT NULL DEFAULT '',
  ADD COLUMN until_time timestamptz,
  ALTER COLUMN document_id DROP NOT NULL,
  ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE sightings ALTER COLUMN form DROP DEFAULT;
COMMENT ON COLUMN sightings.form IS 'canonical form that the hash was made over';
COMMENT ON COLUMN sightings.account_id IS 'who did it; NULL: the platform, by a rule or the clock';
ALTER TABLE sight_heads ADD COLUMN sealed_sequence bigint NOT NULL DEFAULT 0;
CREATE INDEX ix_sight_heads_unsealed ON sight_heads (customer_id) WHERE sealed_sequence < sequence;

CREATE TABLE sight_seals (
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  sequence    bigint NOT NULL,
  hash        bytea NOT NULL,
  time        timestamptz NOT NULL,
  seal        bytea NOT NULL,
  CONSTRAINT pk_sight_seals PRIMARY KEY (customer_id, sequence)
);
COMMENT ON COLUMN sight_seals.seal IS 'HMAC under a key that is derived from the customer''s data key';

CREATE FUNCTION only_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = OLD.tenant_id) THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '% takes no %: it is append-only', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def upgrade() -> None:
    """Widen the entries, add the seals, and keep both from being changed, by the owner's slip as well."""
    execute_script(op, _COLUMNS)
    secure_by_tenant(op, "sight_seals", also=SERVICE_WIDE)
    grant_application(op, "sight_seals", "SELECT, INSERT, DELETE")
    op.execute(
        "CREATE POLICY visible ON sight_seals AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('service', 'customer'))"
    )
    for table in ("sightings", "sight_seals"):
        op.execute(
            f"CREATE TRIGGER only_append BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_append()"
        )
        op.execute(
            f"CREATE TRIGGER only_append_all BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION only_append()"
        )


def downgrade() -> None:
    """Take it back; entries of the wider form stay as far as the narrower columns hold them."""
    for table in ("sightings", "sight_seals"):
        op.execute(f"DROP TRIGGER only_append ON {table}")
        op.execute(f"DROP TRIGGER only_append_all ON {table}")
    op.execute("DROP FUNCTION only_append()")
    op.execute("DROP TABLE sight_seals")
    op.execute("DROP INDEX ix_sight_heads_unsealed")
    op.execute("ALTER TABLE sight_heads DROP COLUMN sealed_sequence")
    op.execute("DELETE FROM sightings WHERE form > 1")
    op.execute(
        "ALTER TABLE sightings DROP COLUMN form, DROP COLUMN folder_id, DROP COLUMN grant_id,"
        " DROP COLUMN party_account_id, DROP COLUMN party_name, DROP COLUMN until_time,"
        " ALTER COLUMN document_id SET NOT NULL, ALTER COLUMN account_id SET NOT NULL"
    )
