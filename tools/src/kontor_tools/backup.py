"""Backup of a running installation to one consistent point, and the way back.

All databases lie in one cluster, so `pg_basebackup` takes all of them at one moment. Objects never change once they are
written: copied after that moment, every object that the databases know is there, provided none is deleted meanwhile,
which the hold (`.hold` at the top of the object store) sees to. What is newer than the databases is an orphan and goes
by the vault's sweep. NATS is not backed up: what had not been delivered is published anew from the databases (ADR 5).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from kontor_chassis.clock import SystemClock

from kontor_tools.embedded.postgres import SUPERUSER, EmbeddedPostgres, program
from kontor_tools.embedded.process import LOOPBACK, unprivileged_account
from kontor_tools.folders import Folders, InstallationError

FORMAT: Final = 1
HOLD: Final = ".hold"
_NOTE: Final = "backup.json"
_REPLACED: Final = "replaced"
PATIENCE: Final = timedelta(minutes=2)
"""How long a backup waits for transactions that were open when it began; those of the services take seconds."""
_HOLDING_UP: Final = """
SELECT pid, datname, usename, application_name, state, extract(epoch FROM now() - xact_start)::bigint AS seconds
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() ORDER BY age(backend_xid) DESC LIMIT 1
"""


def back_up(folders: Folders, postgres: EmbeddedPostgres, to: Path, patience: timedelta = PATIENCE) -> int:
    """Write a backup into a new folder; return how many objects it has. Raises InstallationError."""
    if to.exists() and any(to.iterdir()):
        raise InstallationError(f"{to} is not empty: choose a new folder with `make backup TO=…`.")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _nothing_deleted(folders.objects):
        asyncio.run(_earlier_work_done(postgres, patience))
        _base_backup(postgres, to / "postgres" / "data")
        shutil.copy2(postgres.home / "superuser.password", to / "postgres" / "superuser.password")
        objects = _copy_objects(folders.objects, to / "objects")
    shutil.copytree(folders.secrets, to / "secrets")
    for beside in (folders.clock, folders.demo):
        if beside.exists():
            shutil.copy2(beside, to / beside.name)
    # Written last: a backup without it is not complete.
    note = {"format": FORMAT, "objects": objects, "time": SystemClock().now().isoformat()}
    (to / _NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")
    return objects


def restore(folders: Folders, backup: Path) -> None:
    """Put a backup in the place of what a stopped installation has, which is kept beside it until the next time."""
    try:
        note = json.loads((backup / _NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstallationError(f"{backup} holds no complete backup: name one with `make restore FROM=…`.") from error
    if note.get("format") != FORMAT:
        raise InstallationError(f"{backup} was made by another Kontor, which this one cannot read.")
    folders.create()
    replaced = folders.home / _REPLACED
    shutil.rmtree(replaced, ignore_errors=True)
    replaced.mkdir(mode=0o700)
    for name in ("postgres", "objects", "secrets", folders.clock.name, folders.demo.name, "nats"):
        if (folders.home / name).exists():
            (folders.home / name).rename(replaced / name)
        if (backup / name).is_dir():
            shutil.copytree(backup / name, folders.home / name, symlinks=True)
        elif (backup / name).exists():
            shutil.copy2(backup / name, folders.home / name)
    _hand_over(folders.postgres / "data")
    folders.create()


@contextmanager
def _nothing_deleted(objects: Path) -> Iterator[None]:
    """Keep the vault from deleting objects; a hold that a killed backup left ends by itself after a day."""
    hold = objects / HOLD
    now = SystemClock().now()
    if hold.exists() and now.timestamp() - hold.stat().st_mtime < timedelta(days=1).total_seconds():
        raise InstallationError("Another backup is being written: wait until it has finished.")
    hold.touch()
    try:
        yield
    finally:
        hold.unlink(missing_ok=True)


async def _earlier_work_done(postgres: EmbeddedPostgres, patience: timedelta) -> None:
    """Wait for transactions that began before the hold: one may have deleted an object and not yet its row."""
    connection = await postgres.connect()
    try:
        own = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
        oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        until = time.monotonic() + patience.total_seconds()
        while await connection.fetchval(oldest) <= own:
            if time.monotonic() > until:
                found = await connection.fetchrow(_HOLDING_UP)
                raise InstallationError(_named(None if found is None else dict(found), patience))
            await asyncio.sleep(0.1)  # nothing tells when it ends
    finally:
        await connection.close()


def _named(found: Mapping[str, Any] | None, patience: timedelta) -> str:
    """Return which transaction holds the backup up; what it says is nobody's business here."""
    waited = f"for {patience.total_seconds():.0f} seconds the backup waited for a transaction that began before it"
    if found is None:
        return f"Nothing was backed up: {waited} and is prepared: end it (see pg_prepared_xacts), then try again."
    return (
        f"Nothing was backed up: {waited}. It is one of {found['application_name'] or found['usename']} in the database"
        f" {found['datname']}, {found['state']}, open for {found['seconds']} seconds: end it with"
        f" `SELECT pg_terminate_backend({found['pid']})` or wait, then run the backup again."
    )


def _base_backup(postgres: EmbeddedPostgres, to: Path) -> None:
    address = ("--host", LOOPBACK, "--port", str(postgres.port), "--username", SUPERUSER, "--no-password")
    command = [str(program("pg_basebackup")), *address, "--pgdata", str(to), "--wal-method=stream", "--checkpoint=fast"]
    environment = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": postgres.superuser_password()}
    to.parent.mkdir(mode=0o700)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-1:])
        raise InstallationError(f"The databases could not be backed up: {said}")


def _copy_objects(objects: Path, to: Path) -> int:
    def unfinished(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if "#" in name or name == HOLD]

    shutil.copytree(objects, to, ignore=unfinished)
    return sum(len(files) for _, _, files in os.walk(to))


def _hand_over(data: Path) -> None:
    """Give the cluster to the account that it runs under."""
    account = unprivileged_account()
    data.chmod(0o700)
    if account.uid is None or account.gid is None:
        return
    os.chown(data, account.uid, account.gid)
    for folder, folders, files in os.walk(data):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
