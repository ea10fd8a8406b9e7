"""Proof of identity with letters, consent to electronic delivery, raffles with vouchers and draws.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import SERVICE_WIDE, execute_script, grant_application, secure_by_tenant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_PROOFS = """
CREATE TABLE identity_proofs (
  identity_proof_id uuid CONSTRAINT pk_identity_proofs PRIMARY KEY,
  tenant_id         uuid NOT NULL CONSTRAINT fk_identity_proofs_tenant_id REFERENCES tenants,
  customer_id       uuid NOT NULL CONSTRAINT fk_identity_proofs_customer_id REFERENCES customers,
  account_id        uuid NOT NULL CONSTRAINT fk_identity_proofs_account_id REFERENCES accounts,
  method            smallint NOT NULL CONSTRAINT ck_identity_proofs_method CHECK (method BETWEEN 1 AND 2),
  document          smallint NOT NULL,
  seen_on           date,
  proved_at         timestamptz NOT NULL,
  proved_by         uuid,
  proved_name       text NOT NULL,
  ended_at          timestamptz,
  ended_by          uuid,
  ended_name        text NOT NULL DEFAULT '',
  end_reason        text NOT NULL DEFAULT '',
  CONSTRAINT ck_identity_proofs_document
    CHECK (document BETWEEN 0 AND 3 AND (method = 2) = (document > 0) AND (method = 2) = (seen_on IS NOT NULL))
);
COMMENT ON TABLE identity_proofs IS 'who proved whose identity, when and how; never a number or copy of a document';
CREATE UNIQUE INDEX uq_identity_proofs_in_force ON identity_proofs (customer_id) WHERE ended_at IS NULL;
CREATE INDEX ix_identity_proofs_customer_id ON identity_proofs (customer_id, proved_at DESC, identity_proof_id);

CREATE TABLE identity_letters (
  identity_letter_id uuid CONSTRAINT pk_identity_letters PRIMARY KEY,
  tenant_id          uuid NOT NULL CONSTRAINT fk_identity_letters_tenant_id REFERENCES tenants,
  customer_id        uuid NOT NULL CONSTRAINT fk_identity_letters_customer_id REFERENCES customers,
  account_id         uuid NOT NULL CONSTRAINT fk_identity_letters_account_id REFERENCES accounts,
  state              smallint NOT NULL CONSTRAINT ck_identity_letters_state CHECK (state BETWEEN 1 AND 4),
  created_at         timestamptz NOT NULL,
  requested_at       timestamptz,
  printed_at         timestamptz,
  printed_by         uuid,
  expires_at         timestamptz,
  code_hash          bytea,
  attempts           smallint NOT NULL DEFAULT 0,
  CONSTRAINT ck_identity_letters_printed
    CHECK (state <> 2 OR (printed_at IS NOT NULL AND expires_at IS NOT NULL AND code_hash IS NOT NULL))
);
CREATE UNIQUE INDEX uq_identity_letters_under_way ON identity_letters (customer_id) WHERE state IN (1, 2);
CREATE INDEX ix_identity_letters_customer_id ON identity_letters (customer_id, created_at DESC);
CREATE INDEX ix_identity_letters_requested ON identity_letters (tenant_id, created_at, identity_letter_id)
  WHERE state = 1;
