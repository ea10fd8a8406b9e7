"""Free ports for an installation's internal listeners, and who holds a port that should be free."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil

from kontor_tools.embedded.process import LOOPBACK
from kontor_tools.folders import InstallationError

BLOCK = 128
INTERNAL = range(20_000, 20_000 + 93 * BLOCK)
"""Below the range that kernels give to outgoing connections, so that none of those can take a port before its owner."""


@contextmanager
def reserved(count: int) -> Iterator[list[int]]:
    """Yield `count` loopback ports that nobody listens on and no other installation gets while the block runs.

    Ports are given in blocks of which nothing is in use. The first of a block is held for all of it, because minutes
    may pass before the processes of an installation listen.
    """
    found: list[int] = []
    with ExitStack() as held:
        for first in random.SystemRandom().sample(INTERNAL[::BLOCK], len(INTERNAL) // BLOCK):
            block = range(first + 1, first + BLOCK)
            if len(found) < count and _hold(held, first) and all(map(_is_free, block)):
                found += block
        if len(found) < count:
            raise InstallationError("No free ports between 20000 and 32000 on this machine: end some other programs.")
        yield found[:count]


def _hold(held: ExitStack, port: int) -> bool:
    probe = held.enter_context(socket.socket())
    try:
        probe.bind((LOOPBACK, port))
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with ExitStack() as for_a_moment:
        return _hold(for_a_moment, port)


def require_free(port: int) -> None:
    """Raise InstallationError when the public port is taken or not allowed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except PermissionError as failure:
            raise InstallationError(
                f"Port {port} may only be opened by root: choose one from 1024 on with `make up KONTOR_PORT=8080`."
            ) from failure
        except OSError as failure:
            raise InstallationError(
                f"Port {port} is already in use{_holder(port)}: end that program"
                f" or choose another port with `make up KONTOR_PORT={port + 1}`."
            ) from failure


def _holder(port: int) -> str:
    try:
        pids = {
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr[1:] == (port,)
        }
        return f" by {psutil.Process(min(pids)).name()} (process {min(pids)})" if pids else ""
    except psutil.Error:
        return ""
