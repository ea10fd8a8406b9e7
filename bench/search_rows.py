"""Documents with texts of one firm, written straight into the vault's database: setup only, as no caller could.

2,000 customers, half of the documents filed by the firm. Titles and texts are drawn from some thousands, whose words
are as frequent as in a language (a word's share falls with its rank) and begin alike in families of five, as compounds
do; the firm's and the customer's own marks are added to each. Every text has "Versicherung", one in a thousand has
"Sturmflut".
"""

from __future__ import annotations

import hashlib
from uuid import UUID

import asyncpg

CUSTOMERS = 2000

_WORDS_OF_A_FAMILY = ("", "amt", "buch", "dorf", "gut")
_FAMILIES = 4000

_DRAWN = """
CREATE FUNCTION pg_temp.word(rank int) RETURNS text LANGUAGE sql RETURN
  translate(left(md5((rank % FAMILIES)::text), 7), '0123456789', 'ghijklmnop') || (ENDS)[1 + rank / FAMILIES];
CREATE TEMP TABLE titles AS SELECT n, title, near_words(title) AS near,
    setweight(to_tsvector('german', searched_text(title)), 'A') AS label
  FROM (
    SELECT n, (ARRAY['Rechnung', 'Police', 'Kündigung', 'Bescheid', 'Nachtrag'])[1 + n % 5] || ' '
      || pg_temp.word(floor(power(19999, random()))::int) || ' Nr ' || n AS title
    FROM generate_series(0, 4999) AS n) AS drawn;
CREATE UNIQUE INDEX ON titles (n);
CREATE TEMP TABLE texts AS
  SELECT n,
    to_tsvector('german', 'Versicherung ' || CASE n % 1000 WHEN 0 THEN 'Sturmflut ' ELSE '' END || drawn) AS body
  FROM generate_series(0, 19999) AS n CROSS JOIN LATERAL (
    SELECT string_agg(pg_temp.word(floor(power(19999, random() + 0 * (n + word)))::int), ' ')
    FROM generate_series(1, 60) AS word) AS words (drawn);
CREATE UNIQUE INDEX ON texts (n);
ANALYZE titles;
ANALYZE texts;
""".replace("FAMILIES", str(_FAMILIES)).replace("ENDS", f"ARRAY{list(_WORDS_OF_A_FAMILY)}")
_DOCUMENTS = """
INSERT INTO documents (document_id, tenant_id, customer_id, title, kind, origin, file_name, media_type, size_bytes,
  sha256, content_version, release_time, create_time, update_time, version)
SELECT gen_random_uuid(), $1, ($2::uuid[])[1 + number % cardinality($2::uuid[])], title, 1 + number % 8,
  CASE number % 2 WHEN 0 THEN 'CUSTOMER' ELSE 'FIRM' END, '', 'application/pdf', number, sha256(number::text::bytea), 1,
  stored, stored, stored, 1
FROM generate_series(0, $3::int - 1) AS number JOIN titles ON titles.n = number % 5000
CROSS JOIN LATERAL (SELECT timestamptz '2016-01-01' + number * interval '5 minutes') AS at (stored)
"""
_WORDS = """
INSERT INTO document_words (document_id, tenant_id, customer_id, create_time, label, everything, near)
SELECT document_id, tenant_id, customer_id, create_time, label || owned, label || owned || body, near || owned
FROM documents JOIN titles USING (title) JOIN texts ON texts.n = size_bytes % 20000
CROSS JOIN LATERAL (SELECT owner_words(tenant_id, customer_id)) AS whose (owned)
WHERE tenant_id = $1
"""
_INDEXES = ("label", "everything", "near")


def word(rank: int) -> str:
    """Return the word of a rank from 1, the most frequent, to 19,999."""
    stem = hashlib.md5(str(rank % _FAMILIES).encode(), usedforsecurity=False).hexdigest()[:7]
    return stem.translate(str.maketrans("0123456789", "ghijklmnop")) + _WORDS_OF_A_FAMILY[rank // _FAMILIES]


async def fill(connection: asyncpg.Connection, tenant_id: UUID, customers: list[UUID], documents: int) -> None:
    """Write so many documents of the firm's customers; `connection` is the superuser's."""
    await connection.execute("SET session_replication_role = replica")  # no triggers: the words are drawn, not read
    await connection.execute("SET maintenance_work_mem = '512MB'")
    await connection.execute(_DRAWN)
    for name in _INDEXES:
        await connection.execute(f"DROP INDEX ix_document_words_{name}")
    await connection.execute(_DOCUMENTS, tenant_id, customers, documents)
    await connection.execute(_WORDS, tenant_id)
    for name in _INDEXES:
        await connection.execute(f"CREATE INDEX ix_document_words_{name} ON document_words USING gin ({name})")
    await connection.execute("SET session_replication_role = DEFAULT")
    await connection.execute("VACUUM ANALYZE documents")
    await connection.execute("VACUUM ANALYZE document_words")
