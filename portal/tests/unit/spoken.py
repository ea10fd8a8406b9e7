"""Finds every sentence of the services that comes to pages as it is: refusals, and what stands in the bell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[3]
_SENTENCE = re.compile(r"[A-ZÄÖÜ„%].*\s.*[.?!]", re.DOTALL)
_DOLLAR = re.compile(r"\$(\w+)")
_ELSEWHERE = (
    "/migrations/",
    "/testing/",
    "/http/",  # pages of their own, with a catalogue of their own
    "kontor_chassis/telemetry.py",
    "kontor_billing/pdf.py",
    "kontor_notifications/mail_text",
    "kontor_notifications/english/",
    "kontor_identity/letter",
)
"""Modules whose sentences stand on paper, in mails, in metrics or on pages of their own."""


def spoken() -> set[str]:
    """Return the German text of everything that services say, with `%(name)s` where a figure stands."""
    return {text for _, tree in _modules() for text in _in_module(tree)}


def formatted() -> list[str]:
    """Return where a sentence is put together with its figures, so that nobody can say it in another language."""
    return [
        f"{name}:{node.lineno}"
        for name, tree in _modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and _SENTENCE.fullmatch("".join(map(_part, node.values)))
    ]


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "0"


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("services/*/src", "libs/chassis/src"):
        for module in sorted(_REPOSITORY.glob(f"{package}/**/*.py")):
            if not any(part in module.as_posix() for part in _ELSEWHERE):
                yield module.name, ast.parse(module.read_text(encoding="utf-8"))


def _in_module(tree: ast.Module) -> Iterator[str]:
    aside = _docstrings_and_parts(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _named_by(node)
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "WHAT" for t in node.targets):
            yield from _texts([node.value])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in aside:
            yield from map(_with_places, filter(_SENTENCE.fullmatch, [node.value]))


def _named_by(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "Wording":
        yield from map(_with_places, _texts(call.args))
    elif name in ("said", "not_found"):
        yield from _texts(call.args[:1])


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _with_places(text: str) -> str:
    """Return a text of the bell, whose figures are `$name`, as the catalogue has it."""
    return _DOLLAR.sub(r"%(\1)s", text.replace("%", "%%")) if "$" in text else text


def _docstrings_and_parts(tree: ast.Module) -> set[int]:
    """Return the nodes of texts that nobody hears by themselves: docstrings, parts of f-strings, names of metrics."""
    aside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            aside.add(id(node.value))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Counter", "Gauge", "Histogram"):
            aside |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr):
            aside |= {id(part) for part in node.values}
    return aside
