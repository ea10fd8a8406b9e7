"""A second level of dunning with its fee, pauses, payments taken back, and what firms have paid.

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

_CUSTOMERS = """
CREATE TABLE dunning_terms (
  level      smallint NOT NULL CONSTRAINT ck_dunning_terms_level CHECK (level = 2),
  valid_from date NOT NULL,
  days       integer NOT NULL CONSTRAINT ck_dunning_terms_days CHECK (days BETWEEN 7 AND 90),
  fee_minor  bigint NOT NULL CONSTRAINT ck_dunning_terms_fee_minor CHECK (fee_minor BETWEEN 0 AND 250),
  CONSTRAINT pk_dunning_terms PRIMARY KEY (level, valid_from)
);
COMMENT ON TABLE dunning_terms IS
  'days after the level before, and its fee in cents; the first reminder puts into default and is free (§ 286 BGB)';
INSERT INTO dunning_terms (level, valid_from, days, fee_minor) VALUES (2, '2018-01-01', 14, 100);

ALTER TABLE dunnings
  ADD COLUMN level smallint NOT NULL DEFAULT 1 CONSTRAINT ck_dunnings_level CHECK (level IN (1, 2)),
  ADD COLUMN level_at timestamptz,
  DROP CONSTRAINT uq_dunnings_invoice_id;
CREATE UNIQUE INDEX uq_dunnings_one_running ON dunnings (invoice_id) WHERE ended_at IS NULL;
CREATE INDEX ix_dunnings_invoice_id ON dunnings (invoice_id, dunning_id);
CREATE INDEX ix_dunnings_first_level ON dunnings (started_at) WHERE ended_at IS NULL AND level = 1;

CREATE TABLE dunning_fees (
  fee_id       uuid CONSTRAINT pk_dunning_fees PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  invoice_id   uuid NOT NULL CONSTRAINT fk_dunning_fees_invoice_id REFERENCES receivables,
  dunning_id   uuid NOT NULL CONSTRAINT fk_dunning_fees_dunning_id REFERENCES dunnings,
  amount_minor bigint NOT NULL CONSTRAINT ck_dunning_fees_amount_minor CHECK (amount_minor <> 0),
  noted_at     timestamptz NOT NULL
);
CREATE INDEX ix_dunning_fees_invoice_id ON dunning_fees (invoice_id, fee_id);
COMMENT ON TABLE dunning_fees IS 'a fee, or with a negative amount its waiver; never changed';

CREATE TABLE dunning_pauses (
  pause_id          uuid CONSTRAINT pk_dunning_pauses PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  customer_id       uuid NOT NULL,
  invoice_id        uuid NOT NULL CONSTRAINT fk_dunning_pauses_invoice_id REFERENCES receivables,
  until_on          date,
  note              text NOT NULL,
  set_at            timestamptz NOT NULL,
  set_by_account_id uuid NOT NULL
);
CREATE INDEX ix_dunning_pauses_invoice_id ON dunning_pauses (invoice_id, pause_id);

ALTER TABLE receivables
  ADD COLUMN fee_minor bigint NOT NULL DEFAULT 0 CONSTRAINT ck_receivables_fee_minor CHECK (fee_minor >= 0),
  ADD COLUMN paused_until date,
  DROP CONSTRAINT ck_receivables_paid_minor,
  ADD CONSTRAINT ck_receivables_paid_minor CHECK (paid_minor BETWEEN 0 AND gross_minor + fee_minor),
  DROP CONSTRAINT ck_receivables_paid,
  ADD CONSTRAINT ck_receivables_paid
    CHECK (state = 'CANCELLED' OR (state = 'PAID') = (paid_minor = gross_minor + fee_minor));
COMMENT ON COLUMN receivables.paused_until IS 'what the latest of dunning_pauses says';