"""

_EPOST = """
CREATE TABLE epost_entries (
  epost_entry_id uuid CONSTRAINT pk_epost_entries PRIMARY KEY,
  tenant_id      uuid NOT NULL CONSTRAINT fk_epost_entries_tenant_id REFERENCES tenants,
  customer_id    uuid NOT NULL CONSTRAINT fk_epost_entries_customer_id REFERENCES customers,
  decision       smallint NOT NULL CONSTRAINT ck_epost_entries_decision CHECK (decision BETWEEN 1 AND 3),
  version        integer NOT NULL,
  sha256         text NOT NULL,
  decided_at     timestamptz NOT NULL,
  account_id     uuid NOT NULL CONSTRAINT fk_epost_entries_account_id REFERENCES accounts
);
COMMENT ON TABLE epost_entries IS 'every word on electronic delivery; the latest applies, none is ever changed';
CREATE INDEX ix_epost_entries_customer_id ON epost_entries (customer_id, decided_at DESC, epost_entry_id DESC);
"""

_RAFFLES = """
CREATE TABLE raffles (
  raffle_id         uuid CONSTRAINT pk_raffles PRIMARY KEY,
  kind              smallint NOT NULL CONSTRAINT ck_raffles_kind CHECK (kind BETWEEN 1 AND 2),
  state             smallint NOT NULL CONSTRAINT ck_raffles_state CHECK (state BETWEEN 1 AND 5),
  prize             text NOT NULL,
  prizes            integer NOT NULL,
  organiser         text NOT NULL,
  conditions        text NOT NULL,
  conditions_sha256 text NOT NULL,
  last_on           date NOT NULL,
  public_source     text NOT NULL,
  seed_sealed       bytea NOT NULL,
  seed_commitment   text NOT NULL,
  list_sha256       text NOT NULL DEFAULT '',
  tickets           integer NOT NULL DEFAULT 0,
  public_value      text NOT NULL DEFAULT '',
  created_at        timestamptz NOT NULL,
  created_by        uuid NOT NULL,
  opened_at         timestamptz,
  closed_at         timestamptz,
  drawn_at          timestamptz,
  drawn_by          uuid,
  CONSTRAINT ck_raffles_drawn CHECK (state <> 4 OR (kind = 2 AND drawn_at IS NOT NULL AND closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_raffles_open ON raffles (state) WHERE state = 2;

CREATE TABLE raffle_entries (
  raffle_entry_id   uuid CONSTRAINT pk_raffle_entries PRIMARY KEY,
  tenant_id         uuid NOT NULL CONSTRAINT fk_raffle_entries_tenant_id REFERENCES tenants,
  customer_id       uuid NOT NULL CONSTRAINT fk_raffle_entries_customer_id REFERENCES customers,
  raffle_id         uuid NOT NULL CONSTRAINT fk_raffle_entries_raffle_id REFERENCES raffles,
  account_id        uuid NOT NULL CONSTRAINT fk_raffle_entries_account_id REFERENCES accounts,
  ticket_sha256     text NOT NULL,
  conditions_sha256 text NOT NULL,
  entered_at        timestamptz NOT NULL,
  withdrawn_at      timestamptz,
  has_voucher       boolean NOT NULL DEFAULT false,
  is_listed         boolean NOT NULL DEFAULT false,
  pick              integer,
  passed_over       boolean NOT NULL DEFAULT false
);
COMMENT ON COLUMN raffle_entries.is_listed IS 'stands in the frozen list of the draw';
COMMENT ON COLUMN raffle_entries.pick IS 'as the how many-th it was drawn, from 1';
CREATE UNIQUE INDEX uq_raffle_entries_customer ON raffle_entries (raffle_id, customer_id);
CREATE UNIQUE INDEX uq_raffle_entries_ticket ON raffle_entries (raffle_id, ticket_sha256);
CREATE UNIQUE INDEX uq_raffle_entries_pick ON raffle_entries (raffle_id, pick) WHERE pick IS NOT NULL;

CREATE TABLE vouchers (
  voucher_id      uuid CONSTRAINT pk_vouchers PRIMARY KEY,
  raffle_id       uuid NOT NULL CONSTRAINT fk_vouchers_raffle_id REFERENCES raffles,
  code_blinded    bytea NOT NULL CONSTRAINT uq_vouchers_code_blinded UNIQUE,
  code_sealed     bytea NOT NULL,
  added_at        timestamptz NOT NULL,
  raffle_entry_id uuid CONSTRAINT uq_vouchers_raffle_entry_id UNIQUE
                  CONSTRAINT fk_vouchers_raffle_entry_id REFERENCES raffle_entries,
  given_at        timestamptz,
  CONSTRAINT ck_vouchers_given CHECK ((raffle_entry_id IS NULL) = (given_at IS NULL))
);
CREATE INDEX ix_vouchers_stock ON vouchers (raffle_id, voucher_id) WHERE raffle_entry_id IS NULL;
"""

_OF_CUSTOMERS = ("identity_proofs", "identity_letters", "epost_entries", "raffle_entries")
_GRANTS = {
    "identity_proofs": "SELECT, INSERT, UPDATE, DELETE",
    "identity_letters": "SELECT, INSERT, UPDATE, DELETE",
    "epost_entries": "SELECT, INSERT",
    "raffles": "SELECT, INSERT, UPDATE",
    "raffle_entries": "SELECT, INSERT, UPDATE",
    "vouchers": "SELECT, INSERT, UPDATE",
}


def upgrade() -> None:
    """Create everything; vouchers are seen by identity itself only, raffles by everybody."""
    for script in (_PROOFS, _EPOST, _RAFFLES):
        execute_script(op, script)
    for table, privileges in _GRANTS.items():
        grant_application(op, table, privileges)
    for table in _OF_CUSTOMERS:
        secure_by_tenant(op, table, also=SERVICE_WIDE)
    op.execute("ALTER TABLE vouchers ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE vouchers FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY identity_only ON vouchers USING ({SERVICE_WIDE}) WITH CHECK ({SERVICE_WIDE})")


def downgrade() -> None:
    """Drop everything."""
    for table in ("vouchers", "raffle_entries", "raffles", "epost_entries", "identity_letters", "identity_proofs"):
        op.execute(f"DROP TABLE {table}")
