"""Before a trusted person is shown what an emergency opened: identity's word that the release is in force now."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.common.v1.access_pb2 import Role
from kontor_chassis.errors import not_found
from kontor_chassis.principal import current_principal

from kontor_vault.people import People


@dataclass(frozen=True)
class Releases:
    """Asks on behalf of the call being served."""

    people: People

    async def of_caller(self) -> UUID | None:
        """Return the release in force for a caller who is a trusted person; None for everybody else."""
        caller = current_principal()
        if not caller.has(Role.ROLE_TRUSTED_PERSON):
            return None
        return await self.people.release_of(
            caller.required_tenant(), caller.required_customer(), caller.required_account()
        )

    async def required(self) -> UUID | None:
        """Return the same, but raise NOT_FOUND for a trusted person without a release in force."""
        release_id = await self.of_caller()
        if release_id is None and current_principal().has(Role.ROLE_TRUSTED_PERSON):
            raise not_found("Der Kunde")
        return release_id
