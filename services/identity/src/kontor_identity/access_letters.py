"""Printed letters with access codes (F137): one page each, in the firm's brand, one PDF for up to 500 customers.

Only hashes of codes are kept, so printing again makes new codes and ends the former, unless it is
the same request once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.households_pb2 import Standing
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.clock import BILLING_ZONE
from kontor_chassis.database import RowReader, Transaction, UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal
from sqlalchemy import delete, insert, select

from kontor_identity.access_codes import LIFETIME, code_hash, new_code
from kontor_identity.invitation_tables import AccessCode
from kontor_identity.invitations import Release, invitation_of, open_invitation
from kontor_identity.letter_pdf import ACCESS_LETTER, Letter, letters_pdf
from kontor_identity.letter_senders import address_lines, sender_of
from kontor_identity.names import letter_greeting
from kontor_identity.sealing import Sealer
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Customer, Invitation


class AccessLetters:
    """Printing letters, and what it needs."""

    def __init__(self, work: UnitOfWork, rows: RowReader, sealer: Sealer, public_url: str) -> None:
        self._work, self._rows, self._sealer = work, rows, sealer
        self._page = f"{public_url}/invitation/code"

    async def print_letters(
        self, caller: Principal, customer_ids: Sequence[UUID], *, form: int, printing: str
    ) -> bytes:
        """Return the letters as a PDF, with the same codes for the same `printing`.

        Raises PRECONDITION "NO_LETTERS" when nobody can be written to.
        """
        async with self._work.work(caller) as tx:
            letters = await self._letters(tx, customer_ids, form, printing)
            if not letters:
                raise DomainError(
                    ErrorKind.PRECONDITION,
                    "NO_LETTERS",
                    "Hier gibt es niemanden anzuschreiben: Es fehlt die Anschrift, oder der Zugang besteht schon.",
                )
            sender = await sender_of(tx, self._rows)
            await tx.commit()
        return await asyncio.to_thread(letters_pdf, letters, sender)

    async def _letters(self, tx: Transaction, customer_ids: Sequence[UUID], form: int, printing: str) -> list[Letter]:
        """Make codes, and invitations for those who have none; the letters are in the order asked for."""
        customers = await _addressable(tx, customer_ids)
        invitations = await _open_invitations(tx, [customer.customer_id for customer in customers])
        await tx.session.execute(
            delete(AccessCode).where(AccessCode.invitation_id.in_([one.invitation_id for one in invitations.values()]))
        )
        page = f"{self._page}?{urlencode({'firm': (await own_tenant(tx)).slug})}"
        letters, codes = [], []
        for customer in customers:
            customer.form = form or customer.form
            invitation = invitations.get(customer.customer_id)
            if invitation is None:
                customer.access_state = AccessState.ACCESS_STATE_INVITED
                invitation = open_invitation(tx, invitation_of(customer, Release()))
                tx.session.add(invitation)
            name = (customer.salutation, customer.title, customer.given_name, customer.family_name)
            invitation.form, invitation.letter_greeting = customer.form, letter_greeting(customer.form, *name)
            invitation.expires_at = max(invitation.expires_at, tx.now + LIFETIME)
            invitation.lettered_at = tx.now
            code = new_code(self._sealer, printing, customer.customer_id)
            codes.append(self._row(tx, invitation, code))
            letters.append(_letter(customer, invitation, code, page))
        await tx.session.flush()
        if codes:
            await tx.session.execute(insert(AccessCode), codes)
        return letters

    def _row(self, tx: Transaction, invitation: Invitation, code: str) -> dict[str, Any]:
        return {
            "code_hash": code_hash(self._sealer, code),
            "tenant_id": invitation.tenant_id,
            "customer_id": invitation.customer_id,
            "invitation_id": invitation.invitation_id,
            "created_at": tx.now,
            "expires_at": tx.now + LIFETIME,
        }


async def _addressable(tx: Transaction, customer_ids: Sequence[UUID]) -> list[Customer]:
    """Return those of the firm's customers, locked, who have an address and no access, in the order asked for."""
    statement = (
        select(Customer)
        .where(
            Customer.tenant_id == tx.principal.required_tenant(),
            Customer.customer_id.in_(customer_ids),
            Customer.access_state != int(AccessState.ACCESS_STATE_ACTIVE),
            Customer.street != "",
            Customer.city != "",
        )
        .order_by(Customer.customer_id)
        .with_for_update()
    )
    found = {row.customer_id: row for row in await tx.session.scalars(statement)}
    return [found[customer_id] for customer_id in customer_ids if customer_id in found]


async def _open_invitations(tx: Transaction, customer_ids: Sequence[UUID]) -> dict[UUID, Invitation]:
    """Return the open invitations of account holders by customer."""
    statement = select(Invitation).where(
        Invitation.customer_id.in_(customer_ids),
        Invitation.standing == int(Standing.STANDING_HOLDER),
        Invitation.state == InvitationState.INVITATION_STATE_OPEN,
    )
    found = (await tx.session.scalars(statement.with_for_update())).all()
    return {invitation.customer_id: invitation for invitation in found if invitation.customer_id is not None}


def _letter(customer: Customer, invitation: Invitation, code: str, page: str) -> Letter:
    return Letter(
        lines=address_lines(customer, invitation.display_name),
        greeting=invitation.letter_greeting,
        form=customer.form,
        code=code,
        page=page,
        valid_until=invitation.expires_at.astimezone(BILLING_ZONE).date(),
        words=ACCESS_LETTER,
    )
