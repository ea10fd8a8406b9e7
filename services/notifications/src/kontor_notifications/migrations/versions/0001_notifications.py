"""The bell, deliveries, unread chat messages and preferences."""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import (
    create_chassis_tables,
    drop_chassis_tables,
    execute_script,
    grant_application,
    secure_by_tenant,
)

revision = "0001"
down_revision = None

TABLES = {
    "notifications": "SELECT, INSERT, UPDATE",
    "preferences": "SELECT, INSERT, UPDATE",
    "deliveries": "SELECT, INSERT, UPDATE",
    "unread_messages": "SELECT, INSERT, UPDATE, DELETE",
    "read_positions": "SELECT, INSERT, UPDATE",
}

SCHEMA = """
CREATE TABLE notifications (
  notification_id uuid CONSTRAINT pk_notifications PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  account_id      uuid NOT NULL,
  kind            smallint NOT NULL,
  title           text NOT NULL,
  text            text NOT NULL,
  link            text NOT NULL,
  subject_id      uuid NOT NULL,
  event_id        uuid NOT NULL,
  create_time     timestamptz NOT NULL,
  read_time       timestamptz,
  CONSTRAINT uq_notifications_event UNIQUE (event_id, account_id)
);
COMMENT ON COLUMN notifications.event_id IS 'the newest event that it tells of';
CREATE INDEX ix_notifications_newest ON notifications (account_id, tenant_id, create_time DESC, notification_id DESC);
CREATE UNIQUE INDEX uq_notifications_unread_chat ON notifications (account_id, tenant_id, subject_id)
  WHERE kind = 1 AND read_time IS NULL;
CREATE INDEX ix_notifications_unread ON notifications (account_id, tenant_id) WHERE read_time IS NULL;

CREATE TABLE preferences (
  tenant_id  uuid NOT NULL,
  account_id uuid NOT NULL,
  chat_email boolean NOT NULL,
  version    integer NOT NULL,
  CONSTRAINT pk_preferences PRIMARY KEY (tenant_id, account_id)
);

CREATE TABLE deliveries (
  delivery_id  uuid CONSTRAINT pk_deliveries PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  dedup_key    text NOT NULL CONSTRAINT uq_deliveries_dedup_key UNIQUE,
  template     text NOT NULL,
  account_id   uuid,
  customer_id  uuid,
  parameters   jsonb NOT NULL,
  state        text NOT NULL
    CONSTRAINT ck_deliveries_state CHECK (state IN ('PENDING', 'SENT', 'FAILED', 'CANCELLED')),
  attempts     integer NOT NULL DEFAULT 0,
  due_time     timestamptz NOT NULL,
  create_time  timestamptz NOT NULL,
  end_time     timestamptz,
  last_problem text NOT NULL DEFAULT '',
  CONSTRAINT ck_deliveries_end CHECK ((state = 'PENDING') = (end_time IS NULL))
);
COMMENT ON TABLE deliveries IS 'who was written to about what; addresses are asked for at sending, never kept';
CREATE INDEX ix_deliveries_due ON deliveries (due_time) WHERE state = 'PENDING';

CREATE TABLE unread_messages (
  chat_id     uuid NOT NULL,
  account_id  uuid NOT NULL,
  number      bigint NOT NULL,
  tenant_id   uuid NOT NULL,
  is_customer boolean NOT NULL,
  posted_at   timestamptz NOT NULL,
  CONSTRAINT pk_unread_messages PRIMARY KEY (chat_id, account_id, number)
);
CREATE INDEX ix_unread_messages_oldest ON unread_messages (posted_at);

CREATE TABLE read_positions (
  chat_id    uuid NOT NULL,
  account_id uuid NOT NULL,
  tenant_id  uuid NOT NULL,
  number     bigint NOT NULL,
  CONSTRAINT pk_read_positions PRIMARY KEY (chat_id, account_id)
);
"""

OWN = "(SELECT kontor_role()) = 'service' OR account_id = (SELECT kontor_account_id())"
INTERNAL = "(SELECT kontor_role()) = 'service'"
VISIBILITY = {
    "notifications": OWN,
    "preferences": OWN,
    "deliveries": INTERNAL,
    "unread_messages": INTERNAL,
    "read_positions": INTERNAL,
}


def upgrade() -> None:
    """Create everything. The service itself works for all firms: an event of one may concern another's expert."""
    create_chassis_tables(op)
    execute_script(op, SCHEMA)
    for table, privileges in TABLES.items():
        grant_application(op, table, privileges)
        secure_by_tenant(op, table, also=INTERNAL, customer_column=None)
        op.execute(f"CREATE POLICY visible ON {table} AS RESTRICTIVE USING ({VISIBILITY[table]})")


def downgrade() -> None:
    """Drop everything."""
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    drop_chassis_tables(op)
