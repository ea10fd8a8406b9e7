"""The brand in versions, with pictures, own domains, and staff looking at the office as a customer.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, grant_application, secure_by_tenant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = """
CREATE TABLE brand_versions (
  tenant_id    uuid NOT NULL CONSTRAINT fk_brand_versions_tenant_id REFERENCES tenants,
  number       integer NOT NULL CONSTRAINT ck_brand_versions_number CHECK (number >= 0),
  design       bytea NOT NULL,
  author       text NOT NULL,
  saved_at     timestamptz NOT NULL,
  published_at timestamptz,
  version      integer NOT NULL,
  CONSTRAINT pk_brand_versions PRIMARY KEY (tenant_id, number)
);
COMMENT ON TABLE brand_versions IS 'number 0 is the draft, the highest number is what customers see';

CREATE TABLE brand_pictures (
  picture_id uuid CONSTRAINT pk_brand_pictures PRIMARY KEY,
  tenant_id  uuid NOT NULL CONSTRAINT fk_brand_pictures_tenant_id REFERENCES tenants,
  content    bytea NOT NULL CONSTRAINT ck_brand_pictures_content CHECK (length(content) <= 8388608),
  media_type text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX ix_brand_pictures_tenant_id ON brand_pictures (tenant_id);

CREATE TABLE firm_domains (
  domain_id   uuid CONSTRAINT pk_firm_domains PRIMARY KEY,
  tenant_id   uuid NOT NULL CONSTRAINT fk_firm_domains_tenant_id REFERENCES tenants,
  host        text NOT NULL CONSTRAINT ck_firm_domains_host CHECK (host = lower(host)),
  proof       text NOT NULL,
  state       smallint NOT NULL,
  created_at  timestamptz NOT NULL,
  verified_at timestamptz,
  version     integer NOT NULL
);
CREATE UNIQUE INDEX uq_firm_domains_host ON firm_domains (host) WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX uq_firm_domains_own_host ON firm_domains (tenant_id, host);

CREATE TABLE customer_views (
  view_id     uuid CONSTRAINT pk_customer_views PRIMARY KEY,
  tenant_id   uuid NOT NULL CONSTRAINT fk_customer_views_tenant_id REFERENCES tenants,
  customer_id uuid NOT NULL CONSTRAINT fk_customer_views_customer_id REFERENCES customers,
  account_id  uuid NOT NULL,
  viewer_name text NOT NULL,
  reason      text NOT NULL,
  started_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL
);
CREATE INDEX ix_customer_views_customer_id ON customer_views (customer_id, started_at DESC);

CREATE TABLE customer_pictures (
  picture_id  uuid CONSTRAINT pk_customer_pictures PRIMARY KEY,
  tenant_id   uuid NOT NULL CONSTRAINT fk_customer_pictures_tenant_id REFERENCES tenants,
  customer_id uuid NOT NULL CONSTRAINT fk_customer_pictures_customer_id REFERENCES customers,
  subject     text NOT NULL,
  content     bytea NOT NULL CONSTRAINT ck_customer_pictures_content CHECK (length(content) <= 1048576),
  media_type  text NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT uq_customer_pictures_subject UNIQUE (customer_id, subject)
);

ALTER TABLE tenants ADD COLUMN white_label boolean NOT NULL DEFAULT false;
"""

_OF_THE_FIRM = ("brand_versions", "brand_pictures", "firm_domains")
_OF_A_CUSTOMER = ("customer_views", "customer_pictures")


def upgrade() -> None:
    """Create the tables and say who sees their rows."""
    for statement in filter(str.strip, _STATEMENTS.split(";\n")):
        op.execute(statement)
    for table in (*_OF_THE_FIRM, *_OF_A_CUSTOMER):
        grant_application(op, table, "SELECT, INSERT, UPDATE, DELETE")
    for table in _OF_THE_FIRM:
        secure_by_tenant(op, table, also=f"({SERVICE_WIDE}) OR kontor_role() = 'operator'", customer_column=None)
    for table in _OF_A_CUSTOMER:
        secure_by_tenant(op, table, also=SERVICE_WIDE)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE tenants DROP COLUMN white_label")
    for table in reversed((*_OF_THE_FIRM, *_OF_A_CUSTOMER)):
        op.execute(f"DROP TABLE {table}")
