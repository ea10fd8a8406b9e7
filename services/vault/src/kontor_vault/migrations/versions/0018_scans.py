"""Paper post: separator sheets, batches of the scan centre and their pieces, and where each original is (F15).

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SHEETS = """
CREATE TABLE scan_sheets (
  sheet_id           uuid CONSTRAINT pk_scan_sheets PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  number             text NOT NULL CONSTRAINT uq_scan_sheets_number UNIQUE,
  label              text NOT NULL,
  creator_account_id uuid NOT NULL,
  create_time        timestamptz NOT NULL,
  expire_time        timestamptz NOT NULL,
  revoke_time        timestamptz
);
CREATE INDEX ix_scan_sheets_list ON scan_sheets (customer_id, sheet_id DESC);
"""

_BATCHES = """
CREATE TABLE scan_batches (
  batch_id           uuid CONSTRAINT pk_scan_batches PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  box                text NOT NULL,
  duplex             boolean NOT NULL,
  state              text NOT NULL CONSTRAINT ck_scan_batches_state
    CHECK (state IN ('RECEIVING', 'WAITING', 'SEPARATED', 'UNREADABLE', 'ABANDONED')),
  object_id          uuid,
  size_bytes         bigint NOT NULL DEFAULT 0,
  pages              integer NOT NULL DEFAULT 0,
  blank_pages        integer NOT NULL DEFAULT 0,
  separators         integer NOT NULL DEFAULT 0,
  attempts           smallint NOT NULL DEFAULT 0,
  next_time          timestamptz,
  creator_account_id uuid NOT NULL,
  creator_name       text NOT NULL,
  create_time        timestamptz NOT NULL,
  erase_time         timestamptz
);
COMMENT ON COLUMN scan_batches.erase_time IS 'when its key was destroyed, all its pieces being settled';
CREATE INDEX ix_scan_batches_list ON scan_batches (tenant_id, batch_id DESC);
CREATE INDEX ix_scan_batches_waiting ON scan_batches (next_time) WHERE state = 'WAITING';
CREATE INDEX ix_scan_batches_kept ON scan_batches (batch_id) WHERE erase_time IS NULL;
CREATE TABLE scan_pieces (
  piece_id    uuid CONSTRAINT pk_scan_pieces PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  batch_id    uuid NOT NULL CONSTRAINT fk_scan_pieces_batch REFERENCES scan_batches (batch_id),
  box         text NOT NULL,
  position    integer NOT NULL,
  first_page  integer NOT NULL,
  last_page   integer NOT NULL,
  pages       integer NOT NULL,
  sheets      integer NOT NULL,
  state       text NOT NULL CONSTRAINT ck_scan_pieces_state
    CHECK (state IN ('ASSIGNED', 'FILED', 'UNASSIGNED', 'DISCARDED')),
  problem     smallint NOT NULL,
  sheet_id    uuid,
  sheet_number text NOT NULL,
  reason      text NOT NULL DEFAULT '',
  size_bytes  bigint NOT NULL,
  create_time timestamptz NOT NULL,
  CONSTRAINT uq_scan_pieces_position UNIQUE (batch_id, position),
  CONSTRAINT ck_scan_pieces_sheet CHECK (state NOT IN ('ASSIGNED', 'FILED') OR sheet_id IS NOT NULL)
);
COMMENT ON TABLE scan_pieces IS 'what the scan centre sees of a piece: where it lay, never whose it is or what it says';
CREATE INDEX ix_scan_pieces_assigned ON scan_pieces (piece_id) WHERE state = 'ASSIGNED';
CREATE INDEX ix_scan_pieces_unassigned ON scan_pieces (tenant_id, piece_id) WHERE state = 'UNASSIGNED';
"""

_ORIGINALS = """
CREATE TABLE originals (
  original_id    uuid CONSTRAINT pk_originals PRIMARY KEY,
  tenant_id      uuid NOT NULL,
  customer_id    uuid NOT NULL,
  document_id    uuid NOT NULL,
  box            text NOT NULL,
  position       integer NOT NULL,
  pages          integer NOT NULL,
  sheets         integer NOT NULL CONSTRAINT ck_originals_sheets CHECK (sheets > 0),
  period         text NOT NULL,
  scan_time      timestamptz NOT NULL,
  keep_until     date NOT NULL,
  state          text NOT NULL CONSTRAINT ck_originals_state
    CHECK (state IN ('STORED', 'RETURN_WANTED', 'RETURNED', 'DESTRUCTION_ALLOWED', 'DESTROYED')),
  return_address text NOT NULL DEFAULT '',
  version        integer NOT NULL,
  CONSTRAINT ck_originals_address CHECK (return_address = '' OR state = 'RETURN_WANTED')
);
COMMENT ON COLUMN originals.original_id IS 'the id of the scanned piece';
COMMENT ON COLUMN originals.return_address IS 'only while it is needed';
CREATE INDEX ix_originals_customer ON originals (customer_id, original_id DESC);
CREATE INDEX ix_originals_usage ON originals (customer_id, period);
CREATE INDEX ix_originals_document ON originals (document_id);
CREATE INDEX ix_originals_wanted ON originals (original_id) WHERE state IN ('RETURN_WANTED', 'DESTRUCTION_ALLOWED');
CREATE TABLE original_steps (
  original_id  uuid NOT NULL CONSTRAINT fk_original_steps_original REFERENCES originals (original_id),
  number       integer NOT NULL,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  state        text NOT NULL,
  account_id   uuid,
  account_name text NOT NULL,
  time         timestamptz NOT NULL,
  CONSTRAINT pk_original_steps PRIMARY KEY (original_id, number)
);
COMMENT ON TABLE original_steps IS 'who had what done to an original; the proof of a consent to its destruction';
"""

_SCAN_CENTRE = "(SELECT kontor_role()) = 'scan_centre'"
_CUSTOMERS = ("scan_sheets", "originals", "original_steps")
_CENTRES = ("scan_batches", "scan_pieces")


def upgrade() -> None:
    """Create the tables: customers' things, which the scan centre finds but does not make, and its own."""
    for script in (_SHEETS, _BATCHES, _ORIGINALS):
        execute_script(op, script)
    for table in _CUSTOMERS:
        grant_application(op, table, "SELECT, INSERT, DELETE" + ("" if table == "original_steps" else ", UPDATE"))
        secure_by_tenant(op, table, also=f"({SERVICE_WIDE}) OR {_SCAN_CENTRE}")
        op.execute(
            f"CREATE POLICY who ON {table} AS RESTRICTIVE USING"
            " ((SELECT kontor_role()) IN ('customer', 'staff', 'service', 'scan_centre'))"
        )
        op.execute(
            f"CREATE POLICY kept ON {table} AS RESTRICTIVE FOR DELETE USING ((SELECT kontor_role()) = 'service')"
        )
    for table in ("scan_sheets", "originals"):
        op.execute(
            f"CREATE POLICY made ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK"
            f" ((SELECT kontor_role()) <> 'scan_centre')"
        )
    op.execute(f"CREATE POLICY unchanged ON scan_sheets AS RESTRICTIVE FOR UPDATE USING (NOT {_SCAN_CENTRE})")
    for table in _CENTRES:
        grant_application(op, table, "SELECT, INSERT, UPDATE")
        secure_by_tenant(op, table, also="(SELECT kontor_role()) = 'service'", customer_column=None)
        op.execute(
            f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('service', 'scan_centre'))"
        )


def downgrade() -> None:
    """Drop them."""
    for table in ("original_steps", "originals", "scan_pieces", "scan_batches", "scan_sheets"):
        op.execute(f"DROP TABLE {table}")
