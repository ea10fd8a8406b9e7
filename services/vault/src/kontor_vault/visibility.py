"""Who may see which document and folder: the rule that the use cases apply, with row-level security behind it.

- The customer sees his own folders, and of his documents those that are released (F176).
- Staff see what their firm filed, and what the customer granted to the firm or to them (F2, F3).
- A trusted person sees the folders that an emergency release opened to him, with the released documents in them (F73).
- Everybody else sees nothing; the operator never does.
"""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.errors import not_found
from kontor_chassis.principal import Principal
from sqlalchemy import ColumnElement, and_, exists, false, func, or_, true
from sqlalchemy.orm import aliased

from kontor_vault.tables import Document, EmergencyGrant, Folder, Grant, Origin


def require_customer_scope(principal: Principal, customer_id: UUID) -> None:
    """Raise NOT_FOUND when a customer names another customer; firms are told apart by the tenant of each row."""
    if principal.service is None and not principal.is_staff and principal.customer_id != customer_id:
        raise not_found("Der Kunde")


def folder_visible_to(principal: Principal) -> ColumnElement[bool]:
    """Return the condition under which `principal` sees a folder."""
    if principal.service is not None:
        return true()
    if principal.is_customer:
        return Folder.customer_id == principal.customer_id
    if principal.is_staff:
        return and_(Folder.tenant_id == principal.tenant_id, folder_granted_to(principal.account_id))
    return false()


def document_visible_to(principal: Principal, release_id: UUID | None = None) -> ColumnElement[bool]:
    """Return the condition under which `principal` sees a document; his trash is the customer's own affair.

    `release_id` is the emergency release that identity affirmed for a trusted person.
    """
    if principal.service is not None:
        return true()
    if principal.is_customer:
        return and_(Document.customer_id == principal.customer_id, Document.release_time.is_not(None))
    if principal.is_staff:
        return and_(Document.tenant_id == principal.tenant_id, staff_sees(principal.account_id))
    if release_id is not None:
        return and_(Document.customer_id == principal.customer_id, trusted_sees(principal.account_id, release_id))
    return false()


def staff_sees(account: UUID | ColumnElement[UUID] | None) -> ColumnElement[bool]:
    """Return the condition under which an employee sees a document of his firm's customers."""
    in_use = Document.trash_time.is_(None)
    filed = and_(Document.origin == Origin.FIRM, or_(in_use, Document.release_time.is_(None)))
    by_document = exists().where(Grant.document_id == Document.document_id, in_force_for(account))
    above = aliased(Folder)
    by_folder = exists().where(
        above.folder_id == Document.folder_id, Grant.folder_id == above.path.any_(), in_force_for(account)
    )
    return or_(filed, and_(in_use, or_(by_document, by_folder)))


def folder_granted_to(account: UUID | ColumnElement[UUID] | None) -> ColumnElement[bool]:
    """Return whether a folder, or one above it, is granted to an employee."""
    return exists().where(Grant.folder_id == Folder.path.any_(), in_force_for(account))


def trusted_sees(
    account: UUID | ColumnElement[UUID] | None, release: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """Return whether a document lies in a folder that a release opened to a trusted person."""
    above = aliased(Folder)
    opened = exists().where(
        above.folder_id == Document.folder_id,
        EmergencyGrant.folder_ids.overlap(above.path),
        opened_by(account, release),
        EmergencyGrant.customer_id == above.customer_id,
    )
    return and_(Document.release_time.is_not(None), Document.trash_time.is_(None), opened)


def folder_opened_to(
    account: UUID | ColumnElement[UUID] | None, release: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """Return whether a release opened a folder, or one above it, to a trusted person."""
    return exists().where(
        EmergencyGrant.folder_ids.overlap(Folder.path),
        EmergencyGrant.customer_id == Folder.customer_id,
        opened_by(account, release),
    )


def opened_by(account: UUID | ColumnElement[UUID] | None, release: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return whether an emergency grant is in force for a trusted person through this release."""
    return and_(
        EmergencyGrant.emergency_request_id == release,
        EmergencyGrant.account_id == account,
        EmergencyGrant.revoke_time.is_(None),
    )


def in_force() -> ColumnElement[bool]:
    """Return whether a grant is in force: neither revoked nor over, by the installation's clock."""
    not_over = or_(Grant.expire_time.is_(None), Grant.expire_time > func.kontor_now())
    return and_(Grant.revoke_time.is_(None), not_over)


def in_force_for(account: UUID | ColumnElement[UUID] | None) -> ColumnElement[bool]:
    """Return whether a grant is in force for an employee."""
    return and_(
        in_force(),
        or_(Grant.grantee_account_id.is_(None), Grant.grantee_account_id == account),
    )
