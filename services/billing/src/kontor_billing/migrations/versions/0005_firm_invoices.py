"""The platform's invoices to firms: what is charged since when, agreed prices, the issuer, the invoices.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script, grant_application, secure_by_tenant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE plan_choices (
  tenant_id uuid NOT NULL,
  chosen_at timestamptz NOT NULL,
  plan      smallint NOT NULL,
  CONSTRAINT pk_plan_choices PRIMARY KEY (tenant_id, chosen_at)
);
COMMENT ON TABLE plan_choices IS 'as identity told: from its German day on a firm has the plan';

CREATE TABLE white_labels (
  tenant_id   uuid NOT NULL,
  changed_at  timestamptz NOT NULL,
  white_label boolean NOT NULL,
  CONSTRAINT pk_white_labels PRIMARY KEY (tenant_id, changed_at)
);

CREATE TABLE trial_orders (
  extension_id uuid CONSTRAINT pk_trial_orders PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  ordered_on   date NOT NULL,
  net_minor    bigint NOT NULL
);
CREATE INDEX ix_trial_orders_tenant_id ON trial_orders (tenant_id, ordered_on);

CREATE TABLE agreed_prices (
  tenant_id               uuid CONSTRAINT pk_agreed_prices PRIMARY KEY,
  base_minor              bigint,
  setup_minor             bigint,
  white_label_minor       bigint,
  white_label_setup_minor bigint,
  set_at                  timestamptz NOT NULL,
  set_by_account_id       uuid NOT NULL
);
COMMENT ON TABLE agreed_prices IS 'NULL: as the plan says, which may give the price on request';

CREATE TABLE issuer (
  single      boolean CONSTRAINT pk_issuer PRIMARY KEY CONSTRAINT ck_issuer_single CHECK (single),
  name        text NOT NULL,
  street      text NOT NULL,
  postal_code text NOT NULL,
  city        text NOT NULL,
  tax_number  text NOT NULL,
  iban        text NOT NULL,
  email       text NOT NULL,
  set_at      timestamptz NOT NULL
);

CREATE TABLE platform_series (
  series      text CONSTRAINT pk_platform_series PRIMARY KEY,
  last_number bigint NOT NULL
);

CREATE TABLE firm_invoices (
  firm_invoice_id uuid CONSTRAINT pk_firm_invoices PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  number          text NOT NULL CONSTRAINT uq_firm_invoices_number UNIQUE,
  period          text NOT NULL,
  issue_date      date NOT NULL,
  due_on          date NOT NULL,
  lines           jsonb NOT NULL,
  net_minor       bigint NOT NULL,
  gross_minor     bigint NOT NULL,
  taxes           jsonb NOT NULL,
  seller          jsonb NOT NULL,
  buyer           jsonb NOT NULL,
  issued_at       timestamptz NOT NULL,
  CONSTRAINT uq_firm_invoices_tenant_id_period UNIQUE (tenant_id, period)
);
CREATE INDEX ix_firm_invoices_tenant_id ON firm_invoices (tenant_id, firm_invoice_id);

CREATE TABLE firm_billing_runs (
  tenant_id   uuid NOT NULL,
  period      text NOT NULL,
  finished_at timestamptz NOT NULL,
  CONSTRAINT pk_firm_billing_runs PRIMARY KEY (tenant_id, period)
);

ALTER TABLE ledger_transactions
  ALTER COLUMN customer_id DROP NOT NULL,
  ALTER COLUMN invoice_id DROP NOT NULL,
  ADD COLUMN firm_invoice_id uuid CONSTRAINT fk_ledger_transactions_firm_invoice_id REFERENCES firm_invoices
    CONSTRAINT uq_ledger_transactions_firm_invoice_id UNIQUE,
  ADD CONSTRAINT ck_ledger_transactions_reason CHECK (num_nonnulls(invoice_id, firm_invoice_id) = 1),
  ADD CONSTRAINT ck_ledger_transactions_customer CHECK ((customer_id IS NULL) = (invoice_id IS NULL));
ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_account, ADD CONSTRAINT ck_ledger_entries_account
  CHECK (account IN ('CUSTOMER_RECEIVABLE', 'BROKER_PAYABLE', 'POOL_REVENUE', 'VAT_PAYABLE', 'INSURANCE_TAX_PAYABLE',
                     'BANK', 'FIRM_RECEIVABLE', 'PLATFORM_REVENUE'));
CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON firm_invoices
  FOR EACH STATEMENT EXECUTE FUNCTION never_changes();
"""

_SERVICE = "(SELECT kontor_role()) = 'service'"
_OPERATOR = "(SELECT kontor_role()) = 'operator'"
_TOLD = ("plan_choices", "white_labels", "trial_orders", "firm_billing_runs")


def upgrade() -> None:
    """Create all; the operator sees every firm's invoices and prices, a firm its own invoices."""
    execute_script(op, _CREATE)
    for table in _TOLD:
        secure_by_tenant(op, table, customer_column=None)
        op.execute(f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ({_SERVICE})")
        grant_application(op, table, "SELECT, INSERT")
    secure_by_tenant(op, "firm_invoices", also=_OPERATOR, customer_column=None)
    op.execute(f"CREATE POLICY issued_by ON firm_invoices AS RESTRICTIVE FOR INSERT WITH CHECK ({_SERVICE})")
    readers = "(SELECT kontor_role()) IN ('service', 'operator', 'staff')"
    op.execute(f"CREATE POLICY who ON firm_invoices AS RESTRICTIVE USING ({readers})")
    grant_application(op, "firm_invoices", "SELECT, INSERT")
    secure_by_tenant(op, "agreed_prices", also=_OPERATOR, customer_column=None)
    op.execute(f"CREATE POLICY who ON agreed_prices AS RESTRICTIVE USING ({_SERVICE} OR {_OPERATOR})")
    grant_application(op, "agreed_prices", "SELECT, INSERT, UPDATE")
    for table, who in (("issuer", f"{_SERVICE} OR {_OPERATOR}"), ("platform_series", _SERVICE)):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY who ON {table} USING ({who}) WITH CHECK ({who})")
        grant_application(op, table, "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    """Drop all."""
    execute_script(
        op,
        "ALTER TABLE ledger_transactions DROP COLUMN firm_invoice_id, DROP CONSTRAINT ck_ledger_transactions_customer,"
        " ALTER COLUMN customer_id SET NOT NULL, ALTER COLUMN invoice_id SET NOT NULL;"
        " DROP TABLE firm_billing_runs, firm_invoices, platform_series, issuer, agreed_prices, trial_orders,"
        " white_labels, plan_choices",
    )
