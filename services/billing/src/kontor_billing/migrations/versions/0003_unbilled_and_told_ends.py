"""Months that cannot be billed any more, with the reason, and ends of agreements that others have been told of.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE unbilled (
  agreement_id uuid NOT NULL CONSTRAINT fk_unbilled_agreement_id REFERENCES agreements,
  period       text NOT NULL,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  reason       text NOT NULL CONSTRAINT ck_unbilled_reason CHECK (reason IN ('CUSTOMER_GONE')),
  noted_at     timestamptz NOT NULL,
  CONSTRAINT pk_unbilled PRIMARY KEY (agreement_id, period)
);
CREATE INDEX ix_unbilled_tenant_id_period ON unbilled (tenant_id, period, agreement_id);
COMMENT ON TABLE unbilled IS 'final: no run tries these months again';

ALTER TABLE agreements ADD COLUMN end_told_at timestamptz;
COMMENT ON COLUMN agreements.end_told_at IS 'when others were told that it has ended';
CREATE INDEX ix_agreements_end_untold ON agreements (ends_on) WHERE state = 'CANCELLED' AND end_told_at IS NULL;
CREATE POLICY ends ON agreements FOR SELECT USING ({service_wide});
"""


def upgrade() -> None:
    """Create both; a job over all firms looks for the firms whose agreements have ended."""
    execute_script(op, _CREATE.format(service_wide=SERVICE_WIDE))
    grant_application(op, "unbilled", "SELECT, INSERT")
    secure_by_tenant(op, "unbilled", customer_column=None)
    op.execute("CREATE POLICY who ON unbilled AS RESTRICTIVE USING ((SELECT kontor_role()) = 'service')")


def downgrade() -> None:
    """Drop both."""
    execute_script(
        op,
        "DROP TABLE unbilled; DROP POLICY ends ON agreements; DROP INDEX ix_agreements_end_untold;"
        " ALTER TABLE agreements DROP COLUMN end_told_at",
    )
