"""A small believable demo: what `make up` loads, once, and the accounts it prints."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from kontor_tools.demo.content import ACCOUNTS, PASSWORD
from kontor_tools.demo.loader import Loader, Progress
from kontor_tools.folders import InstallationError
from kontor_tools.installation import Installation
from kontor_tools.people import RefusedError

COMPLETE = "complete"


def ensure(installation: Installation, say: Callable[[str], None]) -> None:
    """Load what is missing of the demo; raises InstallationError, with the platform still running."""
    progress = Progress(installation.folders.demo)
    if COMPLETE in progress:
        return
    try:
        Loader(installation, progress).load(say)
    except (RefusedError, httpx.HTTPError) as failure:
        raise InstallationError(
            f"Kontor runs at {installation.base_url}, but the demo is not complete ({failure}):"
            " run `make up` again, or `make clean` first."
        ) from failure
    progress.once(COMPLETE, lambda: None)


def accounts() -> str:
    """Return the demo's accounts as lines to print."""
    lines = [f"  {role:<24} {email}" for role, email in ACCOUNTS]
    return "\n".join([*lines, f"  password of all           {PASSWORD}"])
