"""Customers and their contracts, written straight into the databases: setup only, as no caller could."""

from __future__ import annotations

from uuid import UUID

from bench.office import Office

_CUSTOMERS = """
INSERT INTO customers (customer_id, tenant_id, number, form, salutation, title, given_name, family_name, marital_status,
  is_intermediary, email, phone, access_state, responsible_account_ids, sort_name, search_text, street, postal_code,
  city, country, created_at, updated_at, version)
SELECT gen_random_uuid(), $1, n, 1, 2, '', 'Mara', $2 || n, 0, false, lower($2) || n || '@messing.example', '', 1, '{}',
  lower($2) || n, ' ' || lower($2) || n, 'Weg 1', '20095', 'Hamburg', 'DE', now(), now(), 1
FROM generate_series($3::int, $3::int + $4::int - 1) n RETURNING customer_id
"""
_LINE = """
INSERT INTO lines_of_business (line_of_business_id, tenant_id, parent_id, key, name, description, gdv_key, position)
VALUES (gen_random_uuid(), $1, NULL, 'bench', 'Hausrat', '', '', 1) RETURNING line_of_business_id
"""
_CONTRACTS = """
INSERT INTO contracts (contract_id, tenant_id, customer_id, line_of_business_id, number, insurer_name, insurer_number,
  status, premium_minor_units, premium_currency, payment_interval, description, released, origin, version, create_time,
  update_time)
SELECT gen_random_uuid(), $1, customer_id, $3, 'P-' || n, 'Nordwind Versicherung', '1234', 'ACTIVE', 9900, 'EUR',
  'YEARLY', '', n = 1, 'BROKER', 1, now(), now()
FROM unnest($2::uuid[]) AS customer_id CROSS JOIN generate_series(1, 2) n
"""


async def customers(office: Office, family_name: str, first_number: int, count: int) -> list[UUID]:
    """Write so many customers of the firm without access; returns their ids."""
    connection = await office.installation.postgres().connect("kontor_identity")
    try:
        rows = await connection.fetch(_CUSTOMERS, office.tenant_id, family_name, first_number, count)
        await connection.execute("VACUUM ANALYZE customers")
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def portfolio(office: Office, count: int) -> None:
    """Write so many customers with two contracts each, one of them released; the signed-in ones get theirs, too."""
    ids = await customers(office, "Bestand", 1_000_000, count)
    ids += [UUID(guest.customer_id) for guest in office.guests]
    connection = await office.installation.postgres().connect("kontor_contracts")
    try:
        line = await connection.fetchval(_LINE, office.tenant_id)
        await connection.execute(_CONTRACTS, office.tenant_id, ids, line)
        await connection.execute("VACUUM ANALYZE contracts")
    finally:
        await connection.close()
