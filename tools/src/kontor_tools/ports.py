"""Free ports for an installation's internal listeners, and who holds a port that should be free."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

import psutil

from kontor_tools.embedded.process import LOOPBACK
from kontor_tools.folders import InstallationError

INTERNAL = range(20000, 32000)
"""Below the range that kernels give to outgoing connections, so that none of those can take a port before its owner."""


def free_ports(count: int) -> list[int]:
    """Return `count` different loopback ports that nobody listens on."""
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(INTERNAL, len(INTERNAL)):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise InstallationError("No free ports between 20000 and 32000 on this machine: end some other programs.")


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
