"""Migrations form one straight line per service."""

from __future__ import annotations

import re

import pytest
from kontor_tools.plan import SERVICES

from tests.architecture.tree import service_source


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_are_linear_and_numbered(service: str) -> None:
    """Revisions are 0001, 0002, …, each following the one before."""
    files = sorted((service_source(service) / "migrations" / "versions").glob("*.py"))
    files = [file for file in files if file.name != "__init__.py"]
    assert files
    for number, file in enumerate(files, start=1):
        text = file.read_text(encoding="utf-8")
        revision = re.search(r"^revision(?:: \w+)? = \"(\w+)\"", text, re.MULTILINE)
        down = re.search(r"^down_revision(?:: [\w |]+)? = (?:\"(\w+)\"|None)", text, re.MULTILINE)
        assert revision is not None, file
        assert down is not None, file
        assert revision.group(1) == f"{number:04d}", file
        assert down.group(1) == (f"{number - 1:04d}" if number > 1 else None), file
        assert file.name.startswith(f"{number:04d}_"), file
