"""The principal under which identity looks across firms: sign-in, tokens, invitations by their link.

Row-level security admits it everywhere (`SERVICE_WIDE`), so each use is narrow: a lookup by a secret or by the id of
the very account that asks. Work for one firm uses `within_firm` instead.
"""

from __future__ import annotations

from uuid import UUID

from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.principal import Principal

DIRECTORY = Principal.of_service("identity")
"""Identity itself, for no firm in particular."""


def within_firm(tenant_id: UUID, caller: Principal) -> Principal:
    """Return identity itself bound to one firm, for a service that asks about it.

    Raises FORBIDDEN when the asking service's token is for another firm.
    """
    if caller.tenant_id is not None and caller.tenant_id != tenant_id:
        raise DomainError(ErrorKind.FORBIDDEN, "OTHER_TENANT", "Diese Anfrage gehört zu einer anderen Firma.")
    return Principal.of_service("identity", tenant_id)
