"""Edges are processes of their own: what only the services need must not take their memory and their start."""

from __future__ import annotations

import subprocess
import sys

import pytest

SERVICES_OWN = ("sqlalchemy", "asyncpg", "nats", "protovalidate")


@pytest.mark.parametrize("edge", ["kontor_identity.http.app", "kontor_vault.http.app", "kontor_portal.app"])
def test_edges_load_neither_database_nor_events(edge: str) -> None:
    """An edge imports none of the libraries of the service behind it."""
    program = f"import sys, {edge}; print([name for name in {SERVICES_OWN} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
