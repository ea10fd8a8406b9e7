"""A firm's life: waiting list, trial, plan, verified facts, processing agreement, end.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import hashlib
from importlib.resources import files

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TENANTS = """
ALTER TABLE tenants
  DROP CONSTRAINT ck_tenants_kind,
  DROP CONSTRAINT ck_tenants_state,
  ADD COLUMN channel              smallint NOT NULL DEFAULT 1
                                  CONSTRAINT ck_tenants_channel CHECK (channel BETWEEN 1 AND 3),
  ADD COLUMN note                 text NOT NULL DEFAULT '',
  ADD COLUMN queue_rank           integer NOT NULL DEFAULT 0,
  ADD COLUMN plan                 smallint NOT NULL DEFAULT 0
                                  CONSTRAINT ck_tenants_plan CHECK (plan BETWEEN 0 AND 3),
  ADD COLUMN plan_chosen_at       timestamptz,
  ADD COLUMN contract_signed_on   date,
  ADD COLUMN suspended_at         timestamptz,
  ADD COLUMN deletion_due_at      timestamptz,
  ADD COLUMN deleted_at           timestamptz,
  ADD COLUMN homepage             text NOT NULL DEFAULT '',
  ADD COLUMN homepage_verified_at timestamptz,
  ADD COLUMN homepage_verified_by uuid,
  ADD COLUMN ihk_verified_at      timestamptz,
  ADD COLUMN ihk_verified_by      uuid,
  ADD COLUMN directory_listed     boolean NOT NULL DEFAULT false,
  ADD COLUMN directory_text       text NOT NULL DEFAULT '',
  ADD CONSTRAINT ck_tenants_kind CHECK (kind BETWEEN 1 AND 4),
  ADD CONSTRAINT ck_tenants_state CHECK (state BETWEEN 1 AND 5);
CREATE INDEX ix_tenants_trial_ends_at ON tenants (trial_ends_at) WHERE state = 2;
CREATE INDEX ix_tenants_deletion_due_at ON tenants (deletion_due_at) WHERE state = 4;
"""

_PLANS = """
CREATE TABLE plans (
  plan              smallint NOT NULL,
  valid_from        date NOT NULL,
  max_contacts      integer,
  storage_bytes     bigint,
  interfaces        boolean NOT NULL,
  base_net_cents    integer,
  contact_net_cents integer NOT NULL,
  setup_net_cents   integer,
  CONSTRAINT pk_plans PRIMARY KEY (plan, valid_from)
);
COMMENT ON TABLE plans IS 'terms of platform plans by the day they begin; NULL: no limit, or a price on request';
INSERT INTO plans VALUES
  (1, '2026-01-01', NULL, 1073741824, false, NULL, 50, NULL),
  (2, '2026-01-01', 100, 1073741824, true, NULL, 0, NULL),
  (3, '2026-01-01', 1000, 26843545600, true, NULL, 0, NULL);

CREATE TABLE trial_notices (
  tenant_id     uuid NOT NULL CONSTRAINT fk_trial_notices_tenant_id REFERENCES tenants,
  trial_ends_at timestamptz NOT NULL,
  days_before   smallint NOT NULL,
  CONSTRAINT pk_trial_notices PRIMARY KEY (tenant_id, trial_ends_at, days_before)
);
CREATE TABLE trial_extensions (
  extension_id uuid CONSTRAINT pk_trial_extensions PRIMARY KEY,
  tenant_id    uuid NOT NULL CONSTRAINT fk_trial_extensions_tenant_id REFERENCES tenants,
  ordered_by   uuid NOT NULL,
  ordered_at   timestamptz NOT NULL,
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  net_cents    integer NOT NULL
);
CREATE INDEX ix_trial_extensions_tenant_id ON trial_extensions (tenant_id);
"""

_PROCESSING = """
CREATE TABLE processing_texts (
  version      integer CONSTRAINT pk_processing_texts PRIMARY KEY,
  body         text NOT NULL,
  sha256       text NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_by uuid
);
CREATE TABLE processing_acceptances (
  tenant_id    uuid NOT NULL CONSTRAINT fk_processing_acceptances_tenant_id REFERENCES tenants,
  version      integer NOT NULL CONSTRAINT fk_processing_acceptances_version REFERENCES processing_texts,
  account_id   uuid NOT NULL,
  display_name text NOT NULL,
  sha256       text NOT NULL,
  accepted_at  timestamptz NOT NULL,
  CONSTRAINT pk_processing_acceptances PRIMARY KEY (tenant_id, version)
);
"""

_OF_FIRMS = ("trial_notices", "trial_extensions", "processing_acceptances")


def upgrade() -> None:
    """Create everything."""
    for script in (_TENANTS, _PLANS, _PROCESSING):
        execute_script(op, script)
    body = (files("kontor_identity") / "data" / "processing_agreement.md").read_text(encoding="utf-8")
    op.get_bind().execute(
        text("INSERT INTO processing_texts (version, body, sha256) VALUES (1, :body, :sha256)"),
        {"body": body, "sha256": hashlib.sha256(body.encode()).hexdigest()},
    )
    for table in ("plans", "processing_texts"):
        grant_application(op, table, "SELECT, INSERT")
    for table in _OF_FIRMS:
        grant_application(op, table, "SELECT, INSERT")
        secure_by_tenant(op, table, also=f"({SERVICE_WIDE}) OR kontor_role() = 'operator'", customer_column=None)


def downgrade() -> None:
    """Drop everything."""
    for table in (*_OF_FIRMS, "processing_texts", "plans"):
        op.execute(f"DROP TABLE {table}")
    execute_script(
        op,
        """
        ALTER TABLE tenants
          DROP COLUMN channel, DROP COLUMN note, DROP COLUMN queue_rank, DROP COLUMN plan, DROP COLUMN plan_chosen_at,
          DROP COLUMN contract_signed_on, DROP COLUMN suspended_at, DROP COLUMN deletion_due_at, DROP COLUMN deleted_at,
          DROP COLUMN homepage, DROP COLUMN homepage_verified_at, DROP COLUMN homepage_verified_by,
          DROP COLUMN ihk_verified_at, DROP COLUMN ihk_verified_by, DROP COLUMN directory_listed,
          DROP COLUMN directory_text, DROP CONSTRAINT ck_tenants_kind, DROP CONSTRAINT ck_tenants_state,
          ADD CONSTRAINT ck_tenants_kind CHECK (kind BETWEEN 1 AND 3),
          ADD CONSTRAINT ck_tenants_state CHECK (state BETWEEN 1 AND 3);
        """,
    )
