"""Firms, people, access and sign-in.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import (
    SERVICE_WIDE,
    create_chassis_tables,
    drop_chassis_tables,
    grant_application,
    secure_by_tenant,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_FIRMS = """
CREATE TABLE tenants (
  tenant_id                   uuid CONSTRAINT pk_tenants PRIMARY KEY,
  name                        text NOT NULL,
  slug                        text NOT NULL CONSTRAINT uq_tenants_slug UNIQUE
                              CONSTRAINT ck_tenants_slug CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  kind                        smallint NOT NULL CONSTRAINT ck_tenants_kind CHECK (kind BETWEEN 1 AND 3),
  state                       smallint NOT NULL CONSTRAINT ck_tenants_state CHECK (state BETWEEN 1 AND 3),
  contact_name                text NOT NULL,
  contact_email               text NOT NULL,
  email                       text NOT NULL,
  phone                       text NOT NULL,
  street                      text NOT NULL,
  postal_code                 text NOT NULL,
  city                        text NOT NULL,
  country                     text NOT NULL,
  ihk_number                  text NOT NULL,
  tier_one_access             smallint NOT NULL CONSTRAINT ck_tenants_tier_one_access CHECK (tier_one_access IN (1, 2)),
  last_customer_number        integer NOT NULL,
  created_at                  timestamptz NOT NULL,
  activated_at                timestamptz,
  trial_ends_at               timestamptz,
  administrator_invitation_id uuid,
  version                     integer NOT NULL
);
CREATE INDEX ix_tenants_created_at ON tenants (created_at, tenant_id);

CREATE TABLE brands (
  tenant_id     uuid CONSTRAINT pk_brands PRIMARY KEY CONSTRAINT fk_brands_tenant_id REFERENCES tenants,
  primary_color text NOT NULL CONSTRAINT ck_brands_primary_color CHECK (primary_color ~ '^#[0-9a-f]{6}$'),
  accent_color  text NOT NULL CONSTRAINT ck_brands_accent_color CHECK (accent_color ~ '^#[0-9a-f]{6}$'),
  heading       text NOT NULL,
  greeting      text NOT NULL,
  layout        smallint NOT NULL,
  logo          bytea CONSTRAINT ck_brands_logo CHECK (length(logo) <= 262144),
  logo_type     text NOT NULL,
  logo_version  integer NOT NULL,
  version       integer NOT NULL
);
"""

_PEOPLE = """
CREATE TABLE accounts (
  account_id uuid CONSTRAINT pk_accounts PRIMARY KEY,
  email      text NOT NULL CONSTRAINT uq_accounts_email UNIQUE
             CONSTRAINT ck_accounts_email CHECK (email = lower(email)),
  created_at timestamptz NOT NULL
);
CREATE TABLE credentials (
  account_id    uuid CONSTRAINT pk_credentials PRIMARY KEY CONSTRAINT fk_credentials_account_id REFERENCES accounts,
  password_hash text NOT NULL,
  changed_at    timestamptz NOT NULL
);
CREATE TABLE customers (
  customer_id             uuid CONSTRAINT pk_customers PRIMARY KEY,
  tenant_id               uuid NOT NULL CONSTRAINT fk_customers_tenant_id REFERENCES tenants,
  number                  integer NOT NULL,
  external_number         text,
  form                    smallint NOT NULL,
  salutation              smallint NOT NULL,
  title                   text NOT NULL,
  given_name              text NOT NULL,
  family_name             text NOT NULL,
  birth_date              date,
  email                   text NOT NULL,
  phone                   text NOT NULL,
  street                  text NOT NULL,
  postal_code             text NOT NULL,
  city                    text NOT NULL,
  country                 text NOT NULL,
  access_state            smallint NOT NULL,
  account_id              uuid CONSTRAINT fk_customers_account_id REFERENCES accounts,
  responsible_account_ids uuid[] NOT NULL,
  import_id               uuid,
  sort_name               text NOT NULL,
  search_text             text NOT NULL,
  created_at              timestamptz NOT NULL,
  updated_at              timestamptz NOT NULL,
  version                 integer NOT NULL,
  CONSTRAINT uq_customers_tenant_id_number UNIQUE (tenant_id, number),
  CONSTRAINT uq_customers_tenant_id_external_number UNIQUE (tenant_id, external_number)
);
CREATE INDEX ix_customers_tenant_id_sort_name ON customers (tenant_id, sort_name, customer_id);

