"""Proposals of where a document belongs, and what a household taught them (F146, F147).

What was recognised in a letter and what was learned are sealed under the customer's key. Only the customer himself
reaches the rows, and of the proposals those of documents that he may see.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = """
ALTER TABLE documents ADD COLUMN dated_on date;
COMMENT ON COLUMN documents.dated_on IS 'the day that the paper itself bears, as its owner confirmed it';

CREATE TABLE filing_proposals (
  document_id uuid CONSTRAINT pk_filing_proposals PRIMARY KEY
    CONSTRAINT fk_filing_proposals_document REFERENCES documents (document_id) ON DELETE CASCADE,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  state       text NOT NULL CONSTRAINT ck_filing_proposals_state CHECK (state IN ('OPEN', 'CONFIRMED', 'DISMISSED')),
  facts       bytea NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL
);
COMMENT ON COLUMN filing_proposals.facts IS 'what was recognised in the text, under the customer''s key';
CREATE INDEX ix_filing_proposals_open ON filing_proposals (customer_id, document_id DESC) WHERE state = 'OPEN';

CREATE TABLE filing_rules (
  filing_rule_id uuid CONSTRAINT pk_filing_rules PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  customer_id    uuid NOT NULL,
  lesson         bytea NOT NULL,
  create_time    timestamptz NOT NULL,
  update_time    timestamptz NOT NULL
);
COMMENT ON COLUMN filing_rules.lesson IS 'sender, type, and what the household made of them, under the customer''s key';
CREATE INDEX ix_filing_rules_list ON filing_rules (customer_id, filing_rule_id);
"""

_OWNER = "(SELECT kontor_role()) IN ('service', 'customer')"
_VISIBLE = "EXISTS (SELECT FROM documents d WHERE d.document_id = filing_proposals.document_id)"


def upgrade() -> None:
    """Create the tables; the firm and trusted persons reach neither."""
    execute_script(op, _TABLES)
    for table, seen in (("filing_proposals", f"{_OWNER} AND {_VISIBLE}"), ("filing_rules", _OWNER)):
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        secure_by_tenant(op, table, also=SERVICE_WIDE)
        op.execute(f"CREATE POLICY visible ON {table} AS RESTRICTIVE USING ({seen})")


def downgrade() -> None:
    """Forget it."""
    for table in ("filing_rules", "filing_proposals"):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE documents DROP COLUMN dated_on")
