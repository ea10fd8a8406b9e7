"""Which pages a passkey opens: the platform's, or those of one firm under domains of its own (F79).

A browser binds a passkey to one host (Web Authentication: the RP ID). For the platform's pages it is the host of the
installation's public address; for a firm's own domains the one that was proved first. The firm's further domains may
ask for the same passkeys where the browser knows related origins (Level 3, 5.11); elsewhere they offer none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kontor_chassis.database import RowReader

from kontor_identity import presence


@dataclass(frozen=True)
class PasskeySite:
    """Pages that share passkeys."""

    host: str
    """The firm's host to which they are bound; "" for the platform's."""
    rp_id: str
    origins: Sequence[str]
    """Where the pages stand; one of them is in what the browser signs."""


class PasskeySites:
    """Finds the site of a page."""

    def __init__(self, rows: RowReader, public_url: str) -> None:
        self._rows, self._platform = rows, urlsplit(public_url)

    async def at(self, host: str) -> PasskeySite:
        """Return the site to which a host belongs: a firm's where it answers as one, else the platform's."""
        own = self._platform.hostname or ""
        firm = await presence.firm_at(self._rows, host) if host and host.lower() != own else None
        if firm is None:
            return PasskeySite("", own, [self._platform.geturl()])
        return PasskeySite(firm.passkey_host, firm.passkey_host, [self._origin(each) for each in firm.hosts])

    def _origin(self, host: str) -> str:
        """Return the origin of a host, under the scheme and port of the platform's."""
        port = f":{self._platform.port}" if self._platform.port else ""
        return f"{self._platform.scheme}://{host}{port}"
