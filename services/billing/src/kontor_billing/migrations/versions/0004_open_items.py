"""What customers owe: a demand per invoice, payments on it, and the dunning of what is overdue.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CREATE = """
ALTER TABLE invoices ADD COLUMN due_on date;
COMMENT ON COLUMN invoices.due_on IS 'last day to pay without delay; NULL on a cancellation';

CREATE TABLE receivables (
  invoice_id  uuid CONSTRAINT pk_receivables PRIMARY KEY CONSTRAINT fk_receivables_invoice_id REFERENCES invoices,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  due_on      date NOT NULL,
  gross_minor bigint NOT NULL,
  paid_minor  bigint NOT NULL CONSTRAINT ck_receivables_paid_minor CHECK (paid_minor BETWEEN 0 AND gross_minor),
  state       text NOT NULL CONSTRAINT ck_receivables_state CHECK (state IN ('OPEN', 'PAID', 'CANCELLED')),
  CONSTRAINT ck_receivables_paid CHECK (state = 'CANCELLED' OR (state = 'PAID') = (paid_minor = gross_minor))
);
COMMENT ON TABLE receivables IS 'locked by whoever pays, cancels or duns; the ledger says the same in entries';
CREATE INDEX ix_receivables_tenant_id_open ON receivables (tenant_id, due_on, invoice_id) WHERE state = 'OPEN';
CREATE INDEX ix_receivables_customer_id_open ON receivables (customer_id, due_on, invoice_id) WHERE state = 'OPEN';
CREATE INDEX ix_receivables_due_on_open ON receivables (due_on) WHERE state = 'OPEN';

CREATE TABLE payments (
  payment_id          uuid CONSTRAINT pk_payments PRIMARY KEY,
  tenant_id           uuid NOT NULL,
  customer_id         uuid NOT NULL,
  invoice_id          uuid NOT NULL CONSTRAINT fk_payments_invoice_id REFERENCES receivables,
  amount_minor        bigint NOT NULL CONSTRAINT ck_payments_amount_minor CHECK (amount_minor > 0),
  paid_on             date NOT NULL,
  recorded_at         timestamptz NOT NULL,
  recorder_account_id uuid NOT NULL
);
CREATE INDEX ix_payments_invoice_id ON payments (invoice_id, payment_id);

CREATE TABLE dunnings (
  dunning_id  uuid CONSTRAINT pk_dunnings PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  invoice_id  uuid NOT NULL CONSTRAINT fk_dunnings_invoice_id REFERENCES receivables
              CONSTRAINT uq_dunnings_invoice_id UNIQUE,
  started_at  timestamptz NOT NULL,
  ended_at    timestamptz,
  end_reason  text CONSTRAINT ck_dunnings_end_reason CHECK (end_reason IN ('PAID', 'CANCELLED', 'BY_CLERK')),
  note        text NOT NULL,
  CONSTRAINT ck_dunnings_ended CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);

ALTER TABLE ledger_transactions ADD COLUMN payment_id uuid
  CONSTRAINT fk_ledger_transactions_payment_id REFERENCES payments
  CONSTRAINT uq_ledger_transactions_payment_id UNIQUE;
COMMENT ON COLUMN ledger_transactions.payment_id IS 'set on the posting of a payment, else it is that of the invoice';
ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_account, ADD CONSTRAINT ck_ledger_entries_account
  CHECK (account IN ('CUSTOMER_RECEIVABLE', 'BROKER_PAYABLE', 'POOL_REVENUE', 'VAT_PAYABLE', 'INSURANCE_TAX_PAYABLE',
                     'BANK'));
CREATE POLICY overdue ON receivables FOR SELECT USING ({service_wide});
CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON payments
  FOR EACH STATEMENT EXECUTE FUNCTION never_changes();
"""

_STAFF = "(SELECT kontor_role()) IN ('service', 'staff')"


def upgrade() -> None:
    """Create all; a job over all firms looks for what is overdue, clerks post payments."""
    execute_script(op, _CREATE.format(service_wide=SERVICE_WIDE))
    for table in ("receivables", "payments", "dunnings"):
        secure_by_tenant(op, table)
        op.execute(f"CREATE POLICY recorded_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({_STAFF})")
    for table in ("receivables", "dunnings"):
        op.execute(f"CREATE POLICY changed_by ON {table} AS RESTRICTIVE FOR UPDATE USING ({_STAFF})")
        grant_application(op, table, "SELECT, INSERT, UPDATE")
    grant_application(op, "payments", "SELECT, INSERT")
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(f"DROP POLICY issued_by ON {table}")


def downgrade() -> None:
    """Drop all."""
    for table in ("ledger_transactions", "ledger_entries"):
        check = "(SELECT kontor_role()) = 'service'"
        op.execute(f"CREATE POLICY issued_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({check})")
    execute_script(
        op,
        "ALTER TABLE ledger_transactions DROP COLUMN payment_id; DROP TABLE dunnings, payments, receivables;"
        " ALTER TABLE invoices DROP COLUMN due_on",
    )
