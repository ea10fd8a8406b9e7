"""What is read of documents, and the words by which they are found.

The words stand in a table of their own that the application can neither read nor write. Triggers fill it, and two
functions of the owner are the only way to it, because row-level security keeps PostgreSQL from using a text index
(the operator `@@` is not leakproof). `found_documents` therefore decides itself what belongs to whom, by the same
settings and, through `documents`, by the same policies.

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

_HEADS = (
    "versicherung",
    "versicherungen",
    "vertrag",
    "police",
    "schein",
    "rechnung",
    "bescheinigung",
    "bescheid",
    "abrechnung",
    "erklärung",
    "bestätigung",
    "kündigung",
    "meldung",
    "antrag",
    "beitrag",
    "auszug",
    "nachweis",
    "gutachten",
    "vollmacht",
    "verfügung",
    "steuer",
    "rente",
    "schutz",
    "pflicht",
    "schaden",
    "brief",
    "vorsorge",
)
"""Last parts of German compounds that are searched for by themselves: "Haftpflichtversicherung" has "Versicherung"."""

_FUNCTIONS = """
CREATE FUNCTION searched_text(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN regexp_replace(
  regexp_replace(given, '[^0-9A-Za-zÀ-ɏ]+', ' ', 'g'),
  '([A-Za-zÀ-ɏ]{3,})(HEADS)([A-Za-zÀ-ɏ]{0,2})(?![A-Za-zÀ-ɏ])', '\\1\\2\\3 \\2\\3', 'gi');
COMMENT ON FUNCTION searched_text IS 'words apart, and the last parts of compounds beside them';

CREATE FUNCTION near_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (
  SELECT array_to_tsvector(coalesce(array_agg(DISTINCT near), '{}')) FROM (
    SELECT DISTINCT
      left(replace(translate(lower(word), 'äöüáàâéèêíîóòôúûñç', 'aouaaaeeeiiooouunc'), 'ß', 'ss'), 24) AS word
    FROM regexp_split_to_table(given, '[^0-9A-Za-zÀ-ɏ]+') AS word WHERE length(word) >= 4 LIMIT 40) AS words
  CROSS JOIN LATERAL (
    SELECT word AS near UNION ALL
    SELECT overlay(word PLACING '' FROM at FOR 1) FROM generate_series(1, length(word)) AS at) AS around);
COMMENT ON FUNCTION near_words IS
  'each word and each of it without one letter: two words that share one of these differ by a letter or two swapped';
""".replace("HEADS", "|".join(_HEADS))

_TABLES = """
CREATE TABLE document_texts (
  document_id uuid CONSTRAINT pk_document_texts PRIMARY KEY
    CONSTRAINT fk_document_texts_document REFERENCES documents (document_id) ON DELETE CASCADE,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  number      integer NOT NULL,
  state       text NOT NULL CONSTRAINT ck_document_texts_state
    CHECK (state IN ('WAITING', 'READ', 'NO_TEXT', 'NO_RECOGNITION', 'UNREADABLE')),
  attempts    smallint NOT NULL DEFAULT 0,
  next_time   timestamptz,
  pages       integer NOT NULL DEFAULT 0,
  sealed_text bytea
);
COMMENT ON COLUMN document_texts.number IS 'the version that is read';
COMMENT ON COLUMN document_texts.next_time IS 'machine time until which a reader has it';
COMMENT ON COLUMN document_texts.sealed_text IS 'the text under the customer''s key, for the passages that hits show';
CREATE INDEX ix_document_texts_waiting ON document_texts (next_time) WHERE state = 'WAITING';
CREATE INDEX ix_document_texts_unrecognised ON document_texts (document_id) WHERE state = 'NO_RECOGNITION';

CREATE TABLE document_words (
  document_id uuid CONSTRAINT pk_document_words PRIMARY KEY
    CONSTRAINT fk_document_words_document REFERENCES documents (document_id) ON DELETE CASCADE,
  tenant_id   uuid NOT NULL,
  customer_id uuid NOT NULL,
  create_time timestamptz NOT NULL,
  label       tsvector NOT NULL,
  everything  tsvector NOT NULL,
  near        tsvector NOT NULL
);
COMMENT ON COLUMN document_words.label IS 'title (A), tags, person and file name (B), and whose it is';
COMMENT ON COLUMN document_words.everything IS 'the label and the text (D)';
CREATE INDEX ix_document_words_newest ON document_words (tenant_id, create_time DESC, document_id DESC);
CREATE INDEX ix_document_words_customer ON document_words (customer_id, create_time DESC, document_id DESC);
CREATE INDEX ix_document_words_label ON document_words USING gin (label);
CREATE INDEX ix_document_words_everything ON document_words USING gin (everything);
CREATE INDEX ix_document_words_near ON document_words USING gin (near);
ALTER TABLE document_words ENABLE ROW LEVEL SECURITY;
"""

# Rows of both tables come and go with their document, so that no path around the use cases can forget them.
_FILLING = """
CREATE FUNCTION owner_words(tenant uuid, customer uuid) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN array_to_tsvector(ARRAY['t:' || tenant, 'c:' || customer]);

CREATE FUNCTION index_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  named text := NEW.file_name || ' ' || array_to_string(NEW.tags, ' ') || ' ' || NEW.concerned_person;
  owned tsvector := owner_words(NEW.tenant_id, NEW.customer_id);
  labelled tsvector := setweight(to_tsvector('german', searched_text(NEW.title)), 'A')
    || setweight(to_tsvector('german', searched_text(named)), 'B') || owned;
  nearby tsvector := near_words(NEW.title || ' ' || named) || owned;
BEGIN
  INSERT INTO document_words (document_id, tenant_id, customer_id, create_time, label, everything, near)
    VALUES (NEW.document_id, NEW.tenant_id, NEW.customer_id, NEW.create_time, labelled, labelled, nearby)
    ON CONFLICT (document_id) DO UPDATE
      SET label = labelled, everything = labelled || ts_filter(document_words.everything, '{d}'), near = nearby;
  IF TG_OP = 'INSERT' OR NEW.content_version IS DISTINCT FROM OLD.content_version THEN
    INSERT INTO document_texts (document_id, tenant_id, customer_id, number, state)
      VALUES (NEW.document_id, NEW.tenant_id, NEW.customer_id, NEW.content_version, 'WAITING')
      ON CONFLICT (document_id) DO UPDATE
        SET number = excluded.number, state = 'WAITING', attempts = 0, next_time = NULL;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER index_document
  AFTER INSERT OR UPDATE OF title, file_name, tags, concerned_person, content_version ON documents
  FOR EACH ROW EXECUTE FUNCTION index_document();

CREATE FUNCTION index_text(document uuid, version integer, given text) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
  UPDATE document_words w SET everything = w.label || to_tsvector('german', searched_text(given))
  FROM document_texts t
  WHERE w.document_id = document AND t.document_id = document AND t.number = version AND kontor_role() = 'service'
$$;
COMMENT ON FUNCTION index_text IS 'makes the text of a document''s version searchable; a text that is none empties it';
"""

_FINDING = """
CREATE FUNCTION found_documents(
  tier integer, sought text, titled text, customer uuid, kinds smallint[], from_time timestamptz,
  until_time timestamptz, folder uuid, person text, before_time timestamptz, before_id uuid, most integer)
  RETURNS SETOF uuid
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public AS $$
DECLARE
  words tsquery := CASE tier WHEN 0 THEN sought::tsquery ELSE to_tsquery('german', sought) END;
  title_words tsquery := CASE tier WHEN 0 THEN NULL ELSE to_tsquery('german', titled) END;
  whose uuid := coalesce(kontor_customer_id(), customer);
  owned tsquery := quote_literal(coalesce('c:' || whose, 't:' || kontor_tenant_id()))::tsquery;
  within text := CASE WHEN whose IS NULL THEN 'w.tenant_id = $3' ELSE 'w.customer_id = $4 AND w.tenant_id = $3' END;
BEGIN
  IF numnode(words) = 0 OR kontor_role() NOT IN ('customer', 'staff') THEN RETURN; END IF;
  RETURN QUERY EXECUTE 'SELECT w.document_id FROM document_words w JOIN documents d USING (document_id) WHERE '
    || CASE tier
      WHEN 3 THEN 'w.label @@ $2'
      WHEN 2 THEN 'w.label @@ $1 AND NOT w.label @@ $2'
      WHEN 1 THEN 'w.everything @@ $1 AND NOT w.label @@ $1'
      WHEN 0 THEN 'w.near @@ $1'
      ELSE 'w.everything @@ $1' END || ' AND ' || within
    || ' AND d.trash_time IS NULL AND (kontor_role() <> ''customer'' OR d.release_time IS NOT NULL)'
    || CASE WHEN kinds IS NULL THEN '' ELSE ' AND d.kind = ANY ($5)' END
    || CASE WHEN from_time IS NULL THEN '' ELSE ' AND w.create_time >= $6 AND w.create_time < $7' END
    || CASE WHEN folder IS NULL THEN '' ELSE ' AND d.folder_id = $8' END
    || CASE WHEN person = '' THEN '' ELSE ' AND d.concerned_person = $9' END
    || CASE WHEN before_id IS NULL THEN '' ELSE ' AND (w.create_time, w.document_id) < ($10, $11)' END
    || ' ORDER BY w.create_time DESC, w.document_id DESC LIMIT $12'
    USING words && owned, title_words && owned, kontor_tenant_id(), whose, kinds, from_time, until_time, folder, person,
      before_time, before_id, most;
END $$;
COMMENT ON FUNCTION found_documents IS
  'the newest documents of the caller in which the words stand; tier: 3 title, 2 labels, 1 text, 0 similar, -1 any';
"""

_RIGHTS = """
DO $$
DECLARE
  application text := regexp_replace(current_user, '_owner$', '_app');
  each text;
BEGIN
  FOREACH each IN ARRAY ARRAY[
    'found_documents(integer, text, text, uuid, smallint[], timestamptz, timestamptz, uuid, text, timestamptz, uuid,'
      ' integer)',
    'index_text(uuid, integer, text)'] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', each);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', each, application);
  END LOOP;
