"""Second factor, passkeys, one-time codes, known devices, changes of the e-mail address, and what happened when.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, grant_application

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SESSIONS = """
ALTER TABLE sessions ADD COLUMN level smallint NOT NULL DEFAULT 1 CONSTRAINT ck_sessions_level CHECK (level IN (1, 2));
ALTER TABLE sessions ADD COLUMN authenticated_at timestamptz;
UPDATE sessions SET authenticated_at = created_at;
ALTER TABLE sessions ALTER COLUMN authenticated_at SET NOT NULL;
COMMENT ON COLUMN sessions.authenticated_at IS 'when the person last proved who he is; machine time';
ALTER TABLE login_throttles DROP COLUMN succeeded_at;
"""

_ACCOUNT = """
CREATE TABLE devices (
  device_hash  bytea NOT NULL,
  account_id   uuid NOT NULL CONSTRAINT fk_devices_account_id REFERENCES accounts ON DELETE CASCADE,
  label        text NOT NULL,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  CONSTRAINT pk_devices PRIMARY KEY (device_hash, account_id)
);
CREATE INDEX ix_devices_account_id ON devices (account_id);
CREATE INDEX ix_devices_last_used_at ON devices (last_used_at);
CREATE TABLE totp_secrets (
  account_id    uuid CONSTRAINT pk_totp_secrets PRIMARY KEY
                CONSTRAINT fk_totp_secrets_account_id REFERENCES accounts ON DELETE CASCADE,
  secret_sealed bytea NOT NULL,
  created_at    timestamptz NOT NULL,
  confirmed_at  timestamptz,
  last_step     bigint NOT NULL
);
COMMENT ON COLUMN totp_secrets.last_step IS 'the latest 30-second step whose code was used; no code works twice';
CREATE TABLE recovery_codes (
  account_id uuid NOT NULL CONSTRAINT fk_recovery_codes_account_id REFERENCES accounts ON DELETE CASCADE,
  code_hash  bytea NOT NULL,
  used_at    timestamptz,
  CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, code_hash)
);
CREATE TABLE passkeys (
  passkey_id    uuid CONSTRAINT pk_passkeys PRIMARY KEY,
  account_id    uuid NOT NULL CONSTRAINT fk_passkeys_account_id REFERENCES accounts ON DELETE CASCADE,
  credential_id bytea NOT NULL CONSTRAINT uq_passkeys_credential_id UNIQUE,
  public_key    bytea NOT NULL,
  sign_count    bigint NOT NULL,
  transports    text[] NOT NULL,
  synced        boolean NOT NULL,
  name          text NOT NULL,
  created_at    timestamptz NOT NULL,
  last_used_at  timestamptz
);
CREATE INDEX ix_passkeys_account_id ON passkeys (account_id);
CREATE TABLE passkey_ceremonies (
  ceremony_id uuid CONSTRAINT pk_passkey_ceremonies PRIMARY KEY,
  challenge   bytea NOT NULL,
  account_id  uuid CONSTRAINT fk_passkey_ceremonies_account_id REFERENCES accounts ON DELETE CASCADE,
  expires_at  timestamptz NOT NULL
);
CREATE INDEX ix_passkey_ceremonies_expires_at ON passkey_ceremonies (expires_at);
CREATE TABLE sign_in_tickets (
  ticket_id   uuid CONSTRAINT pk_sign_in_tickets PRIMARY KEY,
  ticket_hash bytea NOT NULL CONSTRAINT uq_sign_in_tickets_ticket_hash UNIQUE,
  account_id  uuid CONSTRAINT fk_sign_in_tickets_account_id REFERENCES accounts ON DELETE CASCADE,
  step        smallint NOT NULL CONSTRAINT ck_sign_in_tickets_step CHECK (step IN (1, 2)),
  tries       smallint NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz
);
COMMENT ON COLUMN sign_in_tickets.account_id IS 'null when the address has no account: such a ticket never opens';
CREATE INDEX ix_sign_in_tickets_account_id ON sign_in_tickets (account_id);
CREATE INDEX ix_sign_in_tickets_expires_at ON sign_in_tickets (expires_at);
CREATE TABLE email_changes (
  change_id    uuid CONSTRAINT pk_email_changes PRIMARY KEY,
  account_id   uuid NOT NULL CONSTRAINT fk_email_changes_account_id REFERENCES accounts ON DELETE CASCADE,
  former_email text NOT NULL,
  new_email    text NOT NULL CONSTRAINT ck_email_changes_new_email CHECK (new_email = lower(new_email)),
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  confirmed    boolean NOT NULL
);
CREATE UNIQUE INDEX uq_email_changes_open ON email_changes (account_id) WHERE ended_at IS NULL;
CREATE TABLE email_change_tokens (
  token_hash bytea CONSTRAINT pk_email_change_tokens PRIMARY KEY,
  change_id  uuid NOT NULL CONSTRAINT fk_email_change_tokens_change_id REFERENCES email_changes ON DELETE CASCADE
);
CREATE TABLE account_events (
  account_event_id uuid CONSTRAINT pk_account_events PRIMARY KEY,
  account_id       uuid NOT NULL CONSTRAINT fk_account_events_account_id REFERENCES accounts ON DELETE CASCADE,
  kind             smallint NOT NULL,
  occurred_at      timestamptz NOT NULL,
  device           text NOT NULL,
  detail           text NOT NULL,
  former_email     text NOT NULL
);
CREATE INDEX ix_account_events_account_id ON account_events (account_id, occurred_at DESC, account_event_id DESC);
CREATE INDEX ix_account_events_occurred_at ON account_events (occurred_at);
"""

_OWN_ONLY = (
    "devices",
    "totp_secrets",
    "recovery_codes",
    "passkeys",
    "passkey_ceremonies",
    "sign_in_tickets",
    "email_changes",
    "email_change_tokens",
    "account_events",
)
"""Read and written by identity itself only, for the very account that asks."""


def upgrade() -> None:
    """Create the tables."""
    for statements in (_SESSIONS, _ACCOUNT):
        for statement in filter(str.strip, statements.split(";\n")):
            op.execute(statement)
    for table in _OWN_ONLY:
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY who ON {table} USING ({SERVICE_WIDE}) WITH CHECK ({SERVICE_WIDE})")


def downgrade() -> None:
    """Drop them."""
    for table in reversed(_OWN_ONLY):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute("ALTER TABLE sessions DROP COLUMN level, DROP COLUMN authenticated_at")
    op.execute("ALTER TABLE login_throttles ADD COLUMN succeeded_at timestamptz")
