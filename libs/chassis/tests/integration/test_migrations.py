"""The shared Alembic environment on real PostgreSQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from kontor_chassis.migrations import applied_revision, current_head, migrate, migrate_async, needs_migration
from kontor_chassis.testing.plugin import ServiceDatabase

from libs.chassis.tests.shipping import MIGRATIONS

pytestmark = pytest.mark.integration


async def test_down_and_up_again(sender_database: ServiceDatabase) -> None:
    """Everything can be undone and done again; doing it twice changes nothing."""
    url = sender_database.owner_url
    assert current_head(MIGRATIONS) == await applied_revision(url) == "0001"
    await migrate_async(url, MIGRATIONS, "base")
    assert await applied_revision(url) is None
    await migrate_async(url, MIGRATIONS)
    await migrate_async(url, MIGRATIONS)
    assert await applied_revision(url) == "0001"


async def test_two_runs_at_once_queue(sender_database: ServiceDatabase) -> None:
    """Two replicas that migrate at the same moment do it once."""
    url = sender_database.owner_url
    await migrate_async(url, MIGRATIONS, "base")
    await asyncio.gather(migrate_async(url, MIGRATIONS), migrate_async(url, MIGRATIONS))
    assert await applied_revision(url) == "0001"


def test_from_the_command_line(sender_database: ServiceDatabase) -> None:
    """`needs_migration` tells a supervisor whether `migrate` would do anything."""
    url = sender_database.owner_url
    assert not needs_migration(url, MIGRATIONS)
    migrate(url, MIGRATIONS, "base")
    assert needs_migration(url, MIGRATIONS)
    migrate(url, MIGRATIONS)
    assert not needs_migration(url, MIGRATIONS)


async def test_application_role_owns_nothing(sender_database: ServiceDatabase) -> None:
    """F97: the application can neither change tables nor switch row-level security off."""
    app = await asyncpg.connect(sender_database.url)
    try:
        for forbidden in (
            "ALTER TABLE parcels DISABLE ROW LEVEL SECURITY",
            "DROP TABLE parcels",
            "CREATE TABLE mine (id int)",
            "TRUNCATE parcels",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(forbidden)
        assert await app.fetchval("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user") is False
    finally:
        await app.close()


def test_folder_without_versions_is_named(tmp_path: Path) -> None:
    """A wrong folder is an error that says so, not an empty migration."""
    with pytest.raises(FileNotFoundError, match="versions"):
        current_head(tmp_path)
