"""Trusted persons and the emergency release engine (F73-F76).

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE emergency_plans (
  customer_id   uuid CONSTRAINT pk_emergency_plans PRIMARY KEY
                CONSTRAINT fk_emergency_plans_customer_id REFERENCES customers,
  tenant_id     uuid NOT NULL CONSTRAINT fk_emergency_plans_tenant_id REFERENCES tenants,
  quorum        smallint NOT NULL CONSTRAINT ck_emergency_plans_quorum CHECK (quorum IN (1, 2)),
  waiting_hours integer NOT NULL CONSTRAINT ck_emergency_plans_waiting_hours CHECK (waiting_hours BETWEEN 3 AND 720),
  access_days   integer NOT NULL CONSTRAINT ck_emergency_plans_access_days CHECK (access_days BETWEEN 0 AND 365),
  version       integer NOT NULL
);

CREATE TABLE trusted_persons (
  trusted_person_id uuid CONSTRAINT pk_trusted_persons PRIMARY KEY,
  tenant_id         uuid NOT NULL CONSTRAINT fk_trusted_persons_tenant_id REFERENCES tenants,
  customer_id       uuid NOT NULL CONSTRAINT fk_trusted_persons_customer_id REFERENCES customers,
  position          integer NOT NULL,
  name              text NOT NULL,
  email             text NOT NULL,
  phone             text NOT NULL,
  relation          text NOT NULL,
  folder_ids        uuid[] NOT NULL,
  state             smallint NOT NULL CONSTRAINT ck_trusted_persons_state CHECK (state BETWEEN 1 AND 4),
  invitation_id     uuid NOT NULL CONSTRAINT fk_trusted_persons_invitation_id REFERENCES invitations,
  invite_expires_at timestamptz NOT NULL,
  account_id        uuid CONSTRAINT fk_trusted_persons_account_id REFERENCES accounts,
  membership_id     uuid CONSTRAINT fk_trusted_persons_membership_id REFERENCES memberships,
  created_at        timestamptz NOT NULL,
  answered_at       timestamptz,
  removed_at        timestamptz,
  version           integer NOT NULL,
  CONSTRAINT ck_trusted_persons_accepted CHECK (state <> 2 OR (account_id IS NOT NULL AND membership_id IS NOT NULL))
);
CREATE UNIQUE INDEX uq_trusted_persons_email ON trusted_persons (customer_id, lower(email)) WHERE state IN (1, 2);
CREATE INDEX ix_trusted_persons_customer_id ON trusted_persons (customer_id, position);
CREATE INDEX ix_trusted_persons_account_id ON trusted_persons (account_id);
CREATE INDEX ix_trusted_persons_invitation_id ON trusted_persons (invitation_id);

CREATE TABLE emergency_requests (
  emergency_request_id uuid CONSTRAINT pk_emergency_requests PRIMARY KEY,
  tenant_id            uuid NOT NULL CONSTRAINT fk_emergency_requests_tenant_id REFERENCES tenants,
  customer_id          uuid NOT NULL CONSTRAINT fk_emergency_requests_customer_id REFERENCES customers,
  state                smallint NOT NULL CONSTRAINT ck_emergency_requests_state CHECK (state BETWEEN 1 AND 8),
  reason               text NOT NULL,
  quorum               smallint NOT NULL,
  waiting_hours        integer NOT NULL,
  access_days          integer NOT NULL,
  supporter_ids        uuid[] NOT NULL CONSTRAINT ck_emergency_requests_asked CHECK (cardinality(supporter_ids) > 0),
  requested_at         timestamptz NOT NULL,
  lapses_at            timestamptz NOT NULL,
  waiting_since        timestamptz,
  release_at           timestamptz,
  released_at          timestamptz,
  access_ends_at       timestamptz,
  ended_at             timestamptz,
  version              integer NOT NULL,
  CONSTRAINT ck_emergency_requests_released CHECK (released_at IS NULL OR (
    cardinality(supporter_ids) >= quorum AND waiting_since IS NOT NULL AND released_at = release_at
    AND release_at - waiting_since >= make_interval(hours => waiting_hours)))
);
COMMENT ON CONSTRAINT ck_emergency_requests_released ON emergency_requests
  IS 'no release without quorum and the whole waiting period, whatever the code does';
CREATE UNIQUE INDEX uq_emergency_requests_running ON emergency_requests (customer_id) WHERE state IN (1, 2, 3);
CREATE INDEX ix_emergency_requests_customer_id ON emergency_requests (customer_id, emergency_request_id DESC);

CREATE TABLE emergency_grants (
  emergency_request_id uuid NOT NULL
    CONSTRAINT fk_emergency_grants_emergency_request_id REFERENCES emergency_requests,
  trusted_person_id    uuid NOT NULL CONSTRAINT fk_emergency_grants_trusted_person_id REFERENCES trusted_persons,
  tenant_id            uuid NOT NULL,
  customer_id          uuid NOT NULL,
  account_id           uuid NOT NULL,
  folder_ids           uuid[] NOT NULL,
  revoked_at           timestamptz,
  CONSTRAINT pk_emergency_grants PRIMARY KEY (emergency_request_id, trusted_person_id)
);

CREATE TABLE emergency_entries (
  entry_id             uuid CONSTRAINT pk_emergency_entries PRIMARY KEY,
  tenant_id            uuid NOT NULL,
  customer_id          uuid NOT NULL,
  time                 timestamptz NOT NULL,
  step                 smallint NOT NULL,
  actor                smallint NOT NULL,
  emergency_request_id uuid,
  trusted_person_id    uuid
);
CREATE INDEX ix_emergency_entries_customer_id ON emergency_entries (customer_id, entry_id DESC);

CREATE TABLE emergency_links (
  token_hash           bytea CONSTRAINT pk_emergency_links PRIMARY KEY,
  emergency_request_id uuid NOT NULL
    CONSTRAINT fk_emergency_links_emergency_request_id REFERENCES emergency_requests,
  created_at           timestamptz NOT NULL
);
"""

