"""How long firms keep what they filed, the announced end of documents, and erasures that wait for it.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SCHEMA = """
CREATE TABLE retention_rules (
  tenant_id     uuid NOT NULL,
  kind          smallint NOT NULL,
  protect_years smallint NOT NULL,
  end_years     smallint NOT NULL,
  basis         text NOT NULL,
  account_id    uuid NOT NULL,
  set_time      timestamptz NOT NULL,
  CONSTRAINT pk_retention_rules PRIMARY KEY (tenant_id, kind),
  CONSTRAINT ck_retention_rules_years CHECK (protect_years >= 0 AND (end_years = 0 OR end_years >= protect_years))
);
COMMENT ON TABLE retention_rules IS 'where a firm departs from the defaults, which the code knows';
COMMENT ON COLUMN retention_rules.end_years IS 'deleted after so many years; 0: never';

ALTER TABLE documents ADD COLUMN end_on date, ADD COLUMN end_warn_on date;
COMMENT ON COLUMN documents.end_on IS 'announced (what a firm filed), or chosen by the customer (his own)';
COMMENT ON COLUMN documents.end_warn_on IS 'when its owner is reminded of the end that he chose';
CREATE INDEX ix_documents_end ON documents (end_on) WHERE end_on IS NOT NULL;
CREATE INDEX ix_documents_end_warn ON documents (end_warn_on) WHERE end_warn_on IS NOT NULL;
CREATE INDEX ix_documents_filed ON documents (tenant_id, kind, create_time) WHERE origin = 'FIRM';

CREATE TABLE pending_erasures (
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  due_on      date NOT NULL,
  create_time timestamptz NOT NULL,
  CONSTRAINT pk_pending_erasures PRIMARY KEY (tenant_id, customer_id)
);
COMMENT ON TABLE pending_erasures IS 'customers who are deleted, while the firm must keep what it filed for them';
CREATE INDEX ix_pending_erasures_due ON pending_erasures (due_on);
"""


def upgrade() -> None:
    """Add rules, ends and waiting erasures."""
    execute_script(op, _SCHEMA)
    grant_application(op, "retention_rules", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "retention_rules", also=SERVICE_WIDE, customer_column=None)
    op.execute(
        "CREATE POLICY visible ON retention_rules AS RESTRICTIVE"
        " USING ((SELECT kontor_role()) IN ('service', 'staff', 'customer'))"
    )
    grant_application(op, "pending_erasures", "SELECT, INSERT, UPDATE, DELETE")
    secure_by_tenant(op, "pending_erasures", also=SERVICE_WIDE)
    op.execute("CREATE POLICY visible ON pending_erasures AS RESTRICTIVE USING ((SELECT kontor_role()) = 'service')")


def downgrade() -> None:
    """Keep nothing by rule any more."""
    op.execute("DROP TABLE pending_erasures")
    op.execute("DROP TABLE retention_rules")
    op.execute("ALTER TABLE documents DROP COLUMN end_on, DROP COLUMN end_warn_on")