END $$;
"""

_BEFORE = """
SET LOCAL kontor.role = 'service';
INSERT INTO document_texts (document_id, tenant_id, customer_id, number, state)
  SELECT document_id, tenant_id, customer_id, content_version, 'WAITING' FROM documents;
UPDATE documents SET title = title;
SET LOCAL kontor.role = '';
"""


def upgrade() -> None:
    """Create texts and words, fill them for what is there already, and open the way to them."""
    for script in (_FUNCTIONS, _TABLES, _FILLING, _FINDING, _RIGHTS, _BEFORE):
        execute_script(op, script)
    grant_application(op, "document_texts", "SELECT, UPDATE")
    secure_by_tenant(op, "document_texts", also=SERVICE_WIDE)
    op.execute(
        "CREATE POLICY visible ON document_texts AS RESTRICTIVE USING ("
        "EXISTS (SELECT FROM documents d WHERE d.document_id = document_texts.document_id))"
    )


def downgrade() -> None:
    """Forget what was read."""
    op.execute("DROP TRIGGER index_document ON documents")
    op.execute(
        "DROP FUNCTION found_documents(integer, text, text, uuid, smallint[], timestamptz, timestamptz, uuid, text,"
        " timestamptz, uuid, integer)"
    )
    for function in (
        "index_text(uuid, integer, text)",
        "index_document()",
        "owner_words(uuid, uuid)",
        "near_words(text)",
        "searched_text(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE document_words")
    op.execute("DROP TABLE document_texts")
