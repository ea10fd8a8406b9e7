"""Brings the databases of all services to their newest schema, quickly when they are there already.

Whether a database is current is read from its `alembic_version` and from the revision files themselves, in this
process; only a service that is behind gets its own `python -m kontor_<service> migrate`.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import asyncpg

from kontor_tools import leftovers
from kontor_tools.embedded.postgres import EmbeddedPostgres
from kontor_tools.folders import Folders, InstallationError
from kontor_tools.plan import Plan


def heads(versions: Path) -> set[str]:
    """Return the revisions that no other revision follows, read without running them."""
    revisions, followed = set[str](), set[str]()
    for file in versions.glob("*.py"):
        values = _assignments(file)
        revision, before = values.get("revision"), values.get("down_revision")
        if isinstance(revision, str):
            revisions.add(revision)
        followed |= {before} if isinstance(before, str) else set(before or ())
    return revisions - followed


def _assignments(file: Path) -> dict[str, str | tuple[str, ...] | None]:
    found: dict[str, str | tuple[str, ...] | None] = {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign):
            targets: list[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(statement.value, ast.Constant | ast.Tuple):
                found[target.id] = ast.literal_eval(statement.value)
    return found


def versions_folder(service: str) -> Path:
    """Return where a service keeps its revisions."""
    spec = importlib.util.find_spec(f"kontor_{service}")
    if spec is None or spec.origin is None:
        raise InstallationError(f"The service {service} is not installed: run `make up` once more.")
    return Path(spec.origin).parent / "migrations" / "versions"


async def behind(postgres: EmbeddedPostgres, services: Iterable[str]) -> list[str]:
    """Return the services whose database is not at the newest revision."""
    names = list(services)
    current = await asyncio.gather(*(_current(postgres, name) for name in names))
    return [name for name, at in zip(names, current, strict=True) if at != heads(versions_folder(name))]


async def _current(postgres: EmbeddedPostgres, service: str) -> set[str]:
    connection = await postgres.connect(f"kontor_{service}")
    try:
        rows = await connection.fetch("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return set()
    finally:
        await connection.close()
    return {str(row["version_num"]) for row in rows}


def migrate(plan: Plan, folders: Folders, services: list[str]) -> None:
    """Run the migrations, as many at a time as there are cores; raises InstallationError naming the log at fault."""
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    waiting = list(services)
    try:
        while waiting or running:
            while waiting and len(running) < max(2, os.cpu_count() or 2):
                service = waiting.pop(0)
                running.append((service, _start(plan, folders, service)))
            service, process = running.pop(0)
            if process.wait() != 0:
                raise InstallationError(f"The migration of {service} failed: see {_log(folders, service)}.")
    finally:
        for _, process in running:
            process.terminate()
            process.wait()


def one_off_environment(plan: Plan, folders: Folders, service: str) -> dict[str, str]:
    """Return the environment of a command of a service that runs once and ends."""
    inherited = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", leftovers.MARKER: str(folders.home)}
    return inherited | plan.migration_environment(service)


def _start(plan: Plan, folders: Folders, service: str) -> subprocess.Popen[bytes]:
    environment = one_off_environment(plan, folders, service)
    with _log(folders, service).open("wb") as log:
        command = [sys.executable, "-m", f"kontor_{service}", "migrate"]
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _log(folders: Folders, service: str) -> Path:
    return folders.log / f"{service}-migrate.log"
