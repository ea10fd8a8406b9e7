"""Who may see which document and folder: the rule that the use cases apply, with row-level security behind it.

- The customer sees his own folders, and of his documents those that are released (F176).
- Staff see what their firm filed, and what the customer granted to the firm or to them (F2, F3).
- People of his household and trusted persons see what he granted to them, released and in use, and nothing else (F3).
- A trusted person also sees the folders that an emergency release opened to him (F73).
- An expert sees what the customer granted to him through an order, and he is looked for there only (`sharing`).
- Everybody else sees nothing; the operator never does.

A grant reaches its grantee only in the capacity that it names: one person may have several memberships.
"""

from __future__ import annotations

from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.errors import not_found
from kontor_chassis.principal import Principal
from sqlalchemy import ColumnElement, and_, exists, false, func, or_, true
from sqlalchemy.orm import aliased

from kontor_vault.tables import Document, EmergencyGrant, Folder, Grant, GranteeKind, Origin

_CAPACITIES = (
    (Role.ROLE_CUSTOMER, None),
    (Role.ROLE_INSURED_PERSON, GranteeKind.HOUSEHOLD),
    (Role.ROLE_TRUSTED_PERSON, GranteeKind.TRUSTED),
    (Role.ROLE_STAFF, GranteeKind.FIRM),
    (Role.ROLE_EXPERT, GranteeKind.EXPERT),
)
"""What a caller is, in the order in which row-level security decides it."""


def is_owner(principal: Principal) -> bool:
    """Whether he acts as the customer himself, whose folder it is."""
    return principal.has(Role.ROLE_CUSTOMER)


def capacity_of(principal: Principal) -> GranteeKind | None:
    """Return the kind of grants that reach a caller; None for the owner and for whom none does."""
    return next((kind for role, kind in _CAPACITIES if principal.has(role)), None)


def is_further_grantee(principal: Principal) -> bool:
    """Whether he sees nothing but by a grant or a release: neither the owner nor staff nor a service."""
    return capacity_of(principal) not in (None, GranteeKind.FIRM)


def require_customer_scope(principal: Principal, customer_id: UUID) -> None:
    """Raise NOT_FOUND when a customer names another customer; firms are told apart by the tenant of each row."""
    if principal.service is None and not principal.is_staff and principal.customer_id != customer_id:
        raise not_found("Der Kunde")


def folder_visible_to(principal: Principal) -> ColumnElement[bool]:
    """Return the condition under which `principal` sees a folder, emergencies apart."""
    if principal.service is not None:
        return true()
    if is_owner(principal):
        return Folder.customer_id == principal.customer_id
    kind = capacity_of(principal)
    if kind is None:
        return false()
    granted = and_(Folder.tenant_id == principal.tenant_id, folder_granted_to(principal.account_id, kind))
    return granted if kind is GranteeKind.FIRM else and_(granted, Folder.customer_id == principal.customer_id)


def document_visible_to(principal: Principal, release_id: UUID | None = None) -> ColumnElement[bool]:
    """Return the condition under which `principal` sees a document; his trash is the customer's own affair.

    `release_id` is the emergency release that identity affirmed for a trusted person.
    """
    if principal.service is not None:
        return true()
    if is_owner(principal):
        return and_(Document.customer_id == principal.customer_id, Document.release_time.is_not(None))
    kind = capacity_of(principal)
    if kind is None:
        return false()
    if kind is GranteeKind.FIRM:
        return and_(Document.tenant_id == principal.tenant_id, staff_sees(principal.account_id))
    return and_(
        Document.tenant_id == principal.tenant_id,
        Document.customer_id == principal.customer_id,
        grantee_sees(principal.account_id, kind, release_id),
    )


def staff_sees(account: UUID | ColumnElement[UUID] | None) -> ColumnElement[bool]:
    """Return the condition under which an employee sees a document of his firm's customers."""
    in_use = Document.trash_time.is_(None)
    filed = and_(Document.origin == Origin.FIRM, or_(in_use, Document.release_time.is_(None)))
    return or_(filed, and_(in_use, document_granted_to(account, GranteeKind.FIRM)))


def grantee_sees(
    account: UUID | ColumnElement[UUID] | None,
    kind: GranteeKind,
    release: UUID | ColumnElement[UUID] | None = None,
) -> ColumnElement[bool]:
    """Return the condition under which a further grantee sees a document: released, in use, and opened to him.

    `release` is the emergency release in force for a trusted person.
    """
    opened = document_granted_to(account, kind)
    if release is not None:
        opened = or_(opened, _document_opened_to(account, release))
    return and_(Document.release_time.is_not(None), Document.trash_time.is_(None), opened)


def document_granted_to(account: UUID | ColumnElement[UUID] | None, kind: GranteeKind) -> ColumnElement[bool]:
    """Return whether a document, its folder or one above it, is granted to somebody."""
    by_document = exists().where(Grant.document_id == Document.document_id, in_force_for(account, kind))
    above = aliased(Folder)
    by_folder = exists().where(
        above.folder_id == Document.folder_id, Grant.folder_id == above.path.any_(), in_force_for(account, kind)
    )
    return or_(by_document, by_folder)


def folder_granted_to(account: UUID | ColumnElement[UUID] | None, kind: GranteeKind) -> ColumnElement[bool]:
    """Return whether a folder, or one above it, is granted to somebody."""
    return exists().where(Grant.folder_id == Folder.path.any_(), in_force_for(account, kind))


def _document_opened_to(
    account: UUID | ColumnElement[UUID] | None, release: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """Return whether a document lies in a folder that a release opened to a trusted person."""
    above = aliased(Folder)
    return exists().where(
        above.folder_id == Document.folder_id,
        EmergencyGrant.folder_ids.overlap(above.path),
        opened_by(account, release),
        EmergencyGrant.customer_id == above.customer_id,
    )


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


def reaches(account: UUID | ColumnElement[UUID] | None, kind: GranteeKind) -> ColumnElement[bool]:
    """Return whether a grant is for somebody in this capacity; only the firm's may name nobody."""
    his: ColumnElement[bool] = Grant.grantee_account_id == account
    if kind is GranteeKind.FIRM:
        his = or_(Grant.grantee_account_id.is_(None), his)
    return and_(Grant.grantee_kind == kind, his)


def in_force_for(account: UUID | ColumnElement[UUID] | None, kind: GranteeKind) -> ColumnElement[bool]:
    """Return whether a grant is in force for somebody in this capacity."""
    return and_(in_force(), reaches(account, kind))