_INDEXES = """
DROP INDEX uq_memberships_customer_id;
CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
  WHERE ended_at IS NULL AND customer_id IS NOT NULL AND NOT (7 = ANY (roles));
CREATE UNIQUE INDEX uq_memberships_trusted ON memberships (customer_id, account_id)
  WHERE ended_at IS NULL AND 7 = ANY (roles);
CREATE INDEX ix_memberships_customer_id ON memberships (customer_id) WHERE customer_id IS NOT NULL;
"""

_PRIVILEGES = {
    "emergency_plans": "SELECT, INSERT, UPDATE",
    "trusted_persons": "SELECT, INSERT, UPDATE",
    "emergency_requests": "SELECT, INSERT, UPDATE",
    "emergency_grants": "SELECT, INSERT, UPDATE",
    "emergency_entries": "SELECT, INSERT",  # history: append-only, also for the application
}

_INVOLVED = "(SELECT kontor_role()) IN ('customer', 'trusted', 'service')"
"""The firm is not: who is trusted with what is the customer's own affair."""

_OWN_TRUSTED = (
    "kontor_role() = 'customer'"
    " AND EXISTS (SELECT FROM trusted_persons t WHERE t.invitation_id = invitations.invitation_id)"
)
_NEW_TRUSTED = "kontor_role() = 'customer' AND tenant_id = kontor_tenant_id() AND roles = '{7}' AND customer_id IS NULL"


def upgrade() -> None:
    """Create the tables; let customers invite trusted persons, and nobody else see those invitations."""
    execute_script(op, _TABLES)
    for table, privileges in _PRIVILEGES.items():
        grant_application(op, table, privileges)
        secure_by_tenant(op, table, also=SERVICE_WIDE)
        op.execute(f"CREATE POLICY involved ON {table} AS RESTRICTIVE USING ({_INVOLVED})")
    grant_application(op, "emergency_links", "SELECT, INSERT")
    op.execute("ALTER TABLE emergency_links ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE emergency_links FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_only ON emergency_links USING ({SERVICE_WIDE})")
    execute_script(op, _INDEXES)
    op.execute(
        f"CREATE POLICY customer_invites_trusted ON invitations USING ({_OWN_TRUSTED}) WITH CHECK ({_NEW_TRUSTED})"
    )
    op.execute(
        "CREATE POLICY trusted_are_private ON invitations AS RESTRICTIVE"
        " USING (roles <> '{7}' OR kontor_role() IN ('service', 'customer')) WITH CHECK (true)"
    )


def downgrade() -> None:
    """Drop everything."""
    op.execute("DROP POLICY trusted_are_private ON invitations")
    op.execute("DROP POLICY customer_invites_trusted ON invitations")
    for index in ("ix_memberships_customer_id", "uq_memberships_trusted", "uq_memberships_customer_id"):
        op.execute(f"DROP INDEX {index}")
    op.execute(
        "CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)"
        " WHERE ended_at IS NULL AND customer_id IS NOT NULL"
    )
    for table in ("emergency_links", *reversed(_PRIVILEGES)):
        op.execute(f"DROP TABLE {table}")
