"""What migrations of every service share: the chassis' own tables, grants, and row-level security by tenant.

Called from a service's migrations/versions/0001_*.py and later ones; the owner role runs them.
"""

from __future__ import annotations

import re
from typing import Any

from alembic.operations import Operations

from kontor_chassis.migrations import migrate as migrate

CHASSIS_TABLES = ("outbox", "inbox", "inbox_watermarks", "dead_letters", "idempotency", "job_runs")

SERVICE_WIDE = "kontor_role() = 'service' AND kontor_tenant_id() IS NULL"
"""Condition for `secure_by_tenant(also=…)`: a service that works for no tenant in particular (a job over all firms)
sees all rows. Without it such a job sees nothing."""

_FUNCTIONS = """
CREATE FUNCTION kontor_tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('kontor.tenant_id', true), '')::uuid;
CREATE FUNCTION kontor_customer_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('kontor.customer_id', true), '')::uuid;
CREATE FUNCTION kontor_account_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('kontor.account_id', true), '')::uuid;
CREATE FUNCTION kontor_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('kontor.role', true), '');
"""

_TABLES = """
CREATE TABLE outbox (
  position        bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
  id              uuid NOT NULL CONSTRAINT uq_outbox_id UNIQUE,
  type            text NOT NULL,
  aggregate       text NOT NULL,
  tenant_id       uuid,
  headers         jsonb NOT NULL,
  payload         bytea NOT NULL,
  created_at      timestamptz NOT NULL,
  recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at         timestamptz,
  stream_sequence bigint
);
COMMENT ON COLUMN outbox.created_at IS 'installation''s clock; recorded_at and sent_at are machine time';
CREATE INDEX ix_outbox_unsent ON outbox (position) WHERE sent_at IS NULL;
CREATE INDEX ix_outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL;

CREATE TABLE inbox (
  event_id   uuid CONSTRAINT pk_inbox PRIMARY KEY,
  source     text NOT NULL,
  type       text NOT NULL,
  position   bigint NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_inbox_applied_at ON inbox (applied_at);

CREATE TABLE inbox_watermarks (
  source     text CONSTRAINT pk_inbox_watermarks PRIMARY KEY,
  position   bigint NOT NULL,
  checked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE dead_letters (
  event_id    uuid CONSTRAINT pk_dead_letters PRIMARY KEY,
  source      text NOT NULL,
  type        text NOT NULL,
  aggregate   text NOT NULL,
  tenant_id   uuid,
  position    bigint NOT NULL,
  event_time  timestamptz NOT NULL,
  payload     bytea NOT NULL,
  traceparent text NOT NULL,
  attempts    integer NOT NULL,
  error       text NOT NULL,
  failed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  replayed_at timestamptz
);
CREATE INDEX ix_dead_letters_open ON dead_letters (source, position) WHERE replayed_at IS NULL;

CREATE TABLE idempotency (
  caller         text NOT NULL,
  method         text NOT NULL,
  request_id     uuid NOT NULL,
  request_digest bytea NOT NULL,
  answer         bytea NOT NULL DEFAULT '',
  recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_idempotency PRIMARY KEY (caller, method, request_id)
);
CREATE INDEX ix_idempotency_recorded_at ON idempotency (recorded_at);

CREATE TABLE job_runs (
  name        text CONSTRAINT pk_job_runs PRIMARY KEY,
  due_at      timestamptz NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz,
  runs        bigint NOT NULL DEFAULT 0,
  failures    bigint NOT NULL DEFAULT 0,
  last_error  text
);
"""


def create_chassis_tables(op: Operations) -> None:
    """Create outbox, inbox, watermarks, dead letters, idempotency and job runs, and the functions policies use."""
    execute_script(op, _FUNCTIONS)
    execute_script(op, _TABLES)
    for table in CHASSIS_TABLES:
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")


def drop_chassis_tables(op: Operations) -> None:
    """Undo `create_chassis_tables`."""
    for table in reversed(CHASSIS_TABLES):
        op.execute(f"DROP TABLE {table}")
    for function in ("kontor_role", "kontor_account_id", "kontor_customer_id", "kontor_tenant_id"):
        op.execute(f"DROP FUNCTION {function}()")


def execute_script(op: Operations, sql: str) -> None:
    """Run several statements at once in the migration's transaction; `op.execute` takes only one."""
    bind = op.get_bind()
    bind.exec_driver_sql("SELECT 1")  # begins the driver's transaction, which the script must run in
    driver: Any = bind.connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(sql))


def grant_application(op: Operations, table: str, privileges: str) -> None:
    """Grant privileges (for example "SELECT, INSERT") on a table to the application role of this database."""
    if not re.fullmatch(r"[A-Z, ]+", privileges):
        raise ValueError(f"not a list of privileges: {privileges}")
    op.execute(
        "DO $grant$ BEGIN EXECUTE format("
        f"'GRANT {privileges} ON TABLE {_quoted(table)} TO %I', regexp_replace(current_user, '_owner$', '_app'));"
        " END $grant$"
    )


