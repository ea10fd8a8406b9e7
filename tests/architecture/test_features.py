"""docs/FEATURES.md tells the truth: every row once, every path there, every proof citing its row."""

from __future__ import annotations

import ast
import re

from tests.architecture.tree import REPOSITORY

ROW = re.compile(r"^\| F(\d+) \| (.+?) \| (.*?) \| (.*?) \| (works|begun|planned) \|$", re.MULTILINE)
LAST = 194


def rows() -> list[tuple[str, str, str, str, str]]:
    return ROW.findall((REPOSITORY / "docs" / "FEATURES.md").read_text(encoding="utf-8"))


def docstring_of(proof: str) -> str | None:
    """Return the docstring of `path::function`; None when there is no such test."""
    path, _, name = proof.partition("::")
    file = REPOSITORY / path
    if not file.exists():
        return None
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
    return None


def cites(docstring: str, row: int) -> bool:
    """Whether a docstring names the row, alone or within a range such as F104–F123."""
    for first, last in re.findall(r"\bF(\d+)(?:\s*[–-]\s*F(\d+))?\b", docstring):
        if int(first) <= row <= int(last or first):
            return True
    return False


def test_every_row_stands_there_once() -> None:
    """F1 to F194, in order."""
    assert [int(row[0]) for row in rows()] == list(range(1, LAST + 1))


def test_places_exist() -> None:
    """What works or is begun lives at a path of this repository."""
    missing = [f"F{n}: {where}" for n, _, where, _, state in rows() if state != "planned" and not _exists(where)]
    assert missing == []


def _exists(where: str) -> bool:
    return bool(where) and all((REPOSITORY / path).exists() for path in re.findall(r"`([^`]+)`", where))


def test_proofs_exist_and_cite_their_row() -> None:
    """A proof is a test whose docstring names the row it proves."""
    wrong: list[str] = []
    for number, _, _, proof, state in rows():
        proofs = re.findall(r"`([^`]+)`", proof)
        if state == "planned":
            continue
        if not proofs or not all(cites(docstring_of(p) or "", int(number)) for p in proofs):
            wrong.append(f"F{number}: {proof}")
    assert wrong == []
