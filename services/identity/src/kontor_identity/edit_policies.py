"""Which groups of fields customers of a firm may change, and how (decision 1; F66, F149–F158)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kontor.identity.v1.master_data_pb2 import EditMode, FieldGroup
from kontor_chassis.database import Transaction

from kontor_identity.master_data_tables import EditPolicyRow

_COLUMNS = {
    FieldGroup.FIELD_GROUP_PERSON: "person",
    FieldGroup.FIELD_GROUP_ADDRESS: "address",
    FieldGroup.FIELD_GROUP_CONTACT: "contact",
    FieldGroup.FIELD_GROUP_BANK_ACCOUNT: "bank_account",
}


@dataclass(frozen=True)
class Policy:
    """Edit modes by group; the default applies what was checked, and lets contracts be looked at first."""

    person: int = int(EditMode.EDIT_MODE_DIRECT)
    address: int = int(EditMode.EDIT_MODE_DIRECT)
    contact: int = int(EditMode.EDIT_MODE_DIRECT)
    bank_account: int = int(EditMode.EDIT_MODE_DIRECT)
    contracts: int = int(EditMode.EDIT_MODE_REQUEST)

    def mode_of(self, group: int) -> int:
        """Return the mode of a group of fields."""
        return int(getattr(self, _COLUMNS[FieldGroup.ValueType(group)]))


async def policy_of(tx: Transaction, tenant_id: UUID) -> Policy:
    """Return a firm's policy."""
    row = await tx.session.get(EditPolicyRow, tenant_id)
    if row is None:
        return Policy()
    return Policy(row.person, row.address, row.contact, row.bank_account, row.contracts)


async def set_policy(tx: Transaction, policy: Policy) -> Policy:
    """Replace the caller's own firm's policy; a mode that is not set becomes the default."""
    tenant_id, default = tx.principal.required_tenant(), Policy()
    chosen = {name: getattr(policy, name) or getattr(default, name) for name in Policy.__dataclass_fields__}
    row = await tx.session.get(EditPolicyRow, tenant_id, with_for_update=True)
    if row is None:
        tx.session.add(EditPolicyRow(tenant_id=tenant_id, **chosen))
    else:
        for name, mode in chosen.items():
            setattr(row, name, mode)
    await tx.session.flush()
    return Policy(**chosen)
