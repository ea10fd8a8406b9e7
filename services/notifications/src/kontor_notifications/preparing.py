"""What goes into a mail: asks identity whom, in whose name, and for the links and facts that it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from kontor_notifications.account_security import FORMER_ADDRESS
from kontor_notifications.invitation_mails import TEMPLATE as INVITATION
from kontor_notifications.mails import Addressee, Firm, Outgoing
from kontor_notifications.people import Link, MailDirectory, NotWantedError
from kontor_notifications.tables import Delivery
from kontor_notifications.wording import Form

NOBODY = Addressee(email="", name="", greeting="", form=Form.SIE)
"""Stands for an account that identity does not know any more."""


def under_own_domain(link: str, firm: Firm, public_url: str) -> str:
    """Return a link under the firm's own domain, where it has one (F79); experts work under the platform's."""
    if not firm.origin or link.startswith(f"{public_url}/experte/"):
        return link
    return link.replace(public_url, firm.origin, 1)


class Preparer:
    """Asks everything at the moment of sending."""

    def __init__(self, directory: MailDirectory, public_url: str) -> None:
        self._directory = directory
        self._public_url = public_url

    async def prepare(self, delivery: Delivery, now: datetime) -> Outgoing:
        """Return the mail; raises NotWantedError and DirectoryError."""
        firm = await self._directory.firm(delivery.tenant_id)
        template, parameters = delivery.template, delivery.parameters
        link = self._public_url + parameters["path"] if "path" in parameters else ""
        if template == INVITATION:
            made = await self._directory.invitation_link(delivery.tenant_id, parameters["invitation_id"])
            template = _invitation_template(made)
            addressee, link = made.addressee, made.url
            parameters = {**parameters, "expires": made.expires, "customer": made.trusted_by}
        elif template == "password_reset":
            made = await self._directory.password_link(delivery.tenant_id, parameters["reset_id"])
            addressee, link, parameters = made.addressee, made.url, {**parameters, "expires": made.expires}
        elif template == "email_change":
            made = await self._directory.email_link(delivery.tenant_id, parameters["change_id"])
            addressee, link, parameters = made.addressee, made.url, {**parameters, "expires": made.expires}
        elif template == "sign_in_code":
            code = await self._directory.sign_in_code(delivery.tenant_id, parameters["ticket_id"])
            addressee, parameters = await self._addressee(delivery), {"code": code.code, "expires": code.expires}
        elif "account_event_id" in parameters:
            told = await self._directory.account_notice(delivery.tenant_id, parameters["account_event_id"])
            addressee = await self._addressee(delivery)
            if parameters.get("to") == FORMER_ADDRESS:
                addressee = replace(addressee, email=told.former_email)
            parameters = dict(told.parameters)
        elif "emergency_request_id" in parameters:
            to_customer = template.endswith("_customer")
            request_id = parameters["emergency_request_id"]
            notice = await self._directory.emergency_notice(delivery.tenant_id, request_id, to_customer=to_customer)
            addressee = await self._addressee(delivery)
            if to_customer:
                addressee = _at(addressee, notice.customer_addresses, int(parameters["address"]))
            parameters, link = dict(notice.parameters), notice.stop_url or link
        elif "trusted_person_id" in parameters:
            about = await self._directory.trusted_person_notice(delivery.tenant_id, parameters["trusted_person_id"])
            parameters = {"person": about.addressee.name, "customer": about.customer_name}
            addressee = about.addressee if template == "trusted_removed" else await self._addressee(delivery)
        else:
            addressee = await self._addressee(delivery)
        link = under_own_domain(link, firm, self._public_url)
        return Outgoing(delivery.delivery_id, template, parameters, firm, addressee, link, now)

    async def _addressee(self, delivery: Delivery) -> Addressee:
        if delivery.customer_id is not None:
            _, addressee = await self._directory.customer(delivery.tenant_id, delivery.customer_id)
            return addressee
        accounts = [str(delivery.account_id)] if delivery.account_id else []
        people = await self._directory.people(delivery.tenant_id, accounts)
        return people[0].addressee if people else NOBODY


def _at(addressee: Addressee, addresses: Sequence[str], number: int) -> Addressee:
    """Return the same person at one of his addresses; raises NotWantedError when he has taken it back."""
    if number >= len(addresses):
        raise NotWantedError("ADDRESS_GONE")
    return replace(addressee, email=addresses[number])


def _invitation_template(made: Link) -> str:
    if made.trusted_by:
        return "trusted_invitation"
    return "customer_invitation" if made.is_customer else "staff_invitation"
