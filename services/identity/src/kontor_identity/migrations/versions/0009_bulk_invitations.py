"""Invitations of many at once, what became of each mail, and access codes for letters.

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

_MAIL = """
ALTER TABLE invitations ADD COLUMN sent_at timestamptz;
ALTER TABLE invitations ADD COLUMN delivered_at timestamptz;
ALTER TABLE invitations ADD COLUMN opened_at timestamptz;
ALTER TABLE invitations ADD COLUMN bounced_at timestamptz;
ALTER TABLE invitations ADD COLUMN lettered_at timestamptz;
COMMENT ON COLUMN invitations.delivered_at IS 'when the mail server took the mail, of the latest sending';
COMMENT ON COLUMN invitations.lettered_at IS 'when a letter with an access code was last printed';
"""

_BULK = """
CREATE TABLE bulk_invitations (
  bulk_invitation_id uuid CONSTRAINT pk_bulk_invitations PRIMARY KEY,
  tenant_id          uuid NOT NULL CONSTRAINT fk_bulk_invitations_tenant_id REFERENCES tenants,
  created_by         uuid NOT NULL,
  created_at         timestamptz NOT NULL,
  form               smallint NOT NULL,
  release_choice     smallint NOT NULL,
  release_categories text[] NOT NULL,
  worked_at          timestamptz NOT NULL,
  finished_at        timestamptz
);
COMMENT ON COLUMN bulk_invitations.worked_at IS 'turns of the job: who waited longest is next';
CREATE INDEX ix_bulk_invitations_tenant_id_created_at
  ON bulk_invitations (tenant_id, created_at DESC, bulk_invitation_id DESC);
CREATE INDEX ix_bulk_invitations_worked_at ON bulk_invitations (worked_at) WHERE finished_at IS NULL;
CREATE TABLE bulk_invitation_items (
  bulk_invitation_id uuid NOT NULL
    CONSTRAINT fk_bulk_invitation_items_bulk_invitation_id REFERENCES bulk_invitations ON DELETE CASCADE,
  customer_id        uuid NOT NULL CONSTRAINT fk_bulk_invitation_items_customer_id REFERENCES customers,
  tenant_id          uuid NOT NULL,
  outcome            smallint NOT NULL CONSTRAINT ck_bulk_invitation_items_outcome CHECK (outcome BETWEEN 1 AND 5),
  invitation_id      uuid CONSTRAINT fk_bulk_invitation_items_invitation_id REFERENCES invitations,
  CONSTRAINT pk_bulk_invitation_items PRIMARY KEY (bulk_invitation_id, customer_id),
  CONSTRAINT ck_bulk_invitation_items_invitation_id CHECK ((outcome = 2) = (invitation_id IS NOT NULL))
);
CREATE INDEX ix_bulk_invitation_items_pending ON bulk_invitation_items (bulk_invitation_id, customer_id)
  WHERE outcome = 1;
"""

_CODES = """
CREATE TABLE access_codes (
  code_hash     bytea CONSTRAINT pk_access_codes PRIMARY KEY,
  tenant_id     uuid NOT NULL CONSTRAINT fk_access_codes_tenant_id REFERENCES tenants,
  customer_id   uuid NOT NULL CONSTRAINT fk_access_codes_customer_id REFERENCES customers,
  invitation_id uuid NOT NULL CONSTRAINT fk_access_codes_invitation_id REFERENCES invitations,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);
COMMENT ON TABLE access_codes IS 'codes of printed letters, as a keyed hash; a new letter replaces the former code';
CREATE UNIQUE INDEX uq_access_codes_invitation_id ON access_codes (invitation_id);
CREATE INDEX ix_access_codes_expires_at ON access_codes (expires_at);
"""

_PRIVILEGES = {
    "bulk_invitations": "SELECT, INSERT, UPDATE, DELETE",
    "bulk_invitation_items": "SELECT, INSERT, UPDATE, DELETE",
    "access_codes": "SELECT, INSERT, UPDATE, DELETE",
}


def upgrade() -> None:
    """Add columns and tables."""
    for statements in (_MAIL, _BULK, _CODES):
        execute_script(op, statements)
    for table, privileges in _PRIVILEGES.items():
        grant_application(op, table, privileges)
    secure_by_tenant(op, "bulk_invitations", also=SERVICE_WIDE, customer_column=None)
    secure_by_tenant(op, "bulk_invitation_items", also=SERVICE_WIDE)
    secure_by_tenant(op, "access_codes", also=SERVICE_WIDE)


def downgrade() -> None:
    """Drop them."""
    for table in ("access_codes", "bulk_invitation_items", "bulk_invitations"):
        op.execute(f"DROP TABLE {table}")
    for column in ("sent_at", "delivered_at", "opened_at", "bounced_at", "lettered_at"):
        op.execute(f"ALTER TABLE invitations DROP COLUMN {column}")
