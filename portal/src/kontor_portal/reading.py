"""Reading from the platform for pages: what is optional on a page must not take the page down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlencode

import grpc
from flask import request
from kontor_chassis.edge import problem_of

Q = TypeVar("Q")
T = TypeVar("T")

_ENDS_THE_PAGE: Final = frozenset({401})


def optional(ask: Callable[[], T], otherwise: T) -> T:
    """Return what the platform answers, or the alternative when it refuses or cannot; an ended session goes on."""
    try:
        return ask()
    except grpc.RpcError as error:
        if problem_of(error).status in _ENDS_THE_PAGE:
            raise
        return otherwise


def asked(
    call: grpc.UnaryUnaryMultiCallable[Q, T], request: Q, otherwise: T, *, timeout: float | None = None
) -> Callable[[], T]:
    """Ask without waiting, so that a page's questions are answered side by side; what is returned waits.

    It returns what the platform answers, or the alternative as `optional` does.
    """
    under_way = call.future(request, timeout=timeout)
    return lambda: optional(under_way.result, otherwise)


def next_page(token: str) -> str:
    """Return the address of this page's continuation; empty when there is none."""
    if not token:
        return ""
    arguments = {name: value for name, value in request.args.items() if name != "seite"}
    return f"{request.path}?{urlencode({**arguments, 'seite': token})}"


def page_token() -> str:
    """Return where the list in hand continues."""
    return request.args.get("seite", "")