CREATE TABLE payment_reversals (
  reversal_id         uuid CONSTRAINT pk_payment_reversals PRIMARY KEY,
  payment_id          uuid NOT NULL CONSTRAINT fk_payment_reversals_payment_id REFERENCES payments
                      CONSTRAINT uq_payment_reversals_payment_id UNIQUE,
  tenant_id           uuid NOT NULL,
  customer_id         uuid NOT NULL,
  invoice_id          uuid NOT NULL CONSTRAINT fk_payment_reversals_invoice_id REFERENCES receivables,
  note                text NOT NULL,
  reversed_at         timestamptz NOT NULL,
  reverser_account_id uuid NOT NULL
);
CREATE INDEX ix_payment_reversals_invoice_id ON payment_reversals (invoice_id);
"""

_FIRMS = """
CREATE TABLE firm_receivables (
  firm_invoice_id uuid CONSTRAINT pk_firm_receivables PRIMARY KEY
                  CONSTRAINT fk_firm_receivables_firm_invoice_id REFERENCES firm_invoices,
  tenant_id       uuid NOT NULL,
  due_on          date NOT NULL,
  gross_minor     bigint NOT NULL,
  paid_minor      bigint NOT NULL CONSTRAINT ck_firm_receivables_paid_minor CHECK (paid_minor BETWEEN 0 AND gross_minor)
);
CREATE INDEX ix_firm_receivables_due_on ON firm_receivables (due_on, firm_invoice_id);
COMMENT ON TABLE firm_receivables IS 'locked by whoever records a payment; the ledger says the same in entries';

CREATE TABLE firm_payments (
  firm_payment_id     uuid CONSTRAINT pk_firm_payments PRIMARY KEY,
  tenant_id           uuid NOT NULL,
  firm_invoice_id     uuid NOT NULL CONSTRAINT fk_firm_payments_firm_invoice_id REFERENCES firm_receivables,
  amount_minor        bigint NOT NULL CONSTRAINT ck_firm_payments_amount_minor CHECK (amount_minor > 0),
  paid_on             date NOT NULL,
  recorded_at         timestamptz NOT NULL,
  recorder_account_id uuid NOT NULL
);
CREATE INDEX ix_firm_payments_firm_invoice_id ON firm_payments (firm_invoice_id, firm_payment_id);

CREATE TABLE firm_payment_reversals (
  reversal_id         uuid CONSTRAINT pk_firm_payment_reversals PRIMARY KEY,
  firm_payment_id     uuid NOT NULL CONSTRAINT fk_firm_payment_reversals_firm_payment_id REFERENCES firm_payments
                      CONSTRAINT uq_firm_payment_reversals_firm_payment_id UNIQUE,
  tenant_id           uuid NOT NULL,
  firm_invoice_id     uuid NOT NULL,
  note                text NOT NULL,
  reversed_at         timestamptz NOT NULL,
  reverser_account_id uuid NOT NULL
);

ALTER TABLE ledger_transactions
  ADD COLUMN event_id uuid CONSTRAINT uq_ledger_transactions_event_id UNIQUE,
  DROP CONSTRAINT uq_ledger_transactions_firm_invoice_id;
COMMENT ON COLUMN ledger_transactions.event_id IS
  'the fee, the reversal, or the firm''s payment that the transaction is of; NULL on those of documents and payments';
CREATE UNIQUE INDEX uq_ledger_transactions_of_firm_invoice ON ledger_transactions (firm_invoice_id)
  WHERE event_id IS NULL;
ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_account, ADD CONSTRAINT ck_ledger_entries_account
  CHECK (account IN ('CUSTOMER_RECEIVABLE', 'BROKER_PAYABLE', 'POOL_REVENUE', 'VAT_PAYABLE', 'INSURANCE_TAX_PAYABLE',
                     'BANK', 'FIRM_RECEIVABLE', 'PLATFORM_REVENUE', 'DUNNING_FEES'));
"""

# Invoices to firms are seen firm by firm only; nobody could record payments on them so far.
_DEMANDS = """
DO $demand$
DECLARE firm record;
BEGIN
  PERFORM set_config('kontor.role', 'service', true);
  FOR firm IN SELECT tenant_id FROM known_tenants LOOP
    PERFORM set_config('kontor.tenant_id', firm.tenant_id::text, true);
    INSERT INTO firm_receivables (firm_invoice_id, tenant_id, due_on, gross_minor, paid_minor)
    SELECT firm_invoice_id, tenant_id, due_on, gross_minor, 0 FROM firm_invoices;
  END LOOP;
  PERFORM set_config('kontor.tenant_id', '', true), set_config('kontor.role', '', true);
