"""Under which key-encryption key a data key is wrapped, and the certificates of keys that were destroyed (F2).

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script, grant_application

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCHEMA = """
ALTER TABLE customer_keys ADD COLUMN wrapped_under text NOT NULL DEFAULT '';
COMMENT ON COLUMN customer_keys.wrapped_under IS 'name of the key-encryption key; empty: from before names were kept';
CREATE INDEX ix_customer_keys_wrapped_under ON customer_keys (wrapped_under, customer_id);

CREATE TABLE erasures (
  sequence       bigint CONSTRAINT pk_erasures PRIMARY KEY,
  of_tenant_id   uuid NOT NULL,
  of_customer_id uuid,
  keys           integer NOT NULL,
  keys_digest    bytea NOT NULL,
  documents      bigint NOT NULL,
  size_bytes     bigint NOT NULL,
  time           timestamptz NOT NULL,
  hash           bytea NOT NULL
);
COMMENT ON TABLE erasures IS 'certificates, chained by hash: whose keys were destroyed; without a customer: of a firm';
COMMENT ON COLUMN erasures.keys_digest IS 'SHA-256 over the SHA-256 of each destroyed wrapped key, by customer';
CREATE INDEX ix_erasures_customer ON erasures (of_customer_id) WHERE of_customer_id IS NOT NULL;
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON erasures FOR SELECT USING ((SELECT kontor_role()) = 'service'
  OR of_tenant_id = (SELECT kontor_tenant_id()) AND of_customer_id = (SELECT kontor_customer_id())
  OR of_tenant_id = (SELECT kontor_tenant_id()) AND (SELECT kontor_role()) = 'staff');
CREATE POLICY written ON erasures FOR INSERT WITH CHECK ((SELECT kontor_role()) = 'service');
CREATE TRIGGER only_append BEFORE UPDATE ON erasures FOR EACH ROW EXECUTE FUNCTION only_append();
CREATE TRIGGER only_append_all BEFORE DELETE OR TRUNCATE ON erasures
  FOR EACH STATEMENT EXECUTE FUNCTION only_append_all();
"""

# What only a deleted firm's end could delete so far, an erased customer's can as well.
_LET_GO = """EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {table}.tenant_id)
  OR EXISTS (SELECT FROM erasures e WHERE e.of_customer_id = {table}.customer_id)"""
_KEPT = "EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {table}.tenant_id)"
_TABLES = ("grants", "emergency_grants", "quotas", "sight_heads", "sightings")

_ONLY_APPEND = """
CREATE OR REPLACE FUNCTION only_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = OLD.tenant_id)
      OR EXISTS (SELECT FROM erasures e WHERE e.of_customer_id = OLD.customer_id) THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '% takes no %: it is append-only', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION only_append_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% takes no %: it is append-only', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def upgrade() -> None:
    """Name the wrapping key of every data key, and let customers be erased with a certificate."""
    execute_script(op, _ONLY_APPEND)
    execute_script(op, _SCHEMA)
    grant_application(op, "erasures", "SELECT, INSERT")
    grant_application(op, "customer_keys", "UPDATE")
    for table in _TABLES:
        op.execute(f"ALTER POLICY only_of_deleted_firms ON {table} USING ({_LET_GO.format(table=table)})")


def downgrade() -> None:
    """Forget names and certificates."""
    for table in _TABLES:
        op.execute(f"ALTER POLICY only_of_deleted_firms ON {table} USING ({_KEPT.format(table=table)})")
    op.execute("DROP TABLE erasures")
    op.execute("DROP FUNCTION only_append_all()")
    op.execute("ALTER TABLE customer_keys DROP COLUMN wrapped_under")
