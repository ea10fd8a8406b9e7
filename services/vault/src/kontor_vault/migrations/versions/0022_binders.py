"""Binders: orders, registers, what happened to them, and from which sheets documents came (F16, F61).

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ORDERS = """
CREATE TABLE binder_orders (
  binder_order_id    uuid CONSTRAINT pk_binder_orders PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  number             text NOT NULL CONSTRAINT uq_binder_orders_number UNIQUE,
  name               text NOT NULL,
  state              text NOT NULL CONSTRAINT ck_binder_orders_state CHECK (state IN (
    'ORDERED', 'PICKUP_PLANNED', 'RECEIVED', 'INDEXED', 'STORED', 'RETURN_WANTED', 'RETURNED', 'DESTRUCTION_ALLOWED',
    'DESTROYED', 'CANCELLED')),
  address            text NOT NULL,
  wish_on            date,
  pickup_on          date,
  note               text NOT NULL,
  box                text NOT NULL DEFAULT '',
  folder_id          uuid,
  keep_until         date,
  creator_account_id uuid NOT NULL,
  create_time        timestamptz NOT NULL,
  version            integer NOT NULL,
  CONSTRAINT ck_binder_orders_address CHECK (address = '' OR state IN ('ORDERED', 'PICKUP_PLANNED', 'RETURN_WANTED')),
  CONSTRAINT ck_binder_orders_note CHECK (note = '' OR state IN ('ORDERED', 'PICKUP_PLANNED'))
);
COMMENT ON COLUMN binder_orders.address IS 'where it is fetched, later where it is sent; only while it is needed';
CREATE INDEX ix_binder_orders_list ON binder_orders (customer_id, binder_order_id DESC);
CREATE INDEX ix_binder_orders_work ON binder_orders (binder_order_id) WHERE state IN (
  'ORDERED', 'PICKUP_PLANNED', 'RECEIVED', 'INDEXED', 'RETURN_WANTED', 'DESTRUCTION_ALLOWED');
CREATE TABLE binder_registers (
  binder_order_id uuid NOT NULL CONSTRAINT fk_binder_registers_order REFERENCES binder_orders (binder_order_id),
  number          integer NOT NULL,
  tenant_id       uuid NOT NULL,
  customer_id     uuid NOT NULL,
  title           text NOT NULL,
  folder_id       uuid,
  documents       integer NOT NULL DEFAULT 0,
  sheets          integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_binder_registers PRIMARY KEY (binder_order_id, number)
);
CREATE TABLE binder_steps (
  binder_order_id uuid NOT NULL CONSTRAINT fk_binder_steps_order REFERENCES binder_orders (binder_order_id),
  number          integer NOT NULL,
  tenant_id       uuid NOT NULL,
  customer_id     uuid NOT NULL,
  state           text NOT NULL,
  account_id      uuid,
  account_name    text NOT NULL,
  time            timestamptz NOT NULL,
  CONSTRAINT pk_binder_steps PRIMARY KEY (binder_order_id, number)
);
COMMENT ON TABLE binder_steps IS 'who did what to a binder; the proof of a consent to its destruction';
"""
_PLACES = """
CREATE TABLE binder_places (
  document_id     uuid CONSTRAINT pk_binder_places PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  customer_id     uuid NOT NULL,
  binder_order_id uuid NOT NULL CONSTRAINT fk_binder_places_order REFERENCES binder_orders (binder_order_id),
  register        integer NOT NULL,
  page_sheets     integer[] NOT NULL
);
COMMENT ON COLUMN binder_places.page_sheets IS 'for each page of the document the sheet of the register it was on';
CREATE INDEX ix_binder_places_order ON binder_places (binder_order_id, register, page_sheets);
CREATE INDEX ix_binder_places_customer ON binder_places (customer_id, binder_order_id);
ALTER TABLE scan_batches ADD COLUMN binder_order_id uuid, ADD COLUMN register integer,
  ADD COLUMN first_sheet integer NOT NULL DEFAULT 1;
CREATE INDEX ix_scan_batches_binder ON scan_batches (binder_order_id) WHERE binder_order_id IS NOT NULL;
ALTER TABLE scan_pieces ADD COLUMN binder_order_id uuid, ADD COLUMN page_sheets integer[];
ALTER TABLE scan_pieces DROP CONSTRAINT ck_scan_pieces_sheet;
ALTER TABLE scan_pieces ADD CONSTRAINT ck_scan_pieces_lead
  CHECK (state NOT IN ('ASSIGNED', 'FILED') OR sheet_id IS NOT NULL OR binder_order_id IS NOT NULL);
"""
_UNDO = """
ALTER TABLE scan_pieces DROP CONSTRAINT ck_scan_pieces_lead;
ALTER TABLE scan_pieces ADD CONSTRAINT ck_scan_pieces_sheet
  CHECK (state NOT IN ('ASSIGNED', 'FILED') OR sheet_id IS NOT NULL);
ALTER TABLE scan_pieces DROP COLUMN binder_order_id, DROP COLUMN page_sheets;
ALTER TABLE scan_batches DROP COLUMN binder_order_id, DROP COLUMN register, DROP COLUMN first_sheet;
"""

_ROLE = "(SELECT kontor_role())"
_CENTRE = f"{_ROLE} = 'scan_centre'"
_TABLES = ("binder_orders", "binder_registers", "binder_steps")


def upgrade() -> None:
    """Create the tables; the scan centre works on orders and does not make them, and sees no document."""
    execute_script(op, _ORDERS)
    execute_script(op, _PLACES)
    for table in _TABLES:
        grant_application(op, table, "SELECT, INSERT, DELETE" + ("" if table == "binder_steps" else ", UPDATE"))
        secure_by_tenant(op, table, also=f"({SERVICE_WIDE}) OR {_CENTRE}")
        op.execute(
            f"CREATE POLICY who ON {table} AS RESTRICTIVE USING"
            f" ({_ROLE} IN ('customer', 'staff', 'service', 'scan_centre'))"
        )
    op.execute(f"CREATE POLICY made ON binder_orders AS RESTRICTIVE FOR INSERT WITH CHECK (NOT {_CENTRE})")
    for table in ("binder_orders", "binder_steps"):
        op.execute(f"CREATE POLICY kept ON {table} AS RESTRICTIVE FOR DELETE USING ({_ROLE} = 'service')")
    kept = f"{_ROLE} = 'service' OR ({_CENTRE} AND documents = 0)"
    op.execute(f"CREATE POLICY kept ON binder_registers AS RESTRICTIVE FOR DELETE USING ({kept})")
    grant_application(op, "binder_places", "SELECT, INSERT, DELETE")
    secure_by_tenant(op, "binder_places", also=SERVICE_WIDE)
    op.execute(f"CREATE POLICY who ON binder_places AS RESTRICTIVE USING ({_ROLE} IN ('customer', 'service'))")
    op.execute(f"CREATE POLICY made ON binder_places AS RESTRICTIVE FOR INSERT WITH CHECK ({_ROLE} = 'service')")
    op.execute(f"CREATE POLICY kept ON binder_places AS RESTRICTIVE FOR DELETE USING ({_ROLE} = 'service')")


def downgrade() -> None:
    """Drop them."""
    for table in ("binder_places", "binder_steps", "binder_registers", "binder_orders"):
        op.execute(f"DROP TABLE {table}")
    execute_script(op, _UNDO)
