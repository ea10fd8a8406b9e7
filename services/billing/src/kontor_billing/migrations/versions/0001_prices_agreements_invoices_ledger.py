"""Prices, agreements, invoices and the ledger, with the pool's catalogue as data.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import (
    SERVICE_WIDE,
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

_PLATFORM_TABLES = """
CREATE TABLE catalogue_components (
  component_id uuid CONSTRAINT pk_catalogue_components PRIMARY KEY DEFAULT gen_random_uuid(),
  tier         smallint NOT NULL CONSTRAINT ck_catalogue_components_tier CHECK (tier BETWEEN 1 AND 3),
  position     smallint NOT NULL,
  code         text NOT NULL,
  name         text NOT NULL,
  payee        text NOT NULL CONSTRAINT ck_catalogue_components_payee CHECK (payee IN ('POOL', 'BROKER')),
  net_minor    bigint NOT NULL CONSTRAINT ck_catalogue_components_net_minor CHECK (net_minor >= 0),
  tax_kind     text NOT NULL
               CONSTRAINT ck_catalogue_components_tax_kind CHECK (tax_kind IN ('VAT', 'INSURANCE_TAX', 'NONE')),
  valid_from   date NOT NULL,
  valid_until  date,
  CONSTRAINT uq_catalogue_components_tier_code_valid_from UNIQUE (tier, code, valid_from),
  CONSTRAINT ck_catalogue_components_valid_until CHECK (valid_until >= valid_from)
);
COMMENT ON TABLE catalogue_components IS 'what the pool recommends (F10, F17); amounts in cents of EUR, monthly, net';

CREATE TABLE tax_rates (
  tax_kind     text NOT NULL,
  valid_from   date NOT NULL,
  basis_points integer NOT NULL CONSTRAINT ck_tax_rates_basis_points CHECK (basis_points BETWEEN 0 AND 10000),
  CONSTRAINT pk_tax_rates PRIMARY KEY (tax_kind, valid_from)
);
COMMENT ON TABLE tax_rates IS 'rate by kind and date (F13): a change of the law is a row, never a release';

CREATE TABLE agreement_texts (
  version                text CONSTRAINT pk_agreement_texts PRIMARY KEY,
  valid_from             date NOT NULL,
  title                  text NOT NULL,
  body                   text NOT NULL,
  withdrawal_information text NOT NULL
);
"""

_TABLES = """
CREATE TABLE known_tenants (
  tenant_id    uuid CONSTRAINT pk_known_tenants PRIMARY KEY,
  activated_at timestamptz NOT NULL
);

CREATE TABLE broker_shares (
  share_id          uuid CONSTRAINT pk_broker_shares PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  tier              smallint NOT NULL CONSTRAINT ck_broker_shares_tier CHECK (tier IN (2, 3)),
  net_minor         bigint NOT NULL CONSTRAINT ck_broker_shares_net_minor CHECK (net_minor BETWEEN 0 AND 50000),
  valid_from        date NOT NULL,
  set_at            timestamptz NOT NULL,
  set_by_account_id uuid NOT NULL,
  replaced_at       timestamptz
);
CREATE UNIQUE INDEX uq_broker_shares_one_per_day ON broker_shares (tenant_id, tier, valid_from)
  WHERE replaced_at IS NULL;

CREATE TABLE price_versions (
  tenant_id     uuid NOT NULL,
  price_version text NOT NULL,
  tier          smallint NOT NULL,
  components    jsonb NOT NULL,
  CONSTRAINT pk_price_versions PRIMARY KEY (tenant_id, price_version)
);
COMMENT ON TABLE price_versions IS 'prices that were signed, named by their content; never changed';

