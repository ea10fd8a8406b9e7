"""A firm's own domain (F79): NAMED → VERIFIED by its TXT record, or by the operator where no name server answers.

    NAMED ──check: record found──▶ VERIFIED
      └──check: no name server──▶ WAITING_FOR_OPERATOR ──confirm──▶ VERIFIED

The lookup happens outside of any transaction; only its outcome is written.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import Enum
from uuid import UUID

import dns.asyncresolver
import dns.exception
import dns.resolver
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1.brand_pb2 import DomainState
from kontor.identity.v1.events_pb2 import WhiteLabelChanged
from kontor_chassis.database import Transaction
from kontor_chassis.database_errors import UniqueError
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import func, select

from kontor_identity.brand_tables import FirmDomain
from kontor_identity.staff import own_tenant
from kontor_identity.tables import Tenant

RECORD_PREFIX = "_portal"
PROOF_PREFIX = "portal-verification="
_MOST_PER_FIRM = 5
_LOOKUP_SECONDS = 4.0


class Lookup(Enum):
    """What the name servers say about a domain's TXT record."""

    FOUND = "found"
    MISSING = "missing"
    UNREACHABLE = "unreachable"


class NameServers:
    """Asks for TXT records; `addresses` such as "9.9.9.9" or "127.0.0.1:5353", the machine's own when empty."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = [each.strip() for each in addresses if each.strip()]

    async def look_up(self, domain: FirmDomain) -> Lookup:
        """Return whether the TXT record of a domain holds its proof."""
        try:
            answer = await self._resolver().resolve(record_name(domain), "TXT", lifetime=_LOOKUP_SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Lookup.MISSING
        except (dns.exception.DNSException, OSError):
            return Lookup.UNREACHABLE
        values = {b"".join(record.strings).decode("utf-8", "replace") for record in answer}
        return Lookup.FOUND if record_value(domain) in values else Lookup.MISSING

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if not self._addresses:
            return dns.asyncresolver.Resolver()
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [each.partition(":")[0] for each in self._addresses]
        resolver.port = int(self._addresses[0].partition(":")[2] or 53)
        return resolver


def record_name(domain: FirmDomain) -> str:
    """Return the name under which the TXT record is looked for."""
    return f"{RECORD_PREFIX}.{domain.host}"


def record_value(domain: FirmDomain) -> str:
    """Return what the TXT record has to say."""
    return PROOF_PREFIX + domain.proof


async def name_domain(tx: Transaction, host: str, *, platform_host: str) -> FirmDomain:
    """Name a domain of the caller's own firm; PRECONDITION "WHITE_LABEL_REQUIRED" without white label (F79)."""
    tenant = await own_tenant(tx)
    if not tenant.white_label:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "WHITE_LABEL_REQUIRED",
            "Eine eigene Domain gehört zum White Label. Bitte sprechen Sie den Betrieb der Plattform an.",
        )
    if host == platform_host or host.endswith("." + platform_host):
        raise invalid("host", "Diese Domain gehört der Plattform.")
    kept = await tx.session.scalar(select(func.count()).where(FirmDomain.tenant_id == tenant.tenant_id))
    if (kept or 0) >= _MOST_PER_FIRM:
        raise DomainError(
            ErrorKind.PRECONDITION, "TOO_MANY_DOMAINS", said("Möglich sind %(most)s Domains.", most=_MOST_PER_FIRM)
        )
    domain = FirmDomain(
        domain_id=new_id(),
        tenant_id=tenant.tenant_id,
        host=host,
        proof=secrets.token_urlsafe(18),
        state=DomainState.DOMAIN_STATE_NAMED,
        created_at=tx.now,
    )
    tx.session.add(domain)
    try:
        await tx.session.flush()
    except UniqueError as taken:
        raise _taken(host) from taken
    return domain


async def own_domain(tx: Transaction, domain_id: UUID) -> FirmDomain:
    """Return a domain that the caller may see; the operator sees every firm's."""
    domain = await tx.session.get(FirmDomain, domain_id)
    if domain is None:
        raise not_found("Diese Domain")
    return domain


async def note_lookup(tx: Transaction, domain_id: UUID, lookup: Lookup) -> FirmDomain:
    """Write down what the name servers said; raises PRECONDITION "RECORD_MISSING" where there is no record."""
    domain = await own_domain(tx, domain_id)
    if lookup is Lookup.MISSING:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "RECORD_MISSING",
            said(
                "Der TXT-Eintrag %(name)s mit dem Wert %(value)s ist noch nicht zu sehen. Neue Einträge brauchen "
                "manchmal einige Stunden.",
                name=record_name(domain),
                value=record_value(domain),
            ),
        )
    if lookup is Lookup.FOUND:
        return await verified(tx, domain)
    if domain.state == DomainState.DOMAIN_STATE_NAMED:
        domain.state = DomainState.DOMAIN_STATE_WAITING_FOR_OPERATOR
    return domain


async def verified(tx: Transaction, domain: FirmDomain) -> FirmDomain:
    """Let a firm answer under the domain; raises ALREADY_EXISTS "DOMAIN_TAKEN" where another firm does."""
    domain.state, domain.verified_at = DomainState.DOMAIN_STATE_VERIFIED, domain.verified_at or tx.now
    host = domain.host
    try:
        await tx.session.flush()
    except UniqueError as taken:
        raise _taken(host) from taken
    return domain


async def domains_of(tx: Transaction, tenant_id: UUID, after: str, limit: int) -> list[FirmDomain]:
    """Return a firm's domains in alphabetical order."""
    found = select(FirmDomain).where(FirmDomain.tenant_id == tenant_id, FirmDomain.host > after)
    return list((await tx.session.execute(found.order_by(FirmDomain.host).limit(limit))).scalars())


async def set_white_label(tx: Transaction, tenant_id: UUID, *, white_label: bool) -> Tenant:
    """Book white label for a firm, or end it; its domains stay named but no longer answer."""
    tenant = await tx.session.get(Tenant, tenant_id, with_for_update=True)
    if tenant is None:
        raise not_found("Diese Firma")
    if tenant.white_label != white_label:
        tenant.white_label = white_label
        await tx.session.flush()
        since = Timestamp()
        since.FromDatetime(tx.now)
        event = WhiteLabelChanged(tenant_id=str(tenant_id), white_label=white_label, change_time=since)
        tx.publish(event, aggregate=tenant_id, tenant_id=tenant_id)
    return tenant


def _taken(host: str) -> DomainError:
    return DomainError(
        ErrorKind.ALREADY_EXISTS, "DOMAIN_TAKEN", said("%(host)s gehört bereits zu einer Firma.", host=host)
    )
