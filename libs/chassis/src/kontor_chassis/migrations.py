"""Runs a service's migrations: one Alembic environment for all, so that a service's folder holds only versions/.

Each migration is its own transaction, with limits on how long it may wait for locks and run, so that it gives up
rather than stop the service that is running beside it. Two runs at once queue behind an advisory lock.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "5min"
_ADVISORY_KEY = 0x6B6F6E746F72  # "kontor"


def current_head(migrations_dir: Path) -> str | None:
    """Return the newest revision in the folder; raises when two migrations claim to be it."""
    return _scripts(migrations_dir).get_current_head()


async def applied_revision(url: str) -> str | None:
    """Return the revision the database stands at; None when it was never migrated."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return found
    finally:
        await connection.close()


def needs_migration(url: str, migrations_dir: Path) -> bool:
    """Whether `migrate` would do anything."""
    return asyncio.run(applied_revision(url)) != current_head(migrations_dir)


def migrate(url: str, migrations_dir: Path, revision: str = "head") -> None:
    """Bring the database to `revision` ("head", or "base" to undo everything) as the role in `url`, the owner."""
    asyncio.run(migrate_async(url, migrations_dir, revision))


async def migrate_async(url: str, migrations_dir: Path, revision: str = "head") -> None:
    """The same for callers that already run an event loop."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({_ADVISORY_KEY})"))
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(_run, migrations_dir, revision)
    finally:
        await engine.dispose()


def _run(connection: Connection, migrations_dir: Path, revision: str) -> None:
    scripts = _scripts(migrations_dir)

    def steps(current: Any, _context: Any) -> Any:
        if revision == "base":
            return scripts._downgrade_revs(revision, current)
        return scripts._upgrade_revs(revision, current)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection, transaction_per_migration=True)
        with environment.begin_transaction():
            environment.run_migrations()


def _scripts(migrations_dir: Path) -> ScriptDirectory:
    if not (migrations_dir / "versions").is_dir():
        raise FileNotFoundError(f"{migrations_dir} has no folder versions/")
    return ScriptDirectory(str(migrations_dir))
