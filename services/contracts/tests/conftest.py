"""The writer of GDV files, for all tests of contracts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load_writer() -> ModuleType:
    """Return gdv_writer/writer.py as a module; test folders are no packages."""
    name = "kontor_contracts_gdv_writer"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "gdv_writer" / "writer.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def gdv() -> ModuleType:
    """Writes GDV files: `gdv.gdv_file(gdv.NORDLICHT)`."""
    return _load_writer()
