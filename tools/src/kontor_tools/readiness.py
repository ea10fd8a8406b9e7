"""Whether a process is ready, asked the way its own kind answers: an address like "http://127.0.0.1:1/readyz"."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

from kontor_tools.embedded.nats import EmbeddedNats
from kontor_tools.embedded.postgres import EmbeddedPostgres

SECONDS = 2.0


def is_ready(address: str) -> bool:
    """Whether what listens at `address` (http, postgresql, nats or smtp) does its work now."""
    parts = urlsplit(address)
    host, port = str(parts.hostname), int(parts.port or 0)
    match parts.scheme:
        case "http":
            return _answers_ok(host, port, parts.path)
        case "postgresql":
            return EmbeddedPostgres(home=Path(), port=port).is_ready()
        case "nats":
            return EmbeddedNats(home=Path(), port=port).is_ready()
        case "smtp":
            return _greets(host, port)
        case scheme:
            raise ValueError(f"nobody knows how to ask {scheme}")


def _answers_ok(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _greets(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as client:
            return client.recv(3) == b"220"
    except OSError:
        return False
