"""Listings, orders between firms, consents, messages, history and ratings.

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

_CATEGORIES = """'CAR', 'PRIVATE_PROPERTY', 'COMMERCIAL', 'HEALTH', 'FINANCING', 'PENSION_BIOMETRIC', 'INVESTMENT',
  'COMPANY_PENSION', 'NET_PAY_OPTIMISATION'"""

_TABLES = f"""
CREATE TABLE listings (
  service_id            uuid CONSTRAINT pk_listings PRIMARY KEY,
  tenant_id             uuid NOT NULL,
  expert_account_id     uuid NOT NULL,
  expert_name           text NOT NULL,
  expert_firm_name      text NOT NULL,
  title                 text NOT NULL,
  description           text NOT NULL,
  category              text NOT NULL CONSTRAINT ck_listings_category CHECK (category IN ({_CATEGORIES})),
  compensation_kind     text NOT NULL CONSTRAINT ck_listings_compensation_kind
                        CHECK (compensation_kind IN ('COST', 'YIELD')),
  compensation_minor    bigint NOT NULL CONSTRAINT ck_listings_compensation_minor CHECK (compensation_minor >= 0),
  transaction_fee_minor bigint NOT NULL CONSTRAINT ck_listings_transaction_fee_minor CHECK (transaction_fee_minor >= 0),
  form_schema           text NOT NULL,
  consent_template      text NOT NULL,
  customer_fields       text[] NOT NULL CONSTRAINT ck_listings_customer_fields CHECK (cardinality(customer_fields) > 0),
  state                 text NOT NULL CONSTRAINT ck_listings_state
                        CHECK (state IN ('DRAFT', 'SUBMITTED', 'PUBLISHED', 'REJECTED')),
  rejection_reason      text NOT NULL,
  created_at            timestamptz NOT NULL,
  published_at          timestamptz,
  version               integer NOT NULL
);
CREATE INDEX ix_listings_tenant_id ON listings (tenant_id, service_id);
CREATE INDEX ix_listings_published ON listings (category, service_id) WHERE state = 'PUBLISHED';

CREATE TABLE orders (
  order_id              uuid CONSTRAINT pk_orders PRIMARY KEY,
  tenant_id             uuid NOT NULL,
  customer_id           uuid NOT NULL,
  client_account_id     uuid NOT NULL,
  client_firm_name      text NOT NULL,
  expert_tenant_id      uuid NOT NULL,
  expert_account_id     uuid NOT NULL,
  expert_name           text NOT NULL,
  expert_firm_name      text NOT NULL,
  service_id            uuid NOT NULL CONSTRAINT fk_orders_service_id REFERENCES listings,
  service_version       integer NOT NULL,
  service_title         text NOT NULL,
  category              text NOT NULL,
  compensation_kind     text NOT NULL,
  compensation_minor    bigint NOT NULL,
  transaction_fee_minor bigint NOT NULL,
  state                 text NOT NULL CONSTRAINT ck_orders_state CHECK (state IN (
                          'DRAFT', 'CONSENT_REQUESTED', 'CONSENT_GIVEN', 'CONSENT_DECLINED', 'PLACED', 'IN_PROGRESS',
                          'COMPLETED', 'CANCELLED')),
  cancellation_reason   text NOT NULL,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  placed_at             timestamptz,
  closed_at             timestamptz,
  version               integer NOT NULL,
  CONSTRAINT ck_orders_placed CHECK (
    (placed_at IS NOT NULL) = (state IN ('PLACED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED'))),
  CONSTRAINT ck_orders_cancelled_why CHECK (state <> 'CANCELLED' OR cancellation_reason <> ''),
  CONSTRAINT ck_orders_other_firm CHECK (tenant_id <> expert_tenant_id)
);
CREATE INDEX ix_orders_tenant_id ON orders (tenant_id, order_id);
CREATE INDEX ix_orders_tenant_id_customer_id ON orders (tenant_id, customer_id, order_id);
CREATE INDEX ix_orders_expert_tenant_id ON orders (expert_tenant_id, order_id) WHERE placed_at IS NOT NULL;

CREATE TABLE order_forms (
  order_id         uuid CONSTRAINT pk_order_forms PRIMARY KEY CONSTRAINT fk_order_forms_order_id REFERENCES orders,
  tenant_id        uuid NOT NULL,
  form_schema      text NOT NULL,
  consent_template text NOT NULL,
  customer_fields  text[] NOT NULL,
  answers          jsonb NOT NULL
);

CREATE TABLE consents (
  consent_id             uuid CONSTRAINT pk_consents PRIMARY KEY,
  order_id               uuid NOT NULL CONSTRAINT fk_consents_order_id REFERENCES orders,
  tenant_id              uuid NOT NULL,
  customer_id            uuid NOT NULL,
  text                   text NOT NULL,
  customer_fields        text[] NOT NULL,
  answers                jsonb NOT NULL,
  state                  text NOT NULL CONSTRAINT ck_consents_state
                         CHECK (state IN ('REQUESTED', 'GIVEN', 'DECLINED', 'LAPSED')),
  requested_at           timestamptz NOT NULL,
  answered_at            timestamptz,
  answered_by_account_id uuid
);
CREATE UNIQUE INDEX uq_consents_one_standing ON consents (order_id) WHERE state IN ('REQUESTED', 'GIVEN');
CREATE INDEX ix_consents_order_id ON consents (order_id, consent_id);
CREATE INDEX ix_consents_tenant_id_customer_id ON consents (tenant_id, customer_id, consent_id);

