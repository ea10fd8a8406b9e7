"""How to reach and address people behind accounts, for other services at the moment they write to somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1.people_pb2 import AddressForm
from kontor_chassis.database import Transaction
from sqlalchemy import select

from kontor_identity.names import greeting_in
from kontor_identity.tables import Account, Customer, Membership


@dataclass(frozen=True)
class Reachable:
    """A person with the membership through which he is addressed."""

    account_id: UUID
    email: str
    display_name: str
    form: int
    tenant_id: UUID
    letter_greeting: str
    customer_id: UUID | None
    roles: tuple[int, ...]
    language: str
    """In which language he is written to: "de" or "en"; the greeting is in it."""


async def recipients(tx: Transaction, account_ids: Sequence[UUID], tenant_id: UUID | None) -> list[Reachable]:
    """Return the people in the order asked for, each by his membership in `tenant_id` where he has one, else by his
    first. Unknown accounts are left out.
    """
    statement = (
        select(Membership, Account, Customer)
        .join(Account, Account.account_id == Membership.account_id)
        .outerjoin(Customer, Customer.customer_id == Membership.customer_id)
        .where(Membership.account_id.in_(account_ids), Membership.ended_at.is_(None))
        .order_by(Membership.created_at)
    )
    found: dict[UUID, Reachable] = {}
    rows = (await tx.session.execute(statement)).all()
    for member, account, customer in sorted(rows, key=lambda row: row[0].tenant_id != tenant_id):
        found.setdefault(member.account_id, _reachable(member, account, customer))
    return [found[account_id] for account_id in account_ids if account_id in found]


def _reachable(member: Membership, account: Account, customer: Customer | None) -> Reachable:
    greeting = f"{'Dear' if account.language == 'en' else 'Guten Tag'} {member.display_name}"
    is_himself = Role.ROLE_TRUSTED_PERSON not in member.roles
    if customer is not None and is_himself:
        name = (customer.salutation, customer.title, customer.given_name, customer.family_name)
        greeting = greeting_in(account.language, customer.form, *name)
    return Reachable(
        account_id=member.account_id,
        email=account.email,
        display_name=member.display_name,
        form=customer.form if customer is not None and is_himself else AddressForm.ADDRESS_FORM_SIE,
        tenant_id=member.tenant_id,
        letter_greeting=greeting,
        customer_id=member.customer_id,
        roles=tuple(member.roles),
        language=account.language,
    )