END $demand$
"""

_APPEND_ONLY = ("dunning_fees", "dunning_pauses", "payment_reversals", "firm_payments", "firm_payment_reversals")
_STAFF = "(SELECT kontor_role()) IN ('service', 'staff')"
_OPERATOR = "(SELECT kontor_role()) = 'operator'"
_PLATFORM = "(SELECT kontor_role()) IN ('service', 'operator')"
_OF_A_FIRM = """
CREATE POLICY operator_firms ON ledger_transactions USING ({operator} AND firm_invoice_id IS NOT NULL);
CREATE POLICY operator_firms ON ledger_entries USING ({operator} AND EXISTS (
  SELECT FROM ledger_transactions t
  WHERE t.transaction_id = ledger_entries.transaction_id AND t.firm_invoice_id IS NOT NULL));
"""


def upgrade() -> None:
    """Create all; clerks post for their firm's customers, the operator for firms."""
    execute_script(op, _CUSTOMERS)
    op.execute("ALTER TABLE dunning_terms ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY readable ON dunning_terms FOR SELECT USING (true)")
    grant_application(op, "dunning_terms", "SELECT")
    op.execute(f"CREATE POLICY due ON dunnings FOR SELECT USING ({SERVICE_WIDE})")
    for table in ("dunning_fees", "dunning_pauses", "payment_reversals"):
        secure_by_tenant(op, table)
        op.execute(f"CREATE POLICY recorded_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({_STAFF})")
    execute_script(op, _FIRMS)
    for table in ("firm_receivables", "firm_payments", "firm_payment_reversals"):
        secure_by_tenant(op, table, also=_OPERATOR, customer_column=None)
        readers = "(SELECT kontor_role()) IN ('service', 'operator', 'staff')"
        op.execute(f"CREATE POLICY who ON {table} AS RESTRICTIVE FOR SELECT USING ({readers})")
        op.execute(f"CREATE POLICY recorded_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({_PLATFORM})")
    op.execute(f"CREATE POLICY changed_by ON firm_receivables AS RESTRICTIVE FOR UPDATE USING ({_PLATFORM})")
    grant_application(op, "firm_receivables", "SELECT, INSERT, UPDATE")
    for table in _APPEND_ONLY:
        grant_application(op, table, "SELECT, INSERT")
        op.execute(
            f"CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )
    op.execute(_DEMANDS)
    _let_the_operator_post()


def _let_the_operator_post() -> None:
    who = "(SELECT kontor_role()) IN ('service', 'staff', 'operator')"
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(f"DROP POLICY who ON {table}")
        op.execute(f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ({who}) WITH CHECK ({who})")
    execute_script(op, _OF_A_FIRM.format(operator=_OPERATOR))


def downgrade() -> None:
    """Drop all; what was posted under the new reasons stays in the ledger, so this is for empty databases."""
    for table in ("ledger_transactions", "ledger_entries"):
        op.execute(f"DROP POLICY operator_firms ON {table}")
        op.execute(f"DROP POLICY who ON {table}")
        op.execute(f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ({_STAFF}) WITH CHECK ({_STAFF})")
    execute_script(
        op,
        "DROP INDEX uq_ledger_transactions_of_firm_invoice; ALTER TABLE ledger_transactions DROP COLUMN event_id,"
        " ADD CONSTRAINT uq_ledger_transactions_firm_invoice_id UNIQUE (firm_invoice_id);"
        " DROP TABLE firm_payment_reversals, firm_payments, firm_receivables, payment_reversals, dunning_pauses,"
        " dunning_fees, dunning_terms; DROP POLICY due ON dunnings;"
        " DROP INDEX uq_dunnings_one_running, ix_dunnings_invoice_id, ix_dunnings_first_level;"
        " ALTER TABLE dunnings DROP COLUMN level, DROP COLUMN level_at,"
        " ADD CONSTRAINT uq_dunnings_invoice_id UNIQUE (invoice_id);"
        " ALTER TABLE receivables DROP CONSTRAINT ck_receivables_paid, DROP CONSTRAINT ck_receivables_paid_minor,"
        " DROP COLUMN fee_minor, DROP COLUMN paused_until,"
        " ADD CONSTRAINT ck_receivables_paid_minor CHECK (paid_minor BETWEEN 0 AND gross_minor),"
        " ADD CONSTRAINT ck_receivables_paid"
        " CHECK (state = 'CANCELLED' OR (state = 'PAID') = (paid_minor = gross_minor))",
    )