CREATE TABLE order_contents (
  order_id         uuid CONSTRAINT pk_order_contents PRIMARY KEY
                   CONSTRAINT fk_order_contents_order_id REFERENCES orders,
  tenant_id        uuid NOT NULL,
  expert_tenant_id uuid NOT NULL,
  answers          jsonb NOT NULL,
  customer_data    jsonb NOT NULL
);

CREATE TABLE order_messages (
  message_id        uuid CONSTRAINT pk_order_messages PRIMARY KEY,
  order_id          uuid NOT NULL CONSTRAINT fk_order_messages_order_id REFERENCES orders,
  tenant_id         uuid NOT NULL,
  expert_tenant_id  uuid NOT NULL,
  sender_side       text NOT NULL CONSTRAINT ck_order_messages_sender_side CHECK (sender_side IN ('CLIENT', 'EXPERT')),
  sender_account_id uuid NOT NULL,
  sender_name       text NOT NULL,
  body              text NOT NULL,
  sent_at           timestamptz NOT NULL
);
CREATE INDEX ix_order_messages_order_id ON order_messages (order_id, message_id);

CREATE TABLE order_history (
  entry_id         uuid CONSTRAINT pk_order_history PRIMARY KEY,
  order_id         uuid NOT NULL CONSTRAINT fk_order_history_order_id REFERENCES orders,
  tenant_id        uuid NOT NULL,
  expert_tenant_id uuid NOT NULL,
  step             text NOT NULL,
  actor_account_id uuid NOT NULL,
  actor_name       text NOT NULL,
  happened_at      timestamptz NOT NULL,
  detail           text NOT NULL
);
CREATE INDEX ix_order_history_order_id ON order_history (order_id, entry_id);

CREATE TABLE ratings (
  order_id         uuid CONSTRAINT pk_ratings PRIMARY KEY CONSTRAINT fk_ratings_order_id REFERENCES orders,
  tenant_id        uuid NOT NULL,
  service_id       uuid NOT NULL,
  stars            smallint NOT NULL CONSTRAINT ck_ratings_stars CHECK (stars BETWEEN 1 AND 5),
  comment          text NOT NULL,
  client_firm_name text NOT NULL,
  rated_at         timestamptz NOT NULL
);
CREATE INDEX ix_ratings_service_id ON ratings (service_id, order_id);
"""

_NETWORK = "(SELECT kontor_role()) = 'network'"
_EXPERT = "expert_tenant_id = (SELECT kontor_tenant_id()) AND (SELECT kontor_role()) IN ('expert', 'staff', 'service')"
"""The firm the order was placed with; its customers have no part in it."""


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    execute_script(op, _TABLES)
    _secure()
    for table in ("listings", "orders", "order_forms", "consents"):
        grant_application(op, table, "SELECT, INSERT, UPDATE")
    for table in ("order_contents", "order_messages", "order_history", "ratings"):
        grant_application(op, table, "SELECT, INSERT")


def downgrade() -> None:
    """Drop everything."""
    op.execute(
        "DROP TABLE ratings, order_history, order_messages, order_contents, consents, order_forms, orders, listings"
    )
    drop_chassis_tables(op)


def _secure() -> None:
    """Rows are the client's (of a listing: the expert's); others see what the conditions name."""
    secure_by_tenant(op, "listings", also=_NETWORK, customer_column=None)
    op.execute(
        "CREATE POLICY published ON listings FOR SELECT"
        " USING (state = 'PUBLISHED' AND (SELECT kontor_role()) IN ('staff', 'expert'))"
    )
    op.execute(
        "CREATE POLICY not_for_customers ON listings AS RESTRICTIVE"
        " USING ((SELECT kontor_role()) NOT IN ('customer', 'trusted', 'anonymous', ''))"
    )
    secure_by_tenant(op, "orders", also=f"placed_at IS NOT NULL AND {_EXPERT}")
    op.execute(f"CREATE POLICY monitored ON orders FOR SELECT USING ({_NETWORK})")
    secure_by_tenant(op, "order_forms", customer_column=None)
    op.execute(
        "CREATE POLICY not_for_customers ON order_forms AS RESTRICTIVE"
        " USING ((SELECT kontor_role()) IN ('staff', 'service'))"
    )
    secure_by_tenant(op, "consents")
    for table in ("order_contents", "order_messages"):
        secure_by_tenant(op, table, also=_EXPERT, customer_column=None)
        op.execute(
            f"CREATE POLICY not_for_customers ON {table} AS RESTRICTIVE"
            " USING ((SELECT kontor_role()) IN ('staff', 'expert', 'service'))"
        )
    secure_by_tenant(op, "order_history", also=_EXPERT, customer_column=None)
    op.execute(
        "CREATE POLICY not_for_customers ON order_history AS RESTRICTIVE FOR SELECT"
        " USING ((SELECT kontor_role()) IN ('staff', 'expert', 'service'))"
    )
    secure_by_tenant(op, "ratings", customer_column=None)
    op.execute(
        "CREATE POLICY shown ON ratings FOR SELECT USING ((SELECT kontor_role()) IN ('staff', 'expert', 'network'))"
    )
