"""Ids in addresses of pages: a UUID, handed on as text; anything else is a page that does not exist."""

from __future__ import annotations

import re
from typing import Final

from werkzeug.routing import BaseConverter

_ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class IdConverter(BaseConverter):
    """`<id:customer_id>` in a route."""

    regex = _ID


def is_id(text: str) -> bool:
    """Whether a text from a query or a form is an id."""
    return re.fullmatch(_ID, text) is not None
