"""The end of a firm in identity: what is deleted, what is made nameless, what stays and why (decision 10).

Rows that others refer to stay without any personal content; everything else goes. Other services hear `TenantDeleted`.
A test compares `STATEMENTS` and `KEPT` with the database, so that a new table cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kontor.identity.v1.events_pb2 import TenantDeleted
from kontor.identity.v1.tenants_pb2 import TenantState
from kontor_chassis.database import Transaction
from sqlalchemy import text

from kontor_identity.tables import Tenant

KEPT: Final[Mapping[str, str]] = {
    "tenants": "a mark without name or contact, so that ids in other services stay unique",
    "processing_acceptances": "proof that the processing agreement was in force (Art. 28 GDPR)",
    "trial_extensions": "what was ordered against payment; commercial records",
    "trial_notices": "instants only",
    "emergency_plans": "numbers only",
    "emergency_requests": "states and instants; the reason is removed",
    "emergency_grants": "ids only",
    "emergency_entries": "ids and instants only",
    "epost_entries": "ids, instants and the hash of a text; proof of what was delivered with consent (decision 8)",
    "raffle_entries": "ids and instants; without them a draw could not be repeated, a voucher be given twice",
    "bulk_invitation_items": "deleted with their bulk invitation",
    "customer_deletions": "ids, numbers and instants; proof that a customer was deleted",
    "outbox": "ids only; forgotten after 14 days by the chassis",
    "dead_letters": "ids only",
}
"""Tables with a firm's rows that are not emptied, and why."""

_ONLY_HERE = (
    "(SELECT m.account_id FROM memberships m WHERE m.tenant_id = :tenant AND NOT EXISTS ("
    "SELECT 1 FROM memberships other WHERE other.account_id = m.account_id AND other.tenant_id <> :tenant"
    " AND other.ended_at IS NULL))"
)
OF_ACCOUNTS = (
    "credentials", "password_resets", "devices", "totp_secrets", "recovery_codes", "passkeys", "passkey_ceremonies",
    "sign_in_tickets", "email_changes", "account_events",
)  # fmt: skip
_OF_FIRM = (
    "customer_contacts", "bank_accounts", "change_requests", "customer_changes", "critical_processes",
    "customer_pictures", "customer_views", "staff_absences", "edit_policies", "brand_versions", "brand_pictures",
    "firm_domains", "brands", "partner_clients", "access_codes", "bulk_invitations",
    "bindings", "identity_letters", "identity_proofs",
)  # fmt: skip

STATEMENTS: Final[tuple[str, ...]] = (
    *(f"DELETE FROM {table} WHERE tenant_id = :tenant" for table in _OF_FIRM),  # noqa: S608 - names from above
    *(f"DELETE FROM {table} WHERE account_id IN {_ONLY_HERE}" for table in OF_ACCOUNTS),  # noqa: S608 - likewise
    "UPDATE accounts SET email = 'deleted-' || account_id || '@deleted.invalid'"  # noqa: S608 - a constant
    f" WHERE account_id IN {_ONLY_HERE}",
    "UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'firm deleted', device = '' WHERE ended_at IS NULL"
    " AND membership_id IN (SELECT membership_id FROM memberships WHERE tenant_id = :tenant)",
    "UPDATE memberships SET display_name = '', phone = '', ended_at = coalesce(ended_at, :now)"
    " WHERE tenant_id = :tenant",
    "UPDATE invitations SET display_name = '', email = '', letter_greeting = '',"
    " state = CASE WHEN state = 1 THEN 3 ELSE state END WHERE tenant_id = :tenant",
    "UPDATE trusted_persons SET name = '', email = trusted_person_id::text, phone = '', relation = ''"
    " WHERE tenant_id = :tenant",
    "UPDATE emergency_requests SET reason = '' WHERE tenant_id = :tenant",
    "UPDATE customers SET external_number = NULL, title = '', given_name = '', family_name = '–', birth_date = NULL,"
    " marital_status = 0, marital_since = NULL, email = '', phone = '', street = '', postal_code = '', city = '',"
    " country = '', account_id = NULL, access_state = 1, responsible_account_ids = '{}', sort_name = '',"
    " search_text = '', updated_at = :now, version = version + 1 WHERE tenant_id = :tenant",
)
"""In this order: accounts are found by their memberships, which must still be in force."""


async def delete_firm(tx: Transaction, tenant: Tenant) -> None:
    """Delete or pseudonymise everything of a firm and leave a mark; the caller commits."""
    for statement in STATEMENTS:
        await tx.session.execute(text(statement), _bound(statement, tx, tenant))
    tenant.state = TenantState.TENANT_STATE_DELETED
    tenant.deleted_at = tx.now
    tenant.deletion_due_at = None
    tenant.name = "Gelöschte Firma"
    tenant.slug = f"d{tenant.tenant_id.hex}"
    for column in ("contact_name", "contact_email", "email", "phone", "street", "postal_code", "city", "country",
                   "ihk_number", "homepage", "directory_text", "note"):  # fmt: skip
        setattr(tenant, column, "")
    tenant.directory_listed = False
    tenant.homepage_verified_at = tenant.ihk_verified_at = None
    await tx.session.flush()
    event = TenantDeleted(tenant_id=str(tenant.tenant_id))
    tx.publish(event, aggregate=tenant.tenant_id, tenant_id=tenant.tenant_id)


def _bound(statement: str, tx: Transaction, tenant: Tenant) -> dict[str, object]:
    values: dict[str, object] = {"tenant": tenant.tenant_id}
    return {**values, "now": tx.now} if ":now" in statement else values
