"""Who people are and how to reach them, as notifications asks for it at the moment of need; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kontor_notifications.mails import Addressee, Firm
from kontor_notifications.ringing import Listener
from kontor_notifications.wording import Side


class NotWantedError(Exception):
    """What a mail is about is gone: the invitation was withdrawn, the customer deleted."""


class DirectoryError(Exception):
    """Identity could not answer; trying again later may help."""


@dataclass(frozen=True)
class Person:
    """A person behind an account, in the firm through which he is reached."""

    account_id: UUID
    tenant_id: UUID
    side: Side
    addressee: Addressee

    @property
    def listener(self) -> Listener:
        """Whose bell rings for him."""
        return Listener(self.tenant_id, self.account_id, self.addressee.form)


@dataclass(frozen=True)
class Link:
    """A link that was made for one mail."""

    url: str
    expires: str
    """Day and time in German, for people."""
    addressee: Addressee
    is_customer: bool
    trusted_by: str = ""
    """Name of the customer who invites a trusted person; empty for all other links."""


@dataclass(frozen=True)
class EmergencyNotice:
    """What a mail about a request for emergency access says; `stop_url` is empty where there is nothing to stop."""

    parameters: Mapping[str, str]
    stop_url: str
    customer_addresses: Sequence[str]


@dataclass(frozen=True)
class TrustedPersonNotice:
    """What a mail about a trusted person says, and how to reach him whether or not he has access."""

    customer_name: str
    addressee: Addressee


@dataclass(frozen=True)
class SignInCode:
    """A one-time code that was made for one mail."""

    code: str
    expires: str
    """Day and time in German, for people."""


@dataclass(frozen=True)
class AccountNotice:
    """What a mail about a person's own access says; `former_email` only after a change of address."""

    parameters: Mapping[str, str]
    former_email: str


class Directory(Protocol):
    """Knows whom an event is for. Every question may raise DirectoryError; those about one thing, NotWantedError."""

    async def people(self, tenant_id: UUID, account_ids: Sequence[str]) -> list[Person]:
        """Return the people behind accounts, preferring what they are in this firm; unknown ones are left out."""
        ...

    async def customer(self, tenant_id: UUID, customer_id: UUID) -> tuple[UUID | None, Addressee]:
        """Return a customer's account, if his access is active, and how to reach him."""
        ...

    async def responsible(self, tenant_id: UUID, customer_id: UUID) -> list[Person]:
        """Return who looks after a customer today: the first of his responsibles, else all administrators."""
        ...

    async def emergency_notice(self, tenant_id: UUID, request_id: str, *, to_customer: bool) -> EmergencyNotice:
        """Return what a mail about a request for emergency access says; for the customer with a link to stop it."""
        ...


class MailDirectory(Directory, Protocol):
    """Knows firms and the links of mails as well; asked while no transaction is open."""

    async def firm(self, tenant_id: UUID) -> Firm:
        """Return how a firm appears in its mails."""
        ...

    async def invitation_link(self, tenant_id: UUID, invitation_id: str) -> Link:
        """Make the link of an open invitation."""
        ...

    async def password_link(self, tenant_id: UUID, reset_id: str) -> Link:
        """Make the link of an open password request."""
        ...

    async def email_link(self, tenant_id: UUID, change_id: str) -> Link:
        """Make the link of an open change of address, for the new address."""
        ...

    async def sign_in_code(self, tenant_id: UUID, ticket_id: str) -> SignInCode:
        """Return the one-time code of an open sign-in."""
        ...

    async def account_notice(self, tenant_id: UUID, account_event_id: str) -> AccountNotice:
        """Return what happened to a person's access."""
        ...

    async def trusted_person_notice(self, tenant_id: UUID, person_id: str) -> TrustedPersonNotice:
        """Return what a mail about a trusted person says."""
        ...
