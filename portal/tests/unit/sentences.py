"""Finds every sentence that templates and views say, by parsing them rather than by searching text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, nodes

_SAYING = {"t": 1, "tn": 2}
"""Functions that say something, with the number of their arguments that are sentences."""


def walk(folder: Traversable, ending: str) -> Iterator[Traversable]:
    """Yield the files below a folder whose names end so."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from walk(entry, ending)
        elif entry.name.endswith(ending):
            yield entry


def templates() -> list[Traversable]:
    """Return all templates of the portal."""
    return list(walk(files("kontor_portal") / "templates", ".html"))


def sentences() -> set[str]:
    """Return the German text of everything that pages say."""
    found: set[str] = set()
    for template in templates():
        found |= set(_in_template(template.read_text(encoding="utf-8")))
    for module in walk(files("kontor_portal"), ".py"):
        found |= set(_in_module(module.read_text(encoding="utf-8")))
    return found


def _in_template(source: str) -> Iterator[str]:
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in _SAYING:
            for argument in call.args[: _SAYING[call.node.name]]:
                if isinstance(argument, nodes.Const):
                    yield str(argument.value)


def _in_module(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SAYING:
            for argument in node.args[: _SAYING[node.func.id]]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
