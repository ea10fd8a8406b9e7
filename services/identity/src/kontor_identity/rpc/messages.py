"""Rows and values to messages and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, internal_pb2, people_pb2, tenants_pb2
from kontor_chassis.etags import etag_of

from kontor_identity.addresses import PostalAddress
from kontor_identity.customers import Person
from kontor_identity.designs import NEUTRAL_ACCENT, NEUTRAL_PRIMARY
from kontor_identity.invitation_mails import progress_of
from kontor_identity.memberships import MembershipView
from kontor_identity.names import display_name, greeting_in
from kontor_identity.people import Reachable
from kontor_identity.tables import AddressColumns, Brand, Customer, Invitation, Membership, Session, Tenant


def timestamp(instant: datetime | None) -> Timestamp | None:
    """Return an instant as a message; None stays unset."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant)
    return message


def text(value: UUID | None) -> str:
    """Return an id as text, "" for none."""
    return "" if value is None else str(value)


def role_values(numbers: Sequence[int]) -> list[Role.ValueType]:
    """Return stored numbers as the enum's values."""
    return [Role.ValueType(number) for number in numbers]


def right_values(numbers: Sequence[int]) -> list[Right.ValueType]:
    """Return stored numbers as the enum's values."""
    return [Right.ValueType(number) for number in numbers]


def address(row: AddressColumns) -> tenants_pb2.Address:
    """Return the address of a row."""
    return tenants_pb2.Address(street=row.street, postal_code=row.postal_code, city=row.city, country=row.country)


def postal_address(message: tenants_pb2.Address) -> PostalAddress:
    """Return an address that came in."""
    return PostalAddress(message.street, message.postal_code, message.city, message.country)


def address_of(value: PostalAddress) -> tenants_pb2.Address:
    """Return an address as a message."""
    return tenants_pb2.Address(
        street=value.street, postal_code=value.postal_code, city=value.city, country=value.country
    )


def tenant(row: Tenant) -> tenants_pb2.Tenant:
    """Return a firm as the operator sees it."""
    return tenants_pb2.Tenant(
        tenant_id=str(row.tenant_id),
        name=row.name,
        slug=row.slug,
        kind=tenants_pb2.TenantKind.ValueType(row.kind),
        state=tenants_pb2.TenantState.ValueType(row.state),
        contact_name=row.contact_name,
        contact_email=row.contact_email,
        phone=row.phone,
        ihk_number=row.ihk_number,
        create_time=timestamp(row.created_at),
        activate_time=timestamp(row.activated_at),
        trial_end_time=timestamp(row.trial_ends_at),
        administrator_invitation_id=text(row.administrator_invitation_id),
    )


def profile(row: Tenant) -> tenants_pb2.TenantProfile:
    """Return a firm's profile."""
    return tenants_pb2.TenantProfile(
        tenant_id=str(row.tenant_id),
        name=row.name,
        slug=row.slug,
        email=row.email,
        phone=row.phone,
        address=address(row),
        tier_one_access=tenants_pb2.TierOneAccess.ValueType(row.tier_one_access),
        state=tenants_pb2.TenantState.ValueType(row.state),
        trial_end_time=timestamp(row.trial_ends_at),
        etag=etag_of(row.version),
    )


def brand(row: Any) -> tenants_pb2.Brand:
    """Return the brand of a row of `queries.brand`."""
    has_logo = bool(row.logo_type)
    return tenants_pb2.Brand(
        tenant_id=str(row.tenant_id),
        slug=row.slug,
        name=row.name,
        primary_color=row.primary_color or NEUTRAL_PRIMARY,
        accent_color=row.accent_color or NEUTRAL_ACCENT,
        heading=row.heading or "",
        greeting=row.greeting or "",
        layout=row.layout or tenants_pb2.Layout.LAYOUT_CLASSIC,
        logo_url=f"/v1/brands/{row.slug}/logo?version={row.logo_version}" if has_logo else "",
        etag=etag_of(row.version or 0),
    )


def brand_of(row: Brand, owner: Tenant) -> tenants_pb2.Brand:
    """Return the brand of a firm's row."""
    columns = ("primary_color", "accent_color", "heading", "greeting", "layout", "logo_type", "logo_version", "version")
    chosen = {column: getattr(row, column) for column in columns}
    return brand(SimpleNamespace(tenant_id=owner.tenant_id, slug=owner.slug, name=owner.name, **chosen))


def staff(member: Membership, email: str) -> people_pb2.Staff:
    """Return an employee."""
    return people_pb2.Staff(
        account_id=str(member.account_id),
        display_name=member.display_name,
        email=email,
        phone=member.phone,
        roles=role_values(member.roles),
        rights=right_values(member.rights),
        etag=etag_of(member.version),
    )


