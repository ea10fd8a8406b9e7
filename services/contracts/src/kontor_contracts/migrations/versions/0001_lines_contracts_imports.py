"""Lines of business, contracts and portfolio imports.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import (
    create_chassis_tables,
    drop_chassis_tables,
    execute_script,
    grant_application,
    secure_by_tenant,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE lines_of_business (
  line_of_business_id uuid CONSTRAINT pk_lines_of_business PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  parent_id   uuid CONSTRAINT fk_lines_of_business_parent_id REFERENCES lines_of_business,
  key         text NOT NULL,
  name        text NOT NULL CONSTRAINT ck_lines_of_business_name CHECK (name <> ''),
  description text NOT NULL,
  gdv_key     text NOT NULL CONSTRAINT ck_lines_of_business_gdv_key CHECK (gdv_key ~ '^([0-9]{3})?$'),
  position    integer NOT NULL,
  CONSTRAINT uq_lines_of_business_tenant_id_key UNIQUE (tenant_id, key)
);
CREATE UNIQUE INDEX uq_lines_of_business_tenant_id_gdv_key ON lines_of_business (tenant_id, gdv_key)
  WHERE gdv_key <> '';
COMMENT ON COLUMN lines_of_business.key IS 'names a default line for good, also after the firm renamed it';

CREATE TABLE contracts (
  contract_id         uuid CONSTRAINT pk_contracts PRIMARY KEY,
  tenant_id           uuid NOT NULL,
  customer_id         uuid NOT NULL,
  line_of_business_id uuid NOT NULL CONSTRAINT fk_contracts_line_of_business_id REFERENCES lines_of_business,
  number              text NOT NULL CONSTRAINT ck_contracts_number CHECK (number <> ''),
  insurer_name        text NOT NULL,
  insurer_number      text NOT NULL,
  import_key          text,
  status              text NOT NULL CONSTRAINT ck_contracts_status
                      CHECK (status IN ('ACTIVE', 'PREMIUM_FREE', 'SUSPENDED', 'ENDED', 'START', 'OFFER')),
  rank                smallint NOT NULL GENERATED ALWAYS AS (CASE status WHEN 'OFFER' THEN 0 WHEN 'START' THEN 1
                      WHEN 'SUSPENDED' THEN 3 WHEN 'ENDED' THEN 4 ELSE 2 END) STORED,
  premium_minor_units bigint CONSTRAINT ck_contracts_premium_minor_units CHECK (premium_minor_units >= 0),
  premium_currency    text NOT NULL CONSTRAINT ck_contracts_premium_currency CHECK (premium_currency ~ '^[A-Z]{3}$'),
  payment_interval    text NOT NULL CONSTRAINT ck_contracts_payment_interval CHECK (payment_interval IN
                      ('UNSPECIFIED', 'YEARLY', 'HALF_YEARLY', 'QUARTERLY', 'MONTHLY', 'SINGLE', 'NONE')),
  begin_day           date,
  expiry_day          date,
  description         text NOT NULL,
  released            boolean NOT NULL,
  origin              text NOT NULL CONSTRAINT ck_contracts_origin CHECK (origin IN ('BROKER', 'IMPORT', 'CUSTOMER')),
  version             integer NOT NULL,
  create_time         timestamptz NOT NULL,
  update_time         timestamptz NOT NULL
);
CREATE INDEX ix_contracts_list ON contracts (tenant_id, customer_id, rank, contract_id DESC);
CREATE INDEX ix_contracts_portfolio ON contracts (tenant_id, contract_id DESC);
CREATE UNIQUE INDEX uq_contracts_tenant_id_import_key ON contracts (tenant_id, import_key)
  WHERE import_key IS NOT NULL;
COMMENT ON COLUMN contracts.rank IS 'order in a customer''s list: offers on top (F178)';
COMMENT ON COLUMN contracts.import_key IS 'insurer, policy and line as portfolio files name them';

CREATE TABLE portfolio_imports (
  import_id              uuid CONSTRAINT pk_portfolio_imports PRIMARY KEY,
  tenant_id              uuid NOT NULL,
  file_name              text NOT NULL,
  packages               integer NOT NULL,
  records                integer NOT NULL,
  customers              integer NOT NULL,
  contracts              integer NOT NULL,
  contracts_created      integer NOT NULL,
  contracts_updated      integer NOT NULL,
  contracts_unchanged    integer NOT NULL,
  report                 jsonb NOT NULL,
  imported_by_account_id uuid,
  create_time            timestamptz NOT NULL
);
CREATE INDEX ix_portfolio_imports_list ON portfolio_imports (tenant_id, create_time DESC, import_id DESC);
"""

_RELEASED_ONLY = """
CREATE POLICY released_to_customer ON contracts AS RESTRICTIVE
  USING ((SELECT kontor_customer_id()) IS NULL OR released)
"""
_STAFF_ONLY = """
CREATE POLICY staff_only ON portfolio_imports AS RESTRICTIVE
  USING ((SELECT kontor_role()) IN ('staff', 'service'))
"""


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    execute_script(op, _TABLES)
    grant_application(op, "lines_of_business", "SELECT, INSERT, UPDATE, DELETE")
    grant_application(op, "contracts", "SELECT, INSERT, UPDATE, DELETE")
    grant_application(op, "portfolio_imports", "SELECT, INSERT")
    secure_by_tenant(op, "lines_of_business", customer_column=None)
    secure_by_tenant(op, "contracts", customer_column="customer_id")
    secure_by_tenant(op, "portfolio_imports", customer_column=None)
    op.execute(_RELEASED_ONLY)
    op.execute(_STAFF_ONLY)


def downgrade() -> None:
    """Drop everything."""
    for table in ("portfolio_imports", "contracts", "lines_of_business"):
        op.execute(f"DROP TABLE {table}")
    drop_chassis_tables(op)
