"""With whom a customer can share, and what a grant says in words (F3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kontor.experts.v1 import orders_pb2
from kontor.identity.v1 import emergency_pb2, households_pb2, people_pb2
from kontor.vault.v1 import vault_pb2 as pb

from kontor_portal import gateway
from kontor_portal.choices import Choice
from kontor_portal.i18n import t
from kontor_portal.reading import asked
from kontor_portal.sightings import last_day

_FIELDS: Mapping[str, str] = {
    "mitarbeiter": "grantee_account_id",
    "haushalt": "household_person_id",
    "vertrauen": "trusted_person_id",
    "auftrag": "order_id",
}
"""What a choice begins with, and the field of a grant that it fills."""
RUNNING = (orders_pb2.ORDER_STATE_PLACED, orders_pb2.ORDER_STATE_IN_PROGRESS)


@dataclass(frozen=True)
class Circle:
    """The people near a customer, beside his whole firm."""

    colleagues: Mapping[str, str]
    """Who looks after him, by account."""
    household: Sequence[households_pb2.HouseholdPerson]
    trusted: Sequence[emergency_pb2.TrustedPerson]
    orders: Sequence[orders_pb2.ConsentRequest]

    @property
    def groups(self) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
        """Return whom he can choose, under headings; empty ones are left out."""
        groups = (
            (t("Bei Ihrem Makler", du="Bei deinem Makler"), self._of("mitarbeiter", self.colleagues)),
            (
                t("In Ihrem Haushalt", du="In deinem Haushalt"),
                self._of("haushalt", {one.household_person_id: one.display_name for one in self.household}),
            ),
            (
                t("Vertrauenspersonen"),
                self._of("vertrauen", {one.trusted_person_id: one.name for one in self.trusted}),
            ),
            (
                t("Experten mit Auftrag"),
                self._of("auftrag", {one.order_id: _expert(one) for one in self.orders}),
            ),
        )
        return tuple((heading, choices) for heading, choices in groups if choices)

    def whom(self, grant: pb.Grant, firm_name: str) -> str:
        """Return for whom a grant is."""
        name = grant.grantee_name or self.colleagues.get(grant.grantee_account_id, "")
        if grant.household_person_id:
            return t("Für %(person)s aus dem Haushalt", person=name)
        if grant.trusted_person_id:
            return t("Für %(person)s, Vertrauensperson", person=name)
        if grant.order_id:
            return t("Für %(person)s, bis der Auftrag beendet ist", person=name)
        if not grant.grantee_account_id:
            return t("Für %(firm)s", firm=firm_name)
        return t("Nur für %(person)s", person=name or t("eine Person bei %(firm)s", firm=firm_name))

    @staticmethod
    def _of(kind: str, names: Mapping[str, str]) -> tuple[Choice, ...]:
        return tuple(Choice(f"{kind}:{key}", name) for key, name in names.items())


@dataclass(frozen=True)
class Share:
    """A grant in words."""

    grant: pb.Grant
    whom: str

    @property
    def how(self) -> str:
        """What the grantee may do, and until when."""
        what = t("ansehen und ergänzen") if self.grant.may_contribute else t("nur ansehen")
        until = last_day(self.grant.expire_time) if self.grant.HasField("expire_time") else ""
        return f"{what} · {t('bis %(day)s', day=until)}" if until else what


@dataclass(frozen=True)
class Shares:
    """Who sees one document or folder by a grant on it, and with whom it can be shared."""

    firm: pb.Grant | None
    """The grant for the whole firm."""
    others: tuple[Share, ...]
    circle: Circle


def shares_of(customer_id: str, grants: Sequence[pb.Grant], firm_name: str) -> Shares:
    """Return the grants on one thing in words."""
    circle = circle_of(customer_id)
    firm = next((each for each in grants if is_for_firm(each)), None)
    others = tuple(Share(each, circle.whom(each, firm_name)) for each in grants if not is_for_firm(each))
    return Shares(firm, others, circle)


def is_for_firm(grant: pb.Grant) -> bool:
    """Whether a grant is for everybody in the firm."""
    return not grant.grantee_account_id


def circle_of(customer_id: str) -> Circle:
    """Ask who is near a customer; what does not answer is left out."""
    responsibles = asked(
        gateway.identity().GetResponsibles,
        people_pb2.GetResponsiblesRequest(customer_id=customer_id),
        people_pb2.Responsibles(),
    )
    household = asked(
        gateway.households().ListHouseholdPersons,
        households_pb2.ListHouseholdPersonsRequest(customer_id=customer_id, page_size=100),
        households_pb2.ListHouseholdPersonsResponse(),
    )
    trusted = asked(
        gateway.emergency().ListTrustedPersons,
        emergency_pb2.ListTrustedPersonsRequest(customer_id=customer_id, page_size=100),
        emergency_pb2.ListTrustedPersonsResponse(),
    )
    orders = asked(
        gateway.experts().ListConsentRequests,
        orders_pb2.ListConsentRequestsRequest(
            customer_id=customer_id, state=orders_pb2.CONSENT_STATE_GIVEN, page_size=100
        ),
        orders_pb2.ListConsentRequestsResponse(),
    )
    return Circle(
        {one.account_id: one.display_name for one in responsibles().responsibles},
        [one for one in household().persons if one.standing == households_pb2.STANDING_INSURED and not one.invited],
        [one for one in trusted().persons if one.state == emergency_pb2.TRUSTED_PERSON_STATE_ACCEPTED],
        [one for one in orders().consent_requests if one.order_state in RUNNING],
    )


def name_grantee(grant: pb.Grant, choice: str) -> None:
    """Fill in for whom a grant is, as the form says it; nothing is everybody in the firm."""
    kind, _, key = choice.partition(":")
    if kind in _FIELDS:
        setattr(grant, _FIELDS[kind], key)


def _expert(order: orders_pb2.ConsentRequest) -> str:
    return f"{order.expert_name}, {order.expert_firm_name} ({order.service_title})"