CREATE TABLE agreements (
  agreement_id         uuid CONSTRAINT pk_agreements PRIMARY KEY,
  tenant_id            uuid NOT NULL,
  customer_id          uuid NOT NULL,
  tier                 smallint NOT NULL CONSTRAINT ck_agreements_tier CHECK (tier IN (2, 3)),
  state                text NOT NULL
                       CONSTRAINT ck_agreements_state CHECK (state IN ('ACTIVE', 'CANCELLED', 'WITHDRAWN')),
  text_version         text NOT NULL CONSTRAINT fk_agreements_text_version REFERENCES agreement_texts,
  price_version        text NOT NULL,
  signed_at            timestamptz NOT NULL,
  signed_on            date NOT NULL,
  signed_by_account_id uuid NOT NULL,
  ends_on              date,
  withdrawn_at         timestamptz,
  version              integer NOT NULL,
  CONSTRAINT fk_agreements_tenant_id_price_version FOREIGN KEY (tenant_id, price_version) REFERENCES price_versions,
  CONSTRAINT ck_agreements_cancelled_ends CHECK (state <> 'CANCELLED' OR ends_on IS NOT NULL),
  CONSTRAINT ck_agreements_withdrawn_when CHECK ((state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_agreements_one_active ON agreements (tenant_id, customer_id) WHERE state = 'ACTIVE';
CREATE INDEX ix_agreements_tenant_id_customer_id ON agreements (tenant_id, customer_id, agreement_id);
CREATE INDEX ix_agreements_tenant_id_agreement_id ON agreements (tenant_id, agreement_id);

CREATE TABLE number_series (
  tenant_id   uuid NOT NULL,
  series      text NOT NULL,
  last_number bigint NOT NULL,
  CONSTRAINT pk_number_series PRIMARY KEY (tenant_id, series)
);

CREATE TABLE invoices (
  invoice_id         uuid CONSTRAINT pk_invoices PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  agreement_id       uuid NOT NULL CONSTRAINT fk_invoices_agreement_id REFERENCES agreements,
  kind               text NOT NULL CONSTRAINT ck_invoices_kind CHECK (kind IN ('INVOICE', 'CANCELLATION')),
  number             text NOT NULL,
  period             text NOT NULL,
  issue_date         date NOT NULL,
  service_from       date NOT NULL,
  service_to         date NOT NULL,
  tier               smallint NOT NULL,
  net_minor          bigint NOT NULL,
  gross_minor        bigint NOT NULL,
  taxes              jsonb NOT NULL,
  seller             jsonb NOT NULL,
  buyer              jsonb NOT NULL,
  cancels_invoice_id uuid CONSTRAINT fk_invoices_cancels_invoice_id REFERENCES invoices
                     CONSTRAINT uq_invoices_cancels_invoice_id UNIQUE,
  cancels_number     text NOT NULL,
  issued_at          timestamptz NOT NULL,
  CONSTRAINT uq_invoices_tenant_id_number UNIQUE (tenant_id, number),
  CONSTRAINT uq_invoices_agreement_id_period_kind UNIQUE (agreement_id, period, kind),
  CONSTRAINT ck_invoices_cancellation CHECK ((kind = 'CANCELLATION') = (cancels_invoice_id IS NOT NULL))
);
CREATE INDEX ix_invoices_tenant_id_customer_id ON invoices (tenant_id, customer_id, invoice_id);
CREATE INDEX ix_invoices_tenant_id_period ON invoices (tenant_id, period, invoice_id);

CREATE TABLE ledger_transactions (
  transaction_id uuid CONSTRAINT pk_ledger_transactions PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  customer_id    uuid NOT NULL,
  invoice_id     uuid NOT NULL CONSTRAINT fk_ledger_transactions_invoice_id REFERENCES invoices,
  posted_at      timestamptz NOT NULL
);
CREATE INDEX ix_ledger_transactions_invoice_id ON ledger_transactions (invoice_id);

CREATE TABLE ledger_entries (
  entry_id       uuid CONSTRAINT pk_ledger_entries PRIMARY KEY,
  transaction_id uuid NOT NULL CONSTRAINT fk_ledger_entries_transaction_id REFERENCES ledger_transactions,
  tenant_id      uuid NOT NULL,
  position       smallint NOT NULL,
  account        text NOT NULL CONSTRAINT ck_ledger_entries_account CHECK (account IN (
                   'CUSTOMER_RECEIVABLE', 'BROKER_PAYABLE', 'POOL_REVENUE', 'VAT_PAYABLE', 'INSURANCE_TAX_PAYABLE')),
  payee          text CONSTRAINT ck_ledger_entries_payee CHECK (payee IN ('POOL', 'BROKER')),
  component_code text NOT NULL,
  amount_minor   bigint NOT NULL CONSTRAINT ck_ledger_entries_amount_minor CHECK (amount_minor <> 0),
  CONSTRAINT uq_ledger_entries_transaction_id_position UNIQUE (transaction_id, position)
);
CREATE INDEX ix_ledger_entries_tenant_id_account ON ledger_entries (tenant_id, account);

CREATE TABLE billing_runs (
  tenant_id   uuid NOT NULL,
  period      text NOT NULL,
  finished_at timestamptz NOT NULL,
  CONSTRAINT pk_billing_runs PRIMARY KEY (tenant_id, period)
);
"""

_RULES = """
CREATE FUNCTION ledger_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE balance bigint;
BEGIN
  SELECT coalesce(sum(amount_minor), 1) INTO balance FROM ledger_entries WHERE transaction_id = NEW.transaction_id;
  IF balance <> 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_is_balanced',
      MESSAGE = format('ledger transaction %s is not balanced', NEW.transaction_id);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_is_balanced();
CREATE CONSTRAINT TRIGGER not_empty AFTER INSERT ON ledger_transactions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_is_balanced();

CREATE FUNCTION never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'never_changes',
    MESSAGE = format('%s is append-only', TG_TABLE_NAME);
END $$;
"""

_APPEND_ONLY = ("price_versions", "invoices", "ledger_transactions", "ledger_entries")
_SERVICE = "(SELECT kontor_role()) = 'service'"
_STAFF = "(SELECT kontor_role()) IN ('service', 'staff')"

_CATALOGUE = """
INSERT INTO catalogue_components (tier, position, code, name, payee, net_minor, tax_kind, valid_from) VALUES
  (2, 1, 'portal',            'Portal und digitale Ablage',          'POOL',   210, 'VAT',           '2018-01-01'),
  (2, 2, 'luggage-cover',     'Reisegepäckschutz (Gruppenvertrag)',  'POOL',    50, 'INSURANCE_TAX', '2018-01-01'),
  (2, 3, 'broker-service',    'Service Ihres Maklers',               'BROKER', 500, 'VAT',           '2018-01-01'),
  (3, 1, 'portal',            'Portal und digitale Ablage',          'POOL',   510, 'VAT',           '2018-01-01'),
  (3, 2, 'protection-covers', 'Schutzleistungen (Gruppenverträge)',  'POOL',   240, 'INSURANCE_TAX', '2018-01-01'),
  (3, 3, 'broker-service',    'Service Ihres Maklers',               'BROKER', 1000, 'VAT',          '2018-01-01');
INSERT INTO tax_rates (tax_kind, valid_from, basis_points) VALUES
  ('VAT', '2007-01-01', 1900), ('VAT', '2020-07-01', 1600), ('VAT', '2021-01-01', 1900),
  ('INSURANCE_TAX', '2007-01-01', 1900);
"""

_AGREEMENT_TEXT = """
INSERT INTO agreement_texts (version, valid_from, title, body, withdrawal_information) VALUES ('2026-01', '2018-01-01',
'Servicevereinbarung',
$body$Diese Vereinbarung ergänzt den Maklervertrag. Die Beratung und Betreuung aus dem Maklervertrag ist in allen Stufen dieselbe; vergütet werden allein die zusätzlichen Serviceleistungen der gewählten Stufe.

Ihr Makler stellt Ihnen das Kundenportal mit digitaler Ablage zur Verfügung und erbringt die Leistungen, die in der Übersicht Ihrer Stufe genannt sind. Sie allein bestimmen, welche Dokumente dort liegen und wer sie sehen darf.

Der Servicebeitrag wird je Kalendermonat nachträglich berechnet, auch für den Monat des Abschlusses in voller Höhe. Er gilt zu dem Preis, der Ihnen beim Abschluss gezeigt wurde. Ändert sich ein Steuersatz, ändert sich nur die Steuer.

Sie können die Vereinbarung jederzeit zum Ende eines Kalendermonats kündigen.$body$,
$information$Sie haben das Recht, binnen vierzehn Tagen ohne Angabe von Gründen diese Vereinbarung zu widerrufen. Die Frist beträgt vierzehn Tage ab dem Tag des Vertragsschlusses.

Um Ihr Widerrufsrecht auszuüben, genügt eine eindeutige Erklärung, zum Beispiel über die Schaltfläche „Widerrufen“ in Ihrem Portal oder per E-Mail an Ihren Makler. Zur Wahrung der Frist reicht es aus, dass Sie die Mitteilung vor Ablauf der Frist absenden.

Wenn Sie widerrufen, gilt die Vereinbarung als nicht geschlossen. Bereits gestellte Rechnungen werden storniert, gezahlte Beträge unverzüglich erstattet.$information$);
"""  # noqa: E501 - a paragraph of the text is one line

_DROP = """
DROP TABLE billing_runs, ledger_entries, ledger_transactions, invoices, number_series, agreements, price_versions,
  broker_shares, known_tenants, agreement_texts, tax_rates, catalogue_components;
DROP FUNCTION ledger_is_balanced();
DROP FUNCTION never_changes();
"""


def upgrade() -> None:
    """Create everything; the texts are templates that the operator has his lawyer check (decision 14)."""
    create_chassis_tables(op)
    for statements in (_PLATFORM_TABLES, _TABLES, _RULES, _CATALOGUE, _AGREEMENT_TEXT):
        execute_script(op, statements)
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )
    _secure()
    _grant()


def downgrade() -> None:
    """Drop everything."""
    execute_script(op, _DROP)
    drop_chassis_tables(op)


def _secure() -> None:
    for table in ("catalogue_components", "tax_rates", "agreement_texts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY readable ON {table} FOR SELECT USING (true)")
    secure_by_tenant(op, "known_tenants", also=SERVICE_WIDE, customer_column=None)
    for table in ("broker_shares", "price_versions", "number_series", "ledger_entries", "billing_runs"):
        secure_by_tenant(op, table, customer_column=None)
    for table in ("agreements", "invoices", "ledger_transactions"):
        secure_by_tenant(op, table)
    for table, who in (
        ("known_tenants", _SERVICE),
        ("number_series", _SERVICE),
        ("billing_runs", _SERVICE),
        ("ledger_transactions", _STAFF),
        ("ledger_entries", _STAFF),
    ):
        op.execute(f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ({who}) WITH CHECK ({who})")
    for table in ("invoices", "ledger_transactions", "ledger_entries"):
        op.execute(f"CREATE POLICY issued_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({_SERVICE})")


def _grant() -> None:
    for table in ("catalogue_components", "tax_rates", "agreement_texts"):
        grant_application(op, table, "SELECT")
    for table in (*_APPEND_ONLY, "known_tenants", "billing_runs"):
        grant_application(op, table, "SELECT, INSERT")
    for table in ("broker_shares", "agreements", "number_series"):
        grant_application(op, table, "SELECT, INSERT, UPDATE")
