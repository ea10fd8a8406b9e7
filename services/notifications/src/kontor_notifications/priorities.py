"""Which mails go first when many are due: never a code that somebody waits for behind a month's invoices."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Priority(IntEnum):
    """The smaller, the sooner."""

    WAITED_FOR = 0
    """Somebody sits before a page and cannot go on without it."""
    ACCESS = 1
    """Invitations, and what warns a person about his access or an emergency."""
    ORDINARY = 2


_WAITED_FOR: Final = frozenset({"sign_in_code", "password_reset", "email_change"})
_ACCESS: Final = ("invitation", "binding_", "password_changed", "account_", "emergency_", "trusted_")


def priority_of(template: str) -> Priority:
    """Return when a kind of mail has its turn."""
    if template in _WAITED_FOR:
        return Priority.WAITED_FOR
    return Priority.ACCESS if template.startswith(_ACCESS) else Priority.ORDINARY
