"""Which key-encryption keys an installation has: a key file, Transit, or Transit after a key file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.transit import Transit
from kontor_vault.config import VaultSettings
from kontor_vault.keys import KeyEncryption, KeyEncryptions


class OpenKeyEncryption(KeyEncryptions):
    """Key-encryption keys whose connections can be closed."""

    def __init__(
        self, wrapping: KeyEncryption, former: list[KeyEncryption], close: Callable[[], Awaitable[None]] | None
    ) -> None:
        super().__init__(wrapping, former)
        self._close = close

    async def close(self) -> None:
        """Close what was opened."""
        if self._close is not None:
            await self._close()


def open_key_encryption(settings: VaultSettings) -> OpenKeyEncryption:
    """Return the key-encryption keys of the settings: Transit wraps where it is configured."""
    file = None if settings.key_encryption_key_file is None else KeyFile(settings.key_encryption_key_file)
    if settings.transit_url is not None and settings.transit_token_file is not None:
        transit = Transit(
            settings.transit_url,
            settings.transit_key,
            settings.transit_token_file,
            mount=settings.transit_mount,
            ca=settings.transit_ca_file,
        )
        return OpenKeyEncryption(transit, [] if file is None else [file], transit.close)
    if file is None:
        raise ValueError("neither a key file nor Transit is configured")
    return OpenKeyEncryption(file, [], None)