def customer(row: Customer) -> people_pb2.Customer:
    """Return a customer."""
    return people_pb2.Customer(
        customer_id=str(row.customer_id),
        number=f"K-{row.number}",
        external_number=row.external_number or "",
        form=people_pb2.AddressForm.ValueType(row.form),
        salutation=people_pb2.Salutation.ValueType(row.salutation),
        title=row.title,
        given_name=row.given_name,
        family_name=row.family_name,
        birth_date=row.birth_date.isoformat() if row.birth_date else "",
        email=row.email,
        phone=row.phone,
        address=address(row),
        display_name=display_name(row.salutation, row.title, row.given_name, row.family_name),
        access_state=people_pb2.AccessState.ValueType(row.access_state),
        account_id=text(row.account_id),
        responsible_account_ids=[str(account_id) for account_id in row.responsible_account_ids],
        create_time=timestamp(row.created_at),
        update_time=timestamp(row.updated_at),
        is_intermediary=row.is_intermediary,
        etag=etag_of(row.version),
    )


def person(message: people_pb2.Customer) -> Person:
    """Return the master data that came in."""
    return Person(
        salutation=message.salutation,
        title=message.title,
        given_name=message.given_name,
        family_name=message.family_name,
        birth_date=message.birth_date,
        email=message.email,
        phone=message.phone,
        address=postal_address(message.address),
        form=message.form,
        external_number=message.external_number.strip(),
        is_intermediary=message.is_intermediary,
    )


def imported_person(message: internal_pb2.ImportedCustomer) -> Person:
    """Return the master data of a portfolio's record."""
    return Person(
        salutation=message.salutation,
        title="",
        given_name=message.given_name,
        family_name=message.family_name,
        birth_date=message.birth_date,
        email=message.email,
        phone=message.phone,
        address=postal_address(message.address),
        external_number=message.external_number.strip(),
    )


def customer_profile(row: Customer, language: str) -> internal_pb2.CustomerProfile:
    """Return a customer as other services need him; `language` is that of his account."""
    name = (row.salutation, row.title, row.given_name, row.family_name)
    return internal_pb2.CustomerProfile(
        customer_id=str(row.customer_id),
        tenant_id=str(row.tenant_id),
        number=f"K-{row.number}",
        form=people_pb2.AddressForm.ValueType(row.form),
        salutation=people_pb2.Salutation.ValueType(row.salutation),
        title=row.title,
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        phone=row.phone,
        address=address(row),
        birth_date=row.birth_date.isoformat() if row.birth_date else "",
        account_id=text(row.account_id),
        responsible_account_ids=[str(account_id) for account_id in row.responsible_account_ids],
        display_name=display_name(*name),
        letter_greeting=greeting_in(language, row.form, *name),
        language=language,
    )


def recipient(found: Reachable) -> internal_pb2.Recipient:
    """Return how to reach a person."""
    return internal_pb2.Recipient(
        account_id=str(found.account_id),
        email=found.email,
        display_name=found.display_name,
        form=people_pb2.AddressForm.ValueType(found.form),
        tenant_id=str(found.tenant_id),
        letter_greeting=found.letter_greeting,
        customer_id=text(found.customer_id),
        roles=role_values(found.roles),
        language=found.language,
    )


def invitation(row: Invitation) -> accounts_pb2.Invitation:
    """Return an invitation."""
    return accounts_pb2.Invitation(
        invitation_id=str(row.invitation_id),
        customer_id=text(row.customer_id),
        display_name=row.display_name,
        email=row.email,
        form=people_pb2.AddressForm.ValueType(row.form),
        roles=role_values(row.roles),
        rights=right_values(row.rights),
        release_choice=accounts_pb2.ReleaseChoice.ValueType(row.release_choice),
        release_categories=row.release_categories,
        state=accounts_pb2.InvitationState.ValueType(row.state),
        create_time=timestamp(row.created_at),
        expire_time=timestamp(row.expires_at),
        accept_time=timestamp(row.accepted_at),
        progress=progress_of(row),
        send_time=timestamp(row.sent_at),
        deliver_time=timestamp(row.delivered_at),
        open_time=timestamp(row.opened_at),
        bounce_time=timestamp(row.bounced_at),
        letter_time=timestamp(row.lettered_at),
    )


def membership(view: MembershipView, *, current: bool = False) -> accounts_pb2.Membership:
    """Return a membership."""
    return accounts_pb2.Membership(
        membership_id=str(view.membership_id),
        tenant_id=str(view.tenant_id),
        tenant_name=view.tenant_name,
        tenant_slug=view.tenant_slug,
        customer_id=text(view.customer_id),
        roles=role_values(view.roles),
        rights=right_values(view.rights),
        display_name=view.display_name,
        current=current,
    )


def session(row: Session, tenant_name: str, *, current: bool) -> accounts_pb2.Session:
    """Return a session."""
    return accounts_pb2.Session(
        session_id=str(row.session_id),
        device=row.device,
        tenant_name=tenant_name,
        create_time=timestamp(row.created_at),
        last_used_time=timestamp(row.last_used_at),
        expire_time=timestamp(row.expires_at),
        current=current,
    )
