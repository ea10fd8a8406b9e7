"""Who is calling: a person through one membership, another service, or nobody."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from kontor.common.v1.access_pb2 import Area, AuthLevel, IdentityLevel, Right, Role, Scope

from kontor_chassis.errors import DomainError, ErrorKind


@dataclass(frozen=True)
class Principal:
    """The verified caller of an RPC or the origin of an event; built from a token, never from the request.

    `account_id` is the person's account (token `sub`); staff, experts and organisers are addressed by it everywhere.
    `customer_id` is set when he acts as a customer. `service` is set when another service calls for itself.
    """

    account_id: UUID | None = None
    session_id: UUID | None = None
    tenant_id: UUID | None = None
    customer_id: UUID | None = None
    roles: frozenset[Role.ValueType] = frozenset()
    rights: frozenset[Right.ValueType] = frozenset()
    level: AuthLevel.ValueType = AuthLevel.AUTH_LEVEL_UNSPECIFIED
    authenticated_at: float = 0.0
    """When the person last proved who he is (`auth_time`), in seconds since 1970 of the machine's clock; 0: unknown."""
    identity_level: IdentityLevel.ValueType = IdentityLevel.IDENTITY_LEVEL_UNSPECIFIED
    """How well it is proved who the customer is for whom he acts (F164)."""
    closed_areas: frozenset[Area.ValueType] = frozenset()
    """Parts of the office that his firm has closed for its customers (F53); only a customer's token names any."""
    viewer_account_id: UUID | None = None
    """Set when a member of staff looks at the office as a customer: his account; such a caller only reads."""
    partner_client_id: UUID | None = None
    """The partner system that calls for the firm; its `account_id` is the same, and `scopes` say what it may."""
    scopes: frozenset[Scope.ValueType] = frozenset()
    display_name: str = ""
    service: str | None = None
    bearer: str = ""
    """The token as it came, to be passed on when this service asks another on the person's behalf."""

    @property
    def is_anonymous(self) -> bool:
        """Whether no token came with the call."""
        return self.account_id is None and self.service is None

    @property
    def is_customer(self) -> bool:
        """Whether he acts for a customer of the tenant: as the customer, or as a person insured in his household."""
        return Role.ROLE_CUSTOMER in self.roles or Role.ROLE_INSURED_PERSON in self.roles

    @property
    def is_staff(self) -> bool:
        """Whether he acts as an employee of the tenant."""
        return Role.ROLE_STAFF in self.roles

    def has(self, role: Role.ValueType) -> bool:
        """Whether he acts in this role."""
        return role in self.roles

    def required_tenant(self) -> UUID:
        """Return the tenant he acts for; raises FORBIDDEN when the token names none."""
        if self.tenant_id is None:
            raise DomainError(ErrorKind.FORBIDDEN, "NO_TENANT", "Diese Anmeldung gehört zu keiner Firma.")
        return self.tenant_id

    def required_customer(self) -> UUID:
        """Return the customer he acts as; raises FORBIDDEN when the token names none."""
        if self.customer_id is None:
            raise DomainError(ErrorKind.FORBIDDEN, "NO_CUSTOMER", "Diese Anmeldung gehört zu keinem Kunden.")
        return self.customer_id

    def required_account(self) -> UUID:
        """Return the person's account; raises UNAUTHENTICATED when nobody is signed in."""
        if self.account_id is None:
            raise DomainError(ErrorKind.UNAUTHENTICATED, "NOT_SIGNED_IN", "Bitte melden Sie sich an.")
        return self.account_id

    @staticmethod
    def of_service(name: str, tenant_id: UUID | None = None) -> Principal:
        """Return the principal under which a service's own jobs and consumers work."""
        return Principal(service=name, tenant_id=tenant_id)

    def within(self, tenant_id: UUID) -> Principal:
        """Return the same service principal bound to one tenant."""
        return replace(self, tenant_id=tenant_id)


ANONYMOUS = Principal()

_current: ContextVar[Principal] = ContextVar("kontor_principal", default=ANONYMOUS)


def current_principal() -> Principal:
    """Return the caller of the RPC that is being served; set by the authentication interceptor."""
    return _current.get()


def set_current_principal(principal: Principal) -> None:
    """Make `principal` the caller for the rest of this task; for interceptors and fixtures."""
    _current.set(principal)