def secure_by_tenant(
    op: Operations, table: str, also: str | None = None, customer_column: str | None = "customer_id"
) -> None:
    """Let a transaction see and write only rows of its own tenant and, when a customer acts, only his rows.

    `customer_column=None` for tables without one (a customer then sees the firm's rows). `also` is an SQL condition
    that admits rows in addition, for example `SERVICE_WIDE`. Applies to the owner too (FORCE ROW LEVEL SECURITY).
    """
    mine = "tenant_id = (SELECT kontor_tenant_id())"
    if customer_column is not None:
        column = _quoted(customer_column)
        mine += f" AND ((SELECT kontor_customer_id()) IS NULL OR {column} = (SELECT kontor_customer_id()))"
    condition = f"({mine}) OR ({also})" if also else mine
    name = _quoted(table)
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY by_tenant ON {name} USING ({condition}) WITH CHECK ({condition})")


_DELETED_FIRMS = """
CREATE TABLE deleted_firms (
  tenant_id   uuid CONSTRAINT pk_deleted_firms PRIMARY KEY,
  deleted_at  timestamptz NOT NULL,
  finished_at timestamptz
);
COMMENT ON TABLE deleted_firms IS 'ends of firms that this service has heard of; finished_at: nothing is left of it';
"""


def let_deleted_firms_go(op: Operations, *tables: str) -> None:
    """Create what `firm_end` needs, and let the application delete rows of `tables` whose firm is deleted.

    `tables` are those from which the application deletes nothing else: a policy keeps it that way.
    """
    execute_script(op, _DELETED_FIRMS)
    grant_application(op, "deleted_firms", "SELECT, INSERT, UPDATE")
    secure_by_tenant(op, "deleted_firms", also=SERVICE_WIDE, customer_column=None)
    op.execute("CREATE POLICY who ON deleted_firms AS RESTRICTIVE USING ((SELECT kontor_role()) = 'service')")
    for table in tables:
        name = _quoted(table)
        grant_application(op, table, "DELETE")
        op.execute(
            f"CREATE POLICY only_of_deleted_firms ON {name} AS RESTRICTIVE FOR DELETE"
            f" USING (EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {name}.tenant_id))"
        )


def keep_deleted_firms(op: Operations, *tables: str) -> None:
    """Undo `let_deleted_firms_go`."""
    for table in tables:
        op.execute(f"DROP POLICY only_of_deleted_firms ON {_quoted(table)}")
        op.execute(
            "DO $revoke$ BEGIN EXECUTE format("
            f"'REVOKE DELETE ON TABLE {_quoted(table)} FROM %I', regexp_replace(current_user, '_owner$', '_app'));"
            " END $revoke$"
        )
    op.execute("DROP TABLE deleted_firms")


_DELETED_CUSTOMERS = """
CREATE TABLE deleted_customers (
  tenant_id   uuid NOT NULL,
  customer_id uuid CONSTRAINT pk_deleted_customers PRIMARY KEY,
  account_ids uuid[] NOT NULL,
  deleted_at  timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX ix_deleted_customers_unfinished ON deleted_customers (customer_id) WHERE finished_at IS NULL;
COMMENT ON TABLE deleted_customers IS 'ends of customers that this service has heard of; ids only';
COMMENT ON COLUMN deleted_customers.account_ids IS 'people who acted for him in this firm and for nobody else of it';
"""


def let_deleted_customers_go(op: Operations, **tables: str) -> None:
    """Create what `customer_end` needs, and let rows that belong to a deleted customer `d` go as well.

    `tables` says for each table of `let_deleted_firms_go` which rows those are: SQL about `d` (`deleted_customers`)
    and the table by its name.
    """
    execute_script(op, _DELETED_CUSTOMERS)
    grant_application(op, "deleted_customers", "SELECT, INSERT, UPDATE")
    secure_by_tenant(op, "deleted_customers", also=SERVICE_WIDE, customer_column=None)
    op.execute("CREATE POLICY who ON deleted_customers AS RESTRICTIVE USING ((SELECT kontor_role()) = 'service')")
    for table, belongs in tables.items():
        name = _quoted(table)
        of_customer = f"EXISTS (SELECT FROM deleted_customers d WHERE d.tenant_id = {name}.tenant_id AND {belongs})"
        op.execute(
            f"ALTER POLICY only_of_deleted_firms ON {name}"
            f" USING (EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {name}.tenant_id) OR {of_customer})"
        )


def keep_deleted_customers(op: Operations, *tables: str) -> None:
    """Undo `let_deleted_customers_go`."""
    for table in tables:
        name = _quoted(table)
        op.execute(
            f"ALTER POLICY only_of_deleted_firms ON {name}"
            f" USING (EXISTS (SELECT FROM deleted_firms d WHERE d.tenant_id = {name}.tenant_id))"
        )
    op.execute("DROP TABLE deleted_customers")


def _quoted(identifier: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", identifier):
        raise ValueError(f"not a plain identifier: {identifier}")
    return f'"{identifier}"'
