"""What counts as an e-mail address. One rule for every place where one enters, so that mails can be written to all."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3 less the brackets)."""
_LONGEST_LOCAL_PART: Final = 64
_WORD: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"({_WORD}(?:\.{_WORD})*)@{_LABEL}(?:\.{_LABEL})+")


def is_email_address(text: str) -> bool:
    """Whether mail can be sent to it: words between single dots, "@", a domain with a dot (RFC 5322, dot-atom).

    Stricter than validation in protos, which lets dots stand anywhere before the "@" and then no mail can be written.
    """
    found = _ADDRESS.fullmatch(text)
    return found is not None and len(text) <= LONGEST and len(found.group(1)) <= _LONGEST_LOCAL_PART
