"""Names of bank accounts for other services, which keep no account numbers (F156)."""

from __future__ import annotations

from uuid import UUID

from kontor_identity.sealing import Sealer

_SIGNS = 32


def account_reference(sealer: Sealer, tenant_id: UUID, iban_blinded: bytes) -> str:
    """Return the name of an account within a firm: the same number gives the same name there, another one elsewhere."""
    return sealer.blind("account reference", str(tenant_id), iban_blinded.hex()).hex()[:_SIGNS]


def blinded_iban(sealer: Sealer, iban: str) -> bytes:
    """Return what finds an IBAN without blanks again."""
    return sealer.blind("iban", iban)
