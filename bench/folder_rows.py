"""Half a million documents, written straight into the vault's database: setup only, as no caller could.

20 firms with 50 customers of 500 documents each. Half of the documents were filed by the firm, half were stored by the
customer, who granted the firm every fourth of his.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg

FIRMS = 20
CUSTOMERS_PER_FIRM = 50
DOCUMENTS_PER_CUSTOMER = 500
DOCUMENTS = FIRMS * CUSTOMERS_PER_FIRM * DOCUMENTS_PER_CUSTOMER

_INSERT = """
INSERT INTO documents (document_id, tenant_id, customer_id, folder_id, title, kind, origin, contract_id, file_name,
  media_type, size_bytes, sha256, content_version, release_time, trash_time, creator_account_id, create_time,
  update_time, version)
SELECT gen_random_uuid(), $1, customer_id, NULL, 'Police ' || n || ' zur Hausratversicherung', 1 + n % 8,
  CASE n % 2 WHEN 0 THEN 'FIRM' ELSE 'CUSTOMER' END, NULL, 'police-' || n || '.pdf', 'application/pdf',
  100000 + n, sha256(n::text::bytea), 1, stored, NULL, $3, stored, stored, 1
FROM generate_series(1, $4::int) AS n
CROSS JOIN unnest($2::uuid[]) AS customer_id
CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01' + n * interval '11 minutes') AS at (stored)
"""

_GRANT = """
INSERT INTO grants (grant_id, tenant_id, customer_id, document_id, create_time)
SELECT gen_random_uuid(), tenant_id, customer_id, document_id, create_time FROM documents
WHERE tenant_id = $1 AND origin = 'CUSTOMER' AND kind = 2
"""


@dataclass(frozen=True)
class FirmRows:
    """A firm and its customers in the vault."""

    tenant_id: UUID
    customer_ids: list[UUID]


async def fill(connection: asyncpg.Connection, firm: FirmRows) -> None:
    """Write the given firm's rows and those of all the others; `connection` is the superuser's."""
    others = [FirmRows(uuid4(), [uuid4() for _ in range(CUSTOMERS_PER_FIRM)]) for _ in range(FIRMS - 1)]
    # The rows come in the order of time, not of customers, as they would have come in life.
    await connection.execute("SET session_replication_role = replica")  # no triggers: nothing is to be counted
    for each in (*others, firm):
        customers = each.customer_ids + [uuid4() for _ in range(CUSTOMERS_PER_FIRM - len(each.customer_ids))]
        await connection.execute(_INSERT, each.tenant_id, customers, uuid4(), DOCUMENTS_PER_CUSTOMER)
        await connection.execute(_GRANT, each.tenant_id)
    await connection.execute("SET session_replication_role = DEFAULT")
    await connection.execute("VACUUM ANALYZE documents")
    await connection.execute("VACUUM ANALYZE grants")
