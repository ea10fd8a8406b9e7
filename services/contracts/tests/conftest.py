"""The writer of GDV files, for all tests of contracts."""

from __future__ import annotations

from types import ModuleType

import pytest

from services.contracts.tests.gdv_writer import writer


@pytest.fixture(scope="session")
def gdv() -> ModuleType:
    """Writes GDV files: `gdv.gdv_file(gdv.NORDLICHT)`."""
    return writer
