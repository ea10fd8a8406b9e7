"""The source tree as the fitness tests see it: which modules exist and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GENERATED = (REPOSITORY / "libs" / "protos" / "src",)
NOT_DOMAIN = {
    "__main__",
    "app",
    "config",
    "rpc",
    "http",
    "consumers",
    "jobs",
    "adapters",
    "migrations",
    "tables",
    "queries",
}
"""First path element of the modules of a service that are not its domain."""


@dataclass(frozen=True)
class Module:
    """One Python file of the product."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """Path below the repository, for messages."""
        return str(self.path.relative_to(REPOSITORY))

    def imports(self) -> Iterator[str]:
        """Yield the dotted names of everything it imports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_below(*folders: Path) -> list[Module]:
    """Return the parsed modules below `folders`, without generated code."""
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        if not any(path.is_relative_to(generated) for generated in GENERATED) and ".kontor" not in path.parts
    ]
    return [Module(path, ast.parse(path.read_text(encoding="utf-8"))) for path in files]


def service_source(service: str) -> Path:
    """Return the package folder of a service."""
    return REPOSITORY / "services" / service / "src" / f"kontor_{service}"


def product_modules() -> list[Module]:
    """Return every module that ships: libraries, services, portal, gateway and tools."""
    folders = [REPOSITORY / "libs", REPOSITORY / "portal", REPOSITORY / "gateway", REPOSITORY / "tools"]
    sources = [folder for folder in [*folders, REPOSITORY / "services"] if folder.exists()]
    return [module for module in modules_below(*sources) if "tests" not in module.path.parts]


def domain_modules(service: str) -> list[Module]:
    """Return the modules of a service that hold its rules."""
    source = service_source(service)
    found = modules_below(source)
    return [m for m in found if m.path.relative_to(source).parts[0].removesuffix(".py") not in NOT_DOMAIN]
