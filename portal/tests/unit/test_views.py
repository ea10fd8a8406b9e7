"""Every module of views is part of the portal."""

from __future__ import annotations

import importlib
import pkgutil

from flask import Blueprint
from kontor_portal import views


def test_every_view_is_registered() -> None:
    """A view that is missing in AREAS would answer nobody, and no other test would notice."""
    names = [f"{views.__name__}.{module.name}" for module in pkgutil.iter_modules(views.__path__)]
    written = {
        found.name: name
        for name in names
        for found in vars(importlib.import_module(name)).values()
        if isinstance(found, Blueprint)
    }
    missing = set(written) - {area.name for area in views.AREAS}
    assert not missing, f"not in AREAS of views/__init__.py: {sorted(written[name] for name in missing)}"
