"""A customer's papers are searched one by one: they are few, and beginnings of words cost the index all firms' words.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FINDING = """
CREATE OR REPLACE FUNCTION found_documents(
  tier integer, sought text, titled text, customer uuid, kinds smallint[], from_time timestamptz,
  until_time timestamptz, folder uuid, person text, before_time timestamptz, before_id uuid, most integer)
  RETURNS SETOF uuid
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  words tsquery := CASE tier WHEN 0 THEN sought::tsquery ELSE to_tsquery('german', sought) END;
  title_words tsquery := CASE tier WHEN 0 THEN NULL ELSE to_tsquery('german', titled) END;
  whose uuid := coalesce(kontor_customer_id(), customer);
  owned tsquery := quote_literal(coalesce('c:' || whose, 't:' || kontor_tenant_id()))::tsquery;
  fitting text := 'SELECT w.document_id, w.create_time FROM '
    || CASE WHEN whose IS NULL THEN 'document_words'
      ELSE '(SELECT * FROM document_words WHERE customer_id = $4 OFFSET 0)' END || ' w WHERE w.tenant_id = $3 AND '
    || CASE tier
      WHEN 3 THEN 'w.label @@ $2'
      WHEN 2 THEN 'w.label @@ $1 AND NOT w.label @@ $2'
      WHEN 1 THEN 'w.everything @@ $1 AND NOT w.label @@ $1'
      WHEN 0 THEN 'w.near @@ $1'
      ELSE 'w.everything @@ $1' END
    || CASE WHEN from_time IS NULL THEN '' ELSE ' AND w.create_time >= $6 AND w.create_time < $7' END
    || CASE WHEN before_id IS NULL THEN '' ELSE ' AND (w.create_time, w.document_id) < ($10, $11)' END;
  seen text := 'SELECT w.document_id FROM fitting w CROSS JOIN LATERAL ('
    || 'SELECT FROM documents d WHERE d.document_id = w.document_id AND d.trash_time IS NULL'
    || ' AND (kontor_role() <> ''customer'' OR d.release_time IS NOT NULL)'
    || CASE WHEN kinds IS NULL THEN '' ELSE ' AND d.kind = ANY ($5)' END
    || CASE WHEN folder IS NULL THEN '' ELSE ' AND d.folder_id = $8' END
    || CASE WHEN person = '' THEN '' ELSE ' AND d.concerned_person = $9' END
    || ' OFFSET 0) AS seen ORDER BY w.create_time DESC, w.document_id DESC LIMIT $12';
  expected json;
  kept text := 'MATERIALIZED';
BEGIN
  IF numnode(words) = 0 OR kontor_role() NOT IN ('customer', 'staff') THEN RETURN; END IF;
  IF whose IS NULL THEN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || fitting INTO expected USING words && owned, title_words && owned,
      kontor_tenant_id(), whose, kinds, from_time, until_time, folder, person, before_time, before_id, most;
    IF (expected -> 0 -> 'Plan' ->> 'Plan Rows')::float > (CASE tier WHEN 0 THEN 0.13 ELSE 0.0075 END)
      * (SELECT reltuples FROM pg_class WHERE oid = 'document_words'::regclass) THEN kept := 'NOT MATERIALIZED'; END IF;
  END IF;
  RETURN QUERY EXECUTE 'WITH fitting AS ' || kept || ' (' || fitting || ') ' || seen USING words && owned,
    title_words && owned, kontor_tenant_id(), whose, kinds, from_time, until_time, folder, person, before_time,
    before_id, most;
END $$;
"""


def upgrade() -> None:
    """Look through a customer's papers without the index of words."""
    execute_script(op, _FINDING)


def downgrade() -> None:
    """Nothing to undo: what is found is the same."""
