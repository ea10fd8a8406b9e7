"""Households, absence of staff, and customers' master data with policy, requests and history.

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

_PEOPLE = """
ALTER TABLE memberships ADD COLUMN standing smallint NOT NULL DEFAULT 1
  CONSTRAINT ck_memberships_standing CHECK (standing BETWEEN 1 AND 3);
ALTER TABLE invitations ADD COLUMN standing smallint NOT NULL DEFAULT 1
  CONSTRAINT ck_invitations_standing CHECK (standing BETWEEN 1 AND 3);
COMMENT ON COLUMN memberships.standing IS 'of a customer: 1 account holder, 2 insured person, 3 guardian';
DROP INDEX uq_memberships_customer_id;
CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
  WHERE ended_at IS NULL AND customer_id IS NOT NULL AND standing = 1;
CREATE UNIQUE INDEX uq_memberships_customer_id_account_id ON memberships (customer_id, account_id)
  WHERE ended_at IS NULL AND customer_id IS NOT NULL;
DROP INDEX uq_invitations_open_customer_id;
CREATE UNIQUE INDEX uq_invitations_open_customer_id ON invitations (customer_id) WHERE state = 1 AND standing = 1;

CREATE TABLE staff_absences (
  absence_id            uuid CONSTRAINT pk_staff_absences PRIMARY KEY,
  tenant_id             uuid NOT NULL CONSTRAINT fk_staff_absences_tenant_id REFERENCES tenants,
  account_id            uuid NOT NULL CONSTRAINT fk_staff_absences_account_id REFERENCES accounts,
  substitute_account_id uuid CONSTRAINT fk_staff_absences_substitute_account_id REFERENCES accounts,
  starts_on             date NOT NULL,
  ends_on               date NOT NULL,
  created_by            uuid NOT NULL,
  created_at            timestamptz NOT NULL,
  cancelled_at          timestamptz,
  CONSTRAINT ck_staff_absences_days CHECK (ends_on >= starts_on),
  CONSTRAINT ck_staff_absences_substitute CHECK (substitute_account_id <> account_id)
);
CREATE INDEX ix_staff_absences_tenant_id_ends_on ON staff_absences (tenant_id, ends_on) WHERE cancelled_at IS NULL;
"""

_MASTER_DATA = """
ALTER TABLE customers
  ADD COLUMN marital_status  smallint NOT NULL DEFAULT 0
                             CONSTRAINT ck_customers_marital_status CHECK (marital_status BETWEEN 0 AND 6),
  ADD COLUMN marital_since   date,
  ADD COLUMN is_intermediary boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN customers.is_intermediary IS 'a broker who is a customer: his address is not changed here';

CREATE TABLE customer_contacts (
  contact_id  uuid CONSTRAINT pk_customer_contacts PRIMARY KEY,
  tenant_id   uuid NOT NULL CONSTRAINT fk_customer_contacts_tenant_id REFERENCES tenants,
  customer_id uuid NOT NULL CONSTRAINT fk_customer_contacts_customer_id REFERENCES customers,
  kind        smallint NOT NULL,
  value       text NOT NULL,
  label       text NOT NULL,
  created_at  timestamptz NOT NULL
);
CREATE INDEX ix_customer_contacts_customer_id ON customer_contacts (customer_id);

CREATE TABLE bank_accounts (
  bank_account_id uuid CONSTRAINT pk_bank_accounts PRIMARY KEY,
  tenant_id       uuid NOT NULL CONSTRAINT fk_bank_accounts_tenant_id REFERENCES tenants,
  customer_id     uuid NOT NULL CONSTRAINT fk_bank_accounts_customer_id REFERENCES customers,
  iban_sealed     bytea NOT NULL,
  iban_blinded    bytea NOT NULL,
  iban_masked     text NOT NULL,
  bic             text NOT NULL,
  bank_name       text NOT NULL,
  holder          text NOT NULL,
  created_at      timestamptz NOT NULL,
  closed_at       timestamptz
);
CREATE UNIQUE INDEX uq_bank_accounts_customer_id_iban ON bank_accounts (customer_id, iban_blinded)
  WHERE closed_at IS NULL;