CREATE TABLE memberships (
  membership_id uuid CONSTRAINT pk_memberships PRIMARY KEY,
  account_id    uuid NOT NULL CONSTRAINT fk_memberships_account_id REFERENCES accounts,
  tenant_id     uuid NOT NULL CONSTRAINT fk_memberships_tenant_id REFERENCES tenants,
  customer_id   uuid CONSTRAINT fk_memberships_customer_id REFERENCES customers,
  roles         smallint[] NOT NULL CONSTRAINT ck_memberships_roles CHECK (cardinality(roles) > 0),
  rights        smallint[] NOT NULL,
  display_name  text NOT NULL,
  phone         text NOT NULL,
  created_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  version       integer NOT NULL
);
CREATE UNIQUE INDEX uq_memberships_account_id_tenant_id ON memberships (account_id, tenant_id)
  WHERE ended_at IS NULL AND customer_id IS NULL;
CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
  WHERE ended_at IS NULL AND customer_id IS NOT NULL;
CREATE INDEX ix_memberships_account_id ON memberships (account_id);
CREATE INDEX ix_memberships_tenant_id_display_name ON memberships (tenant_id, display_name, membership_id);

CREATE TABLE invitations (
  invitation_id      uuid CONSTRAINT pk_invitations PRIMARY KEY,
  tenant_id          uuid NOT NULL CONSTRAINT fk_invitations_tenant_id REFERENCES tenants,
  customer_id        uuid CONSTRAINT fk_invitations_customer_id REFERENCES customers,
  display_name       text NOT NULL,
  email              text NOT NULL,
  letter_greeting    text NOT NULL,
  form               smallint NOT NULL,
  roles              smallint[] NOT NULL,
  rights             smallint[] NOT NULL,
  release_choice     smallint NOT NULL,
  release_categories text[] NOT NULL,
  state              smallint NOT NULL,
  created_at         timestamptz NOT NULL,
  expires_at         timestamptz NOT NULL,
  accepted_at        timestamptz,
  account_id         uuid CONSTRAINT fk_invitations_account_id REFERENCES accounts
);
CREATE UNIQUE INDEX uq_invitations_open_customer_id ON invitations (customer_id) WHERE state = 1;
CREATE INDEX ix_invitations_tenant_id_created_at ON invitations (tenant_id, created_at DESC, invitation_id DESC);
CREATE INDEX ix_invitations_expires_at ON invitations (expires_at) WHERE state = 1;
"""

_SIGN_IN = """
CREATE TABLE invitation_tokens (
  token_hash    bytea CONSTRAINT pk_invitation_tokens PRIMARY KEY,
  invitation_id uuid NOT NULL CONSTRAINT fk_invitation_tokens_invitation_id REFERENCES invitations ON DELETE CASCADE,
  created_at    timestamptz NOT NULL
);
CREATE TABLE password_resets (
  reset_id   uuid CONSTRAINT pk_password_resets PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT fk_password_resets_account_id REFERENCES accounts,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX ix_password_resets_account_id ON password_resets (account_id);
CREATE TABLE password_reset_tokens (
  token_hash bytea CONSTRAINT pk_password_reset_tokens PRIMARY KEY,
  reset_id   uuid NOT NULL CONSTRAINT fk_password_reset_tokens_reset_id REFERENCES password_resets ON DELETE CASCADE
);
CREATE TABLE sessions (
  session_id    uuid CONSTRAINT pk_sessions PRIMARY KEY,
  account_id    uuid NOT NULL CONSTRAINT fk_sessions_account_id REFERENCES accounts,
  membership_id uuid CONSTRAINT fk_sessions_membership_id REFERENCES memberships,
  device        text NOT NULL,
  created_at    timestamptz NOT NULL,
  last_used_at  timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  end_reason    text NOT NULL
);
COMMENT ON TABLE sessions IS 'instants of sessions, codes, tokens and keys are machine time: the gateway checks tokens';
CREATE INDEX ix_sessions_account_id ON sessions (account_id);
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE TABLE authorization_codes (
  code_hash      bytea CONSTRAINT pk_authorization_codes PRIMARY KEY,
  grant_id       uuid NOT NULL CONSTRAINT uq_authorization_codes_grant_id UNIQUE,
  session_id     uuid NOT NULL CONSTRAINT fk_authorization_codes_session_id REFERENCES sessions ON DELETE CASCADE,
  client_id      text NOT NULL,
  redirect_uri   text NOT NULL,
  scope          text NOT NULL,
  nonce          text NOT NULL,
  code_challenge text NOT NULL,
  expires_at     timestamptz NOT NULL,
  taken_at       timestamptz,
  issued_at      timestamptz
);
CREATE INDEX ix_authorization_codes_session_id ON authorization_codes (session_id);
CREATE TABLE refresh_tokens (
  token_hash  bytea CONSTRAINT pk_refresh_tokens PRIMARY KEY,
  session_id  uuid NOT NULL CONSTRAINT fk_refresh_tokens_session_id REFERENCES sessions ON DELETE CASCADE,
  client_id   text NOT NULL,
  scope       text NOT NULL,
  parent_hash bytea,
  issued_at   timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz
);
CREATE INDEX ix_refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX ix_refresh_tokens_parent_hash ON refresh_tokens (parent_hash);
CREATE TABLE signing_keys (
  kid             text CONSTRAINT pk_signing_keys PRIMARY KEY,
  public_jwk      text NOT NULL,
  private_sealed  bytea NOT NULL,
  created_at      timestamptz NOT NULL,
  signs_from      timestamptz NOT NULL,
  published_until timestamptz
);
CREATE TABLE login_throttles (
  key             bytea CONSTRAINT pk_login_throttles PRIMARY KEY,
  failures        integer NOT NULL,
  last_attempt_at timestamptz NOT NULL,
  blocked_until   timestamptz,
  succeeded_at    timestamptz
);
CREATE INDEX ix_login_throttles_last_attempt_at ON login_throttles (last_attempt_at);
"""

_OWN_ONLY = (
    "credentials",
    "invitation_tokens",
    "password_resets",
    "password_reset_tokens",
    "authorization_codes",
    "refresh_tokens",
    "signing_keys",
    "login_throttles",
)
"""Read and written by identity itself only, never on behalf of a caller."""

_TABLES = ("tenants", "brands", "accounts", "customers", "memberships", "invitations", "sessions", *_OWN_ONLY)

_TENANT_MATCHES = "tenant_id = (SELECT kontor_tenant_id())"
_MEMBER = (
    "EXISTS (SELECT 1 FROM memberships m WHERE m.account_id = accounts.account_id AND m.ended_at IS NULL"
    " AND m.tenant_id = (SELECT kontor_tenant_id()))"
)


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    for statements in (_FIRMS, _PEOPLE, _SIGN_IN):
        for statement in filter(str.strip, statements.split(";\n")):
            op.execute(statement)
    for table in _TABLES:
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
    _secure_firms()
    _secure_people()


def _secure_firms() -> None:
    """A firm sees itself; the operator sees all firms; anybody may put a firm on the waiting list."""
    everybody = f"{_TENANT_MATCHES} OR kontor_role() = 'operator' OR ({SERVICE_WIDE})"
    _secure("tenants", everybody, f"{everybody} OR state = 1")
    secure_by_tenant(op, "brands", also=SERVICE_WIDE, customer_column=None)
    secure_by_tenant(op, "customers", also=SERVICE_WIDE)
    secure_by_tenant(op, "invitations", also=SERVICE_WIDE)
    op.execute(
        "CREATE POLICY operator_invites_administrators ON invitations FOR INSERT"
        " WITH CHECK (kontor_role() = 'operator' AND customer_id IS NULL)"
    )


def _secure_people() -> None:
    """Memberships: own firm's staff, and of customers the firm sees all and a customer only himself."""
    mine = (
        f"({_TENANT_MATCHES} AND ((SELECT kontor_customer_id()) IS NULL OR customer_id IS NULL"
        " OR customer_id = (SELECT kontor_customer_id())))"
    )
    _secure("memberships", f"{mine} OR account_id = (SELECT kontor_account_id()) OR ({SERVICE_WIDE})")
    _secure("accounts", f"account_id = (SELECT kontor_account_id()) OR {_MEMBER} OR ({SERVICE_WIDE})", SERVICE_WIDE)
    _secure("sessions", f"account_id = (SELECT kontor_account_id()) OR ({SERVICE_WIDE})")
    for table in _OWN_ONLY:
        _secure(table, SERVICE_WIDE)


def _secure(table: str, using: str, check: str | None = None) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY who ON {table} USING ({using}) WITH CHECK ({check or using})")


def downgrade() -> None:
    """Drop everything."""
    for table in reversed(_TABLES):
        op.execute(f"DROP TABLE {table} CASCADE")
    drop_chassis_tables(op)
