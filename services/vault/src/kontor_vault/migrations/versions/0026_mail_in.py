"""Mail in: customers' own addresses, who may write to them, and mails with their attachments.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE mailboxes (
  customer_id uuid CONSTRAINT pk_mailboxes PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  local_part  text CONSTRAINT uq_mailboxes_local_part UNIQUE,
  create_time timestamptz NOT NULL
);
COMMENT ON COLUMN mailboxes.local_part IS 'what stands before the @; null while it is turned off';
CREATE TABLE mail_senders (
  customer_id uuid NOT NULL CONSTRAINT fk_mail_senders_mailbox REFERENCES mailboxes (customer_id),
  email       text NOT NULL,
  tenant_id   uuid NOT NULL,
  create_time timestamptz NOT NULL,
  CONSTRAINT pk_mail_senders PRIMARY KEY (customer_id, email)
);
CREATE TABLE received_mails (
  mail_id      uuid CONSTRAINT pk_received_mails PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  customer_id  uuid NOT NULL,
  state        text NOT NULL CONSTRAINT ck_received_mails_state CHECK (state IN ('HELD', 'FILED', 'DESTROYED')),
  said         bytea NOT NULL,
  receive_time timestamptz NOT NULL,
  expire_time  timestamptz NOT NULL,
  CONSTRAINT ck_received_mails_said CHECK (state = 'HELD' OR said = '')
);
COMMENT ON COLUMN received_mails.mail_id IS 'follows from customer and Message-ID, so that a mail is taken once';
COMMENT ON COLUMN received_mails.said IS 'sender and subject under the customer''s key, while it waits';
CREATE INDEX ix_received_mails_held ON received_mails (customer_id, mail_id) WHERE state = 'HELD';
CREATE INDEX ix_received_mails_expire ON received_mails (expire_time);
CREATE TABLE mail_parts (
  part_id     uuid CONSTRAINT pk_mail_parts PRIMARY KEY,
  mail_id     uuid NOT NULL CONSTRAINT fk_mail_parts_mail REFERENCES received_mails (mail_id),
  number      integer NOT NULL,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  file_name   text NOT NULL,
  size_bytes  bigint NOT NULL,
  sha256      bytea NOT NULL,
  media_type  text NOT NULL,
  CONSTRAINT uq_mail_parts_number UNIQUE (mail_id, number)
);
COMMENT ON TABLE mail_parts IS 'attachments of mails that wait; a filed one is a version and no more a part';
"""


def upgrade() -> None:
    """Create the tables; of a firm nobody but the customer reaches them."""
    execute_script(op, _TABLES)
    for table in ("mailboxes", "mail_senders", "received_mails", "mail_parts"):
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
        secure_by_tenant(op, table, also=SERVICE_WIDE)
        op.execute(
            f"CREATE POLICY who ON {table} AS RESTRICTIVE USING ((SELECT kontor_role()) IN ('customer', 'service'))"
        )


def downgrade() -> None:
    """Drop them."""
    for table in ("mail_parts", "received_mails", "mail_senders", "mailboxes"):
        op.execute(f"DROP TABLE {table}")
