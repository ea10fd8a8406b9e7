"""Before a trusted person is shown anything: identity's word that a release is in force for him now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.principal import current_principal

from kontor_vault.people import People


@dataclass(frozen=True)
class Releases:
    """Asks on behalf of the call being served."""

    people: People

    async def of_caller(self) -> UUID | None:
        """Return the release for a caller who is a trusted person, None for everybody else; raises NOT_FOUND."""
        caller = current_principal()
        if not caller.has(Role.ROLE_TRUSTED_PERSON):
            return None
        return await self.people.require_release(
            caller.required_tenant(), caller.required_customer(), caller.required_account()
        )
