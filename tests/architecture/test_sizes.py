"""Files and functions stay readable: 400 and 60 lines, or a reason is listed here."""

from __future__ import annotations

import ast

from tests.architecture.tree import REPOSITORY, modules_below, product_modules

LONG_FILES: dict[str, str] = {}
"""Path below the repository → why it may be longer than 400 lines."""

LONG_FUNCTIONS: dict[str, str] = {}
"""path::function → why it may be longer than 60 lines."""


def test_no_file_is_long() -> None:
    """No module has more than 400 lines, tests included."""
    modules = [*product_modules(), *modules_below(REPOSITORY / "tests", REPOSITORY / "services", REPOSITORY / "bench")]
    long = {m.name: n for m in modules if (n := m.path.read_text(encoding="utf-8").count("\n")) > 400}
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}


def test_no_function_is_long() -> None:
    """No function has more than 60 lines; migrations create many tables in one and are listed by their kind."""
    long = {
        f"{module.name}::{node.name}": lines
        for module in product_modules()
        if "versions" not in module.path.parts
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_FUNCTIONS} == {}


def test_listed_reasons_still_apply() -> None:
    """A listed file or function that no longer exists leaves the list."""
    for name in [*LONG_FILES, *(function.split("::")[0] for function in LONG_FUNCTIONS)]:
        assert (REPOSITORY / name).exists(), name
