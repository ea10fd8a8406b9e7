"""The tables of the services under test: parcels, and what a receiver noted down.

Revision ID: 0001
Revises:
"""

from alembic import op
from kontor_chassis.schema import (
    SERVICE_WIDE,
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


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables(op)
    execute_script(
        op,
        """
        CREATE TABLE parcels (
          id          uuid CONSTRAINT pk_parcels PRIMARY KEY,
          tenant_id   uuid NOT NULL,
          customer_id uuid,
          label       text NOT NULL,
          weight      integer NOT NULL DEFAULT 1 CONSTRAINT ck_parcels_weight CHECK (weight > 0),
          parent_id   uuid CONSTRAINT fk_parcels_parent_id REFERENCES parcels,
          CONSTRAINT uq_parcels_tenant_id_label UNIQUE (tenant_id, label)
        );
        CREATE TABLE notes (
          n         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_notes PRIMARY KEY,
          tenant_id uuid NOT NULL,
          event_id  uuid NOT NULL,
          aggregate text NOT NULL,
          number    integer NOT NULL
        );
        CREATE TABLE visits (
          n   bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_visits PRIMARY KEY,
          who text NOT NULL
        );
        """,
    )
    grant_application(op, "parcels", "SELECT, INSERT, UPDATE, DELETE")
    grant_application(op, "notes", "SELECT, INSERT")
    grant_application(op, "visits", "SELECT, INSERT")
    secure_by_tenant(op, "parcels")
    secure_by_tenant(op, "notes", also=SERVICE_WIDE, customer_column=None)


def downgrade() -> None:
    """Remove everything."""
    for table in ("visits", "notes", "parcels"):
        op.execute(f"DROP TABLE {table}")
    drop_chassis_tables(op)
