"""One local installation of the whole platform: start it, look at it, stop it.

`make up` and the rest use it through `cli`; end-to-end tests and benchmarks start installations of their own in
temporary folders. Several live side by side: only the public port is fixed, the others are picked free at each start.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import psutil

from kontor_tools import backup, containers, credentials, leftovers, mail_sink, migrations, ports
from kontor_tools.embedded.postgres import EmbeddedPostgres
from kontor_tools.embedded.process import LOOPBACK
from kontor_tools.folders import Folders, InstallationError, unwritable
from kontor_tools.plan import (
    DOMAIN,
    EDGE,
    EDGES,
    GATEWAY,
    SERVICES,
    STORAGE,
    Options,
    Plan,
    Ports,
    ports_needed,
)
from kontor_tools.readiness import is_ready
from kontor_tools.run_state import RunState
from kontor_tools.supervision import ProcessState, Supervisor, clean_environment, memory_of

READY_SECONDS = 180
NEEDED_BYTES = 500 * 1024**2
POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0
"""How often to look, while waiting, whether a process was given up."""
ALIVE = ("RUNNING", "STARTING", "BACKOFF")
"""States of a process that runs or is about to."""
TITLES = {
    STORAGE: "PostgreSQL, NATS and the mail sink",
    DOMAIN: "the services",
    EDGE: "the pages",
    GATEWAY: "the gateway",
}


@dataclass(frozen=True)
class ProcessStatus:
    """One line of `make status`."""

    process: ProcessState
    ready: bool
    memory: int
    """Proportional set size in bytes, children included: memory shared by processes is counted once."""


def silent(line: str) -> None:
    """Report nothing; for tests."""


class Installation:
    """The platform with its data in `home` and its public address on `port`."""

    def __init__(
        self,
        home: Path,
        port: int = 8080,
        *,
        options: Options | None = None,
        report: Callable[[str], None] = silent,
    ) -> None:
        self.folders = Folders(home.resolve())
        self.options = options or Options(port=port)
        self.supervisor = Supervisor(self.folders)
        self._report = report

    @property
    def base_url(self) -> str:
        """The public address; of the present run where there is one."""
        state = RunState.load(self.folders.state)
        return state.issuer if state else self.options.issuer

    def run_state(self) -> RunState:
        """Return what the present run was started with; raises InstallationError when nothing runs."""
        state = RunState.load(self.folders.state)
        if state is None:
            raise InstallationError("Kontor is not running: start it with `make up`.")
        return state

    def is_running(self) -> bool:
        """Whether the installation is up, or on its way up or down."""
        return self.supervisor.pid() is not None

    def up(self) -> None:
        """Start everything that does not run yet; raises InstallationError, and leaves nothing running behind it."""
        self.folders.create()
        with self._alone():
            if self._is_complete():
                self._report("Kontor is already running.")
                return
            self._end_earlier_run()
            ports.require_free(self.options.port)
            self._require_space()
            try:
                self._start()
            except OSError as failure:
                self._stop()
                raise unwritable(self.folders.home, failure) from failure
            except BaseException:
                self._stop()
                raise

    def down(self) -> None:
        """Stop everything; the data stays."""
        if not self.folders.run.exists():
            return
        with self._alone():
            self._stop()

    def clean(self) -> None:
        """Stop everything and delete data, secrets, logs and mails; the Python environment stays."""
        self.down()
        for entry in self.folders.home.glob("*"):
            if entry.name != "venv":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.folders.remove_sockets()

    def back_up(self, to: Path) -> int:
        """Write a backup to one consistent point while everything runs; return how many objects it has."""
        postgres = self.postgres()
        with self._alone():
            return backup.back_up(self.folders, postgres, to.resolve())

    def restore(self, from_: Path) -> None:
        """Replace the data of the stopped installation by a backup's."""
        if self.is_running():
            raise InstallationError("Kontor is running: stop it with `make down`, then restore.")
        self.folders.create()
        with self._alone():
            backup.restore(self.folders, from_.resolve())

    def status(self) -> list[ProcessStatus]:
        """Return the state of every process; empty when nothing runs."""
        states = self.supervisor.states()
        if not states:
            return []
        ready = self.run_state().ready
        return [
            ProcessStatus(
                process=state,
                ready=state.state in ALIVE and is_ready(ready[state.name]),
                memory=memory_of(state.pid) if state.pid else 0,
            )
            for state in states
        ]

    def memory(self) -> int:
        """Return the memory of all processes and of the supervisor in bytes, what they share counted once."""
        pid = self.supervisor.pid()
        return memory_of(pid) if pid else 0

    def pid(self, name: str) -> int:
        """Return the process number of one process, for tests that kill it."""
        return next(state.pid for state in self.supervisor.states() if state.name == name)

    def address(self, listener: str) -> str:
        """Return host:port of an internal listener, for example "vault-serve-1", "nats" or "gateway-admin"."""
        return f"{LOOPBACK}:{self.run_state().ports[listener]}"

    def postgres(self) -> EmbeddedPostgres:
        """Return the installation's database server."""
        return EmbeddedPostgres(home=self.folders.postgres, port=self.run_state().ports["postgres"])

    def run_command(self, service: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
        """Run a command of a service's own against this installation; returns what it said.

        Raises InstallationError with its last line when it fails.
        """
        state = self.run_state()
        options = Options(**state.options)
        if options.image_tag:
            containers.hand_over(self.folders)
        with ports.reserved(ports_needed(options)) as free:
            plan = Plan(self.folders, options, Ports(free, state.ports))
            settings = plan.command_environment(service) | (environment or {})
            done = subprocess.run(
                plan.command(service, arguments, settings),
                env=clean_environment(self.folders) | settings,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise InstallationError(f"`kontor_{service} {' '.join(arguments)}` failed: {' '.join(said)}")
        return done.stdout

    def mails(self) -> list[EmailMessage]:
        """Return all mails the installation has sent, oldest first."""
        return mail_sink.received(self.folders.mail)

    def clock_offset(self) -> timedelta:
        """Return how far the installation's clock is ahead of the machine's."""
        file = self.folders.clock
        return timedelta(seconds=float(file.read_text(encoding="ascii")) if file.exists() else 0)

    def advance_clock(self, step: timedelta) -> timedelta:
        """Move the installation's clock forward for all services at once; return its new offset."""
        offset = self.clock_offset() + step
        beside = self.folders.clock.with_suffix(".new")
        beside.write_text(str(offset.total_seconds()), encoding="ascii")
        os.replace(beside, self.folders.clock)
        return offset

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every process is ready again, for example after one was killed."""
        self._wait(self.run_state().ready, seconds)

    def _start(self) -> None:
        with ports.reserved(ports_needed(self.options)) as free:
            self._start_all(self._plan(free))

    def _start_all(self, plan: Plan) -> None:
        self.supervisor.launch(plan.programs)
        if STORAGE in self.options.groups:
            self._start_groups(plan, [STORAGE])
            self._prepare_databases(plan)
        if self.options.image_tag:
            containers.hand_over(self.folders)
        # All the rest at once: each process waits by itself for what it needs, and the machine is kept busy.
        self._start_groups(plan, [group for group in self.options.groups if group != STORAGE])

    def _start_groups(self, plan: Plan, groups: list[str]) -> None:
        began = time.monotonic()
        for group in groups:
            for program in plan.group(group):
                self.supervisor.start(program)
        for group in groups:
            seconds = READY_SECONDS * self.options.replicas  # they all share one machine
            self._wait({program.name: program.ready for program in plan.group(group)}, seconds)
            self._report(f"  {TITLES[group]}: ready after {time.monotonic() - began:.1f} s")

    def _plan(self, free: list[int]) -> Plan:
        credentials.create_service_keys(self.folders, (*SERVICES, *EDGES))
        if not self.folders.clock.exists():
            self.advance_clock(timedelta())
        listeners = Ports(free)
        plan = Plan(self.folders, self.options, listeners)
        ready = {program.name: program.ready for program in plan.programs}
        RunState(asdict(self.options), self.options.issuer, listeners.given, ready).save(self.folders.state)
        return plan

    def _prepare_databases(self, plan: Plan) -> None:
        behind = asyncio.run(self._provision_databases())
        if behind:
            self._report(f"  migrating {', '.join(behind)} …")
            self._migrate(plan, behind)

    async def _provision_databases(self) -> list[str]:
        """Create roles and databases that are missing; return the services that are not at their newest revision."""
        postgres = self.postgres()
        await postgres.provision_all(SERVICES, self.folders.secrets)
        return await migrations.behind(postgres, SERVICES)

    def _migrate(self, plan: Plan, services: list[str]) -> None:
        if self.options.image_tag is None:
            asyncio.run(migrations.migrate(self.postgres(), self.folders.secrets, services))
            return
        for service in services:
            self.run_command(service, "migrate", environment=plan.migration_environment(service))

    def _wait(self, addresses: dict[str, str], seconds: float) -> None:
        waiting = dict(addresses)
        end = time.monotonic() + seconds
        look = time.monotonic() + LOOK_SECONDS
        while waiting:
            waiting = {name: address for name, address in waiting.items() if not is_ready(address)}
            if waiting and time.monotonic() > look:
                look = time.monotonic() + LOOK_SECONDS
                fallen = {s.name for s in self.supervisor.states() if s.state == "FATAL"} & set(waiting)
                if fallen or time.monotonic() > end:
                    raise InstallationError(self._not_ready(sorted(fallen or waiting)[0]))
            time.sleep(POLL_SECONDS if waiting else 0)

    def _not_ready(self, name: str) -> str:
        log = self.folders.log / f"{name}.log"
        said = [line for line in _tail(log, 5) if line.strip()]
        last = f' Its last words: "{said[-1].strip()[:300]}".' if said else ""
        return f"{name} did not become ready: see {log}.{last}"

    def _is_complete(self) -> bool:
        """Whether everything runs and is ready; one that was just restarted gets the time to become so."""
        states = self.supervisor.states()
        if not states or any(state.state not in ALIVE for state in states):
            return False
        try:
            self.wait_ready()
        except InstallationError:
            return False
        return True

    def _end_earlier_run(self) -> None:
        if self.is_running():
            self._report("  ending an earlier run that was not complete …")
        elif leftovers.find(self.folders.home):
            self._report("  ending processes that an earlier run left behind …")
        self._stop()

    def _stop(self) -> None:
        self.supervisor.shutdown()
        left = leftovers.find(self.folders.home)
        if left:
            leftovers.end(left)
        self.folders.remove_sockets()
        self.folders.state.unlink(missing_ok=True)

    def _require_space(self) -> None:
        free = psutil.disk_usage(str(self.folders.home)).free
        if free < NEEDED_BYTES:
            raise InstallationError(
                f"The disk of {self.folders.home} is full: free {NEEDED_BYTES // 1024**2} MB, then run `make up` again."
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second command from starting or stopping the same installation at the same time."""
        with (self.folders.run / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as failure:
                raise InstallationError(
                    "Another command is starting or stopping this installation: wait until it has finished."
                ) from failure
            yield


def _tail(file: Path, lines: int) -> list[str]:
    if not file.exists():
        return []
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 20_000))
        return content.read().decode("utf-8", errors="replace").splitlines()[-lines:]
