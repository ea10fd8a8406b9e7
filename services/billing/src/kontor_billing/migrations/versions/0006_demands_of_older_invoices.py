"""Demands of invoices that were issued before demands were kept; their clerks get time to record what was paid.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Invoices are seen firm by firm only. Nobody could record payments so far: none of these is dunned before two weeks.
_DEMAND = """
DO $demand$
DECLARE firm record;
BEGIN
  PERFORM set_config('kontor.role', 'service', true);
  FOR firm IN SELECT tenant_id FROM known_tenants LOOP
    PERFORM set_config('kontor.tenant_id', firm.tenant_id::text, true);
    INSERT INTO receivables (invoice_id, tenant_id, customer_id, due_on, gross_minor, paid_minor, state)
    SELECT invoice_id, tenant_id, customer_id, current_date + 14, gross_minor, 0,
      CASE WHEN EXISTS (SELECT FROM invoices c WHERE c.cancels_invoice_id = i.invoice_id) THEN 'CANCELLED'
           WHEN gross_minor = 0 THEN 'PAID' ELSE 'OPEN' END
    FROM invoices i WHERE kind = 'INVOICE' AND due_on IS NULL
    ON CONFLICT (invoice_id) DO NOTHING;
  END LOOP;
  PERFORM set_config('kontor.tenant_id', '', true), set_config('kontor.role', '', true);
END $demand$
"""


def upgrade() -> None:
    """Begin the demands."""
    op.execute(_DEMAND)


def downgrade() -> None:
    """Demands go with their table."""
