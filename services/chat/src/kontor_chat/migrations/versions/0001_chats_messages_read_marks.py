"""Chats, messages and how far people have read.

Revision ID: 0001
Revises:
"""

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
branch_labels = None
depends_on = None

_TABLES = """
CREATE TABLE chats (
  chat_id                  uuid CONSTRAINT pk_chats PRIMARY KEY,
  tenant_id                uuid NOT NULL,
  customer_id              uuid NOT NULL,
  customer_account_id      uuid NOT NULL,
  subject                  text NOT NULL CONSTRAINT ck_chats_subject CHECK (length(subject) <= 200),
  operator_account_id      uuid,
  archived                 boolean NOT NULL,
  last_number              bigint NOT NULL,
  customer_messages        integer NOT NULL,
  firm_messages            integer NOT NULL,
  last_message_id          uuid NOT NULL,
  last_message_time        timestamptz NOT NULL,
  customer_read_message_id uuid,
  customer_read_number     bigint NOT NULL,
  firm_read_message_id     uuid,
  firm_read_number         bigint NOT NULL,
  create_time              timestamptz NOT NULL,
  CONSTRAINT ck_chats_last_number CHECK (last_number = customer_messages + firm_messages)
);
CREATE INDEX ix_chats_list ON chats (tenant_id, archived, last_message_time DESC, chat_id DESC);
CREATE INDEX ix_chats_operator ON chats (tenant_id, operator_account_id, last_message_time DESC, chat_id DESC);
CREATE INDEX ix_chats_customer ON chats (tenant_id, customer_id, last_message_time DESC, chat_id DESC);

CREATE TABLE messages (
  message_id         uuid CONSTRAINT pk_messages PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  customer_id        uuid NOT NULL,
  chat_id            uuid NOT NULL CONSTRAINT fk_messages_chat_id REFERENCES chats,
  number             bigint NOT NULL,
  side_number        integer NOT NULL,
  sender_account_id  uuid NOT NULL,
  sender_is_customer boolean NOT NULL,
  sender_name        text NOT NULL,
  text               text NOT NULL CONSTRAINT ck_messages_text CHECK (length(text) BETWEEN 1 AND 10000),
  create_time        timestamptz NOT NULL,
  CONSTRAINT uq_messages_chat_id_number UNIQUE (chat_id, number)
);
CREATE INDEX ix_messages_resume_firm ON messages (tenant_id, message_id);
CREATE INDEX ix_messages_resume_customer ON messages (customer_id, message_id);
COMMENT ON COLUMN messages.message_id IS 'UUIDv7 of the machine''s time: a stream is resumed by it';

CREATE TABLE read_marks (
  chat_id         uuid NOT NULL CONSTRAINT fk_read_marks_chat_id REFERENCES chats,
  account_id      uuid NOT NULL,
  tenant_id       uuid NOT NULL,
  customer_id     uuid NOT NULL,
  number          bigint NOT NULL,
  other_side_read integer NOT NULL,
  CONSTRAINT pk_read_marks PRIMARY KEY (chat_id, account_id)
);
"""

_OPEN_ONLY = """
CREATE POLICY open_to_customer ON chats AS RESTRICTIVE
  USING ((SELECT kontor_customer_id()) IS NULL OR NOT archived)
"""


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    execute_script(op, _TABLES)
    grant_application(op, "chats", "SELECT, INSERT, UPDATE")
    grant_application(op, "messages", "SELECT, INSERT")
    grant_application(op, "read_marks", "SELECT, INSERT, UPDATE")
    for table in ("chats", "messages", "read_marks"):
        secure_by_tenant(op, table, customer_column="customer_id")
    op.execute(_OPEN_ONLY)


def downgrade() -> None:
    """Drop everything."""
    for table in ("read_marks", "messages", "chats"):
        op.execute(f"DROP TABLE {table}")
    drop_chassis_tables(op)
