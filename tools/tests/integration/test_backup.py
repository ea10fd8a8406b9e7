"""Backup and restore: databases and objects of one moment, though everything goes on meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import timedelta
from pathlib import Path

import pytest
from kontor_tools.backup import back_up, restore
from kontor_tools.embedded.postgres import EmbeddedPostgres
from kontor_tools.embedded.process import free_port
from kontor_tools.folders import Folders, InstallationError
from kontor_vault.adapters.files import DirectoryObjects

pytestmark = pytest.mark.integration


def store(objects: DirectoryObjects, path: str, content: bytes) -> None:
    """Store an object as the vault does."""
    sink = objects.write(path)
    sink.write(content)
    sink.commit()


async def test_every_document_of_the_moment_is_there_again(tmp_path: Path) -> None:
    """Backup and restore: documents come and go while the backup runs; afterwards each that a row names is whole."""
    folders = Folders(tmp_path / "home")
    folders.create()
    postgres = EmbeddedPostgres(folders.postgres, free_port(), durable=False)
    server = postgres.start(tmp_path / "postgres.log")
    objects = DirectoryObjects(folders.objects)
    connection = await postgres.connect()
    await connection.execute("CREATE TABLE contents (name text PRIMARY KEY, sha256 text NOT NULL)")
    folders.demo.write_text('{"complete": null}')
    copying, begun = True, asyncio.Event()

    async def live() -> None:
        number = 0
        while copying or number < 60:
            content = os.urandom(2000)
            await asyncio.to_thread(store, objects, f"firm/customer/{number}", content)
            await connection.execute(
                "INSERT INTO contents VALUES ($1, $2)", str(number), hashlib.sha256(content).hexdigest()
            )
            if number % 3 == 0:
                gone = await connection.fetchval("SELECT name FROM contents ORDER BY random() LIMIT 1")
                await asyncio.to_thread(objects.delete, f"firm/customer/{gone}")
                await connection.execute("DELETE FROM contents WHERE name = $1", gone)
            number += 1
            if number == 30:
                begun.set()

    stuck = await postgres.connect()
    await stuck.execute("BEGIN; CREATE TABLE never (nothing text)")
    with pytest.raises(InstallationError, match=r"open for \d+ seconds: end it with `SELECT pg_terminate_backend"):
        await asyncio.to_thread(back_up, folders, postgres, tmp_path / "backup", timedelta(seconds=0.2))
    await stuck.close()
    living = asyncio.create_task(live())
    try:
        await begun.wait()
        await asyncio.to_thread(back_up, folders, postgres, tmp_path / "backup")
    finally:
        copying = False
        await living
    await connection.execute("TRUNCATE contents")
    await connection.close()
    postgres.stop(server)
    for path in folders.objects.rglob("*"):
        if path.is_file():
            path.unlink()

    folders.demo.unlink()
    with pytest.raises(InstallationError, match="not empty"):
        back_up(folders, postgres, tmp_path / "backup")
    with pytest.raises(InstallationError, match="no complete backup"):
        restore(folders, tmp_path)
    restore(folders, tmp_path / "backup")
    server = postgres.start(tmp_path / "postgres.log")
    try:
        connection = await postgres.connect()
        rows = await connection.fetch("SELECT name, sha256 FROM contents")
        await connection.close()
    finally:
        postgres.stop(server)
    assert folders.demo.exists(), "or `make up` loads the demo into databases that have it"
    assert len(rows) >= 15
    for row in rows:
        content = (folders.objects / "firm" / "customer" / row["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
    assert not (folders.objects / ".hold").exists()
