"""Brings the databases of all services to their newest schema, quickly when they are there already.

Whether a database is current is read from its `alembic_version` and from the revision files themselves. Those that
are behind are migrated in this process, by the code that `python -m kontor_<service> migrate` runs in production.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from kontor_tools.embedded.postgres import EmbeddedPostgres
from kontor_tools.folders import InstallationError

NAMES = ("revision", "down_revision")


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
            if isinstance(target, ast.Name) and target.id in NAMES and statement.value is not None:
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


async def migrate(postgres: EmbeddedPostgres, secrets: Path, services: Iterable[str]) -> None:
    """Bring the services' databases to their newest revision, as their owners."""
    from kontor_chassis.migrations import migrate_async  # Alembic takes a second to import and is rarely needed

    for service in services:
        owner = f"kontor_{service}_owner"
        password = (secrets / f"{owner}.password").read_text(encoding="ascii").strip()
        url = postgres.url(f"kontor_{service}", owner).replace(f"//{owner}@", f"//{owner}:{quote(password, safe='')}@")
        try:
            await migrate_async(url, versions_folder(service).parent)
        except SQLAlchemyError as failure:
            first = str(failure).splitlines()[0]
            raise InstallationError(f"The migration of {service} failed: {first}") from failure
