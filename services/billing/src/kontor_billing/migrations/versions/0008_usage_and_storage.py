"""What is metered beside the tiers, what it costs, and further storage; positions of invoices.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script, grant_application, secure_by_tenant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE usage_prices (
  item        text NOT NULL
              CONSTRAINT ck_usage_prices_item CHECK (item IN ('SCANNED_SHEET', 'SCANNED_BINDER', 'STORAGE_BLOCK')),
  tier        smallint NOT NULL CONSTRAINT ck_usage_prices_tier CHECK (tier IN (2, 3)),
  valid_from  date NOT NULL,
  free_pieces integer NOT NULL CONSTRAINT ck_usage_prices_free_pieces CHECK (free_pieces >= 0),
  net_minor   bigint NOT NULL CONSTRAINT ck_usage_prices_net_minor CHECK (net_minor >= 0),
  tax_kind    text NOT NULL CONSTRAINT ck_usage_prices_tax_kind CHECK (tax_kind IN ('VAT', 'INSURANCE_TAX', 'NONE')),
  CONSTRAINT pk_usage_prices PRIMARY KEY (item, tier, valid_from)
);
COMMENT ON TABLE usage_prices IS 'what the pool asks per unit from a day on (F14-F17); cents of EUR, net';

CREATE TABLE usage_surcharges (
  surcharge_id      uuid CONSTRAINT pk_usage_surcharges PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  item              text NOT NULL
                    CONSTRAINT ck_usage_surcharges_item
                    CHECK (item IN ('SCANNED_SHEET', 'SCANNED_BINDER', 'STORAGE_BLOCK')),
  tier              smallint NOT NULL CONSTRAINT ck_usage_surcharges_tier CHECK (tier IN (2, 3)),
  net_minor         bigint NOT NULL CONSTRAINT ck_usage_surcharges_net_minor CHECK (net_minor BETWEEN 0 AND 10000),
  valid_from        date NOT NULL,
  set_at            timestamptz NOT NULL,
  set_by_account_id uuid NOT NULL,
  replaced_at       timestamptz
);
CREATE UNIQUE INDEX uq_usage_surcharges_one_per_day ON usage_surcharges (tenant_id, item, tier, valid_from)
  WHERE replaced_at IS NULL;
COMMENT ON TABLE usage_surcharges IS 'what a firm asks on top per unit (F6)';

CREATE TABLE usage_entries (
  entry_id    uuid CONSTRAINT pk_usage_entries PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  item        text NOT NULL CONSTRAINT ck_usage_entries_item CHECK (item IN ('SCANNED_SHEET', 'SCANNED_BINDER')),
  period      text NOT NULL,
  units       integer NOT NULL CONSTRAINT ck_usage_entries_units CHECK (units >= 0),
  counted_at  timestamptz NOT NULL
);
CREATE INDEX ix_usage_entries_customer_id ON usage_entries (tenant_id, customer_id, period, item, entry_id);
COMMENT ON TABLE usage_entries IS 'one piece of use, named by what was scanned; never changed';

CREATE TABLE billed_usage (
  invoice_id   uuid NOT NULL CONSTRAINT fk_billed_usage_invoice_id REFERENCES invoices,
  period       text NOT NULL,
  item         text NOT NULL,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  agreement_id uuid NOT NULL CONSTRAINT fk_billed_usage_agreement_id REFERENCES agreements,
  units        integer NOT NULL CONSTRAINT ck_billed_usage_units CHECK (units > 0),
  CONSTRAINT pk_billed_usage PRIMARY KEY (invoice_id, period, item)
);
CREATE INDEX ix_billed_usage_agreement_id ON billed_usage (agreement_id, period, item);
COMMENT ON TABLE billed_usage IS 'units of a month that an invoice charges; what is told late goes on the next one';

CREATE TABLE storage_orders (
  order_id              uuid CONSTRAINT pk_storage_orders PRIMARY KEY,
  tenant_id             uuid NOT NULL,
  customer_id           uuid NOT NULL,
  agreement_id          uuid NOT NULL CONSTRAINT fk_storage_orders_agreement_id REFERENCES agreements,
  blocks                integer NOT NULL CONSTRAINT ck_storage_orders_blocks CHECK (blocks BETWEEN 0 AND 100),
  pool_minor            bigint NOT NULL,
  broker_minor          bigint NOT NULL,
  tax_kind              text NOT NULL,
  ordered_at            timestamptz NOT NULL,
  ordered_on            date NOT NULL,
  ordered_by_account_id uuid NOT NULL
);
CREATE INDEX ix_storage_orders_agreement_id ON storage_orders (agreement_id, order_id);
COMMENT ON TABLE storage_orders IS 'each change of further storage with its prices per block; the latest counts';

ALTER TABLE invoices ADD COLUMN lines jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN invoices.lines IS 'positions as printed; none on documents from before there were any';

INSERT INTO usage_prices (item, tier, valid_from, free_pieces, net_minor, tax_kind) VALUES
  ('SCANNED_SHEET',  2, '2018-01-01', 10,    9, 'VAT'),
  ('SCANNED_SHEET',  3, '2018-01-01', 25,    9, 'VAT'),
  ('SCANNED_BINDER', 2, '2018-01-01',  0, 4500, 'VAT'),
  ('SCANNED_BINDER', 3, '2018-01-01',  0, 3500, 'VAT'),
  ('STORAGE_BLOCK',  2, '2018-01-01',  0,   99, 'VAT'),
  ('STORAGE_BLOCK',  3, '2018-01-01',  0,   99, 'VAT');
"""

_APPEND_ONLY = ("usage_entries", "billed_usage", "storage_orders")
_SERVICE = "(SELECT kontor_role()) = 'service'"


def upgrade() -> None:
    """Create all; what is metered only services write, storage its customer books."""
    execute_script(op, _CREATE)
    op.execute("ALTER TABLE usage_prices ENABLE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY readable ON usage_prices FOR SELECT USING (true)")
    grant_application(op, "usage_prices", "SELECT")
    secure_by_tenant(op, "usage_surcharges", customer_column=None)
    grant_application(op, "usage_surcharges", "SELECT, INSERT, UPDATE")
    for table in _APPEND_ONLY:
        secure_by_tenant(op, table)
        grant_application(op, table, "SELECT, INSERT")
        op.execute(
            f"CREATE TRIGGER never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION never_changes()"
        )
    for table in ("usage_entries", "billed_usage"):
        op.execute(f"CREATE POLICY counted_by ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({_SERVICE})")


def downgrade() -> None:
    """Drop all."""
    execute_script(
        op,
        "ALTER TABLE invoices DROP COLUMN lines;"
        " DROP TABLE storage_orders, billed_usage, usage_entries, usage_surcharges, usage_prices",
    )
