"""How a person wants to be told (F186: an e-mail for unread chat messages, if he wants it)."""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.database import Transaction
from kontor_chassis.etags import check_etag
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kontor_notifications.tables import Preferences


async def get_preferences(tx: Transaction) -> Preferences:
    """Return the caller's preferences; the defaults while he has chosen nothing."""
    tenant_id, account_id = tx.principal.required_tenant(), tx.principal.required_account()
    found = await tx.session.get(Preferences, (tenant_id, account_id))
    return found or Preferences(tenant_id=tenant_id, account_id=account_id, chat_email=True, version=0)


async def update_preferences(tx: Transaction, *, chat_email: bool, etag: str) -> Preferences:
    """Change the caller's preferences; raises CONFLICT (etag)."""
    tenant_id, account_id = tx.principal.required_tenant(), tx.principal.required_account()
    row = {"tenant_id": tenant_id, "account_id": account_id, "chat_email": True, "version": 0}
    await tx.session.execute(insert(Preferences).values(**row).on_conflict_do_nothing())
    statement = select(Preferences).where(Preferences.tenant_id == tenant_id, Preferences.account_id == account_id)
    found = (await tx.session.scalars(statement.with_for_update())).one()
    check_etag(etag, found.version)
    found.chat_email = chat_email
    await tx.session.flush()
    return found


async def wants_chat_email(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether a person wants an e-mail when a chat message stays unread."""
    chosen = await tx.session.scalar(
        select(Preferences.chat_email).where(Preferences.tenant_id == tenant_id, Preferences.account_id == account_id)
    )
    return chosen is not False