CREATE TABLE edit_policies (
  tenant_id    uuid CONSTRAINT pk_edit_policies PRIMARY KEY
               CONSTRAINT fk_edit_policies_tenant_id REFERENCES tenants,
  person       smallint NOT NULL,
  address      smallint NOT NULL,
  contact      smallint NOT NULL,
  bank_account smallint NOT NULL,
  contracts    smallint NOT NULL,
  version      integer NOT NULL
);

CREATE TABLE change_requests (
  change_request_id uuid CONSTRAINT pk_change_requests PRIMARY KEY,
  tenant_id         uuid NOT NULL CONSTRAINT fk_change_requests_tenant_id REFERENCES tenants,
  customer_id       uuid NOT NULL CONSTRAINT fk_change_requests_customer_id REFERENCES customers,
  field_group       smallint NOT NULL,
  content_sealed    bytea NOT NULL,
  summary           text NOT NULL,
  is_case           boolean NOT NULL,
  state             smallint NOT NULL,
  reason            text NOT NULL,
  requested_by      uuid NOT NULL,
  requested_name    text NOT NULL,
  requested_at      timestamptz NOT NULL,
  decided_by        uuid,
  decided_name      text NOT NULL,
  decided_at        timestamptz
);
CREATE INDEX ix_change_requests_tenant_id_requested_at ON change_requests (tenant_id, requested_at DESC);
CREATE INDEX ix_change_requests_customer_id ON change_requests (customer_id);

CREATE TABLE customer_changes (
  change_id    uuid CONSTRAINT pk_customer_changes PRIMARY KEY,
  tenant_id    uuid NOT NULL CONSTRAINT fk_customer_changes_tenant_id REFERENCES tenants,
  customer_id  uuid NOT NULL CONSTRAINT fk_customer_changes_customer_id REFERENCES customers,
  field        text NOT NULL,
  old_value    text NOT NULL,
  new_value    text NOT NULL,
  changed_by   uuid,
  changed_name text NOT NULL,
  by_customer  boolean NOT NULL,
  changed_at   timestamptz NOT NULL
);
COMMENT ON TABLE customer_changes IS 'every change of master data: who, when, old, new; account numbers masked';
CREATE INDEX ix_customer_changes_customer_id_changed_at ON customer_changes (customer_id, changed_at DESC, change_id);

CREATE TABLE critical_processes (
  process_id  uuid CONSTRAINT pk_critical_processes PRIMARY KEY,
  tenant_id   uuid NOT NULL CONSTRAINT fk_critical_processes_tenant_id REFERENCES tenants,
  customer_id uuid NOT NULL CONSTRAINT fk_critical_processes_customer_id REFERENCES customers,
  started_at  timestamptz NOT NULL,
  ended_at    timestamptz
);
COMMENT ON TABLE critical_processes IS 'dunning and the like, told by billing: while one runs, bank data stand still';
CREATE INDEX ix_critical_processes_customer_id ON critical_processes (customer_id) WHERE ended_at IS NULL;
"""

_OF_CUSTOMERS = ("customer_contacts", "bank_accounts", "change_requests", "customer_changes", "critical_processes")
_OF_FIRMS = ("staff_absences", "edit_policies")


def upgrade() -> None:
    """Create everything."""
    execute_script(op, _PEOPLE)
    execute_script(op, _MASTER_DATA)
    for table in (*_OF_CUSTOMERS, *_OF_FIRMS):
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        column = "customer_id" if table in _OF_CUSTOMERS else None
        secure_by_tenant(op, table, also=SERVICE_WIDE, customer_column=column)


def downgrade() -> None:
    """Drop everything; further persons of a household must be gone before."""
    for table in (*reversed(_OF_CUSTOMERS), *_OF_FIRMS):
        op.execute(f"DROP TABLE {table}")
    execute_script(
        op,
        """
        ALTER TABLE customers DROP COLUMN marital_status, DROP COLUMN marital_since, DROP COLUMN is_intermediary;
        DROP INDEX uq_memberships_customer_id;
        DROP INDEX uq_memberships_customer_id_account_id;
        DROP INDEX uq_invitations_open_customer_id;
        ALTER TABLE memberships DROP COLUMN standing;
        ALTER TABLE invitations DROP COLUMN standing;
        CREATE UNIQUE INDEX uq_memberships_customer_id ON memberships (customer_id)
          WHERE ended_at IS NULL AND customer_id IS NOT NULL;
        CREATE UNIQUE INDEX uq_invitations_open_customer_id ON invitations (customer_id) WHERE state = 1;
        """,
    )
