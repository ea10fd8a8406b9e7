"""The process runner: supervisord keeps the processes alive, this module renders its configuration and talks to it.

supervisord restarts what dies, collects logs and stops groups in order; the order of the start, which has to wait for
readiness, is `installation`'s. Boundary: nothing here knows what the processes do.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import psutil
from supervisor.xmlrpc import SupervisorTransport

from kontor_tools import leftovers
from kontor_tools.folders import Folders, InstallationError
from kontor_tools.plan import START_ORDER, Program

TEMPLATE = """\
; Rendered by kontor_tools.supervision at every start; changes are lost.
[supervisord]
logfile={{ folders.supervisor_log }}
logfile_maxbytes=0
pidfile={{ folders.run }}/supervisord.pid
childlogdir={{ folders.log }}
directory={{ folders.home }}
identifier=kontor
minfds={{ minfds }}
{% if root %}user=root
{% endif %}
[unix_http_server]
file={{ folders.socket }}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
{% for group, programs in groups %}
[group:{{ group }}]
programs={{ programs | map(attribute="name") | join(",") }}
priority={{ loop.index }}
{% endfor %}
{%- for program in all %}
[program:{{ program.name }}]
command={{ program.command | command }}
environment={{ program.environment | environment }}
autostart=false
autorestart=true
startsecs=1
startretries=5
stopsignal={{ program.stop_signal }}
stopwaitsecs={{ program.stop_seconds }}
redirect_stderr=true
stdout_logfile={{ folders.log }}/{{ program.name }}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=1
{% endfor %}"""

ANSWER_SECONDS = 10
SHUTDOWN_SECONDS = 60


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor knows of one process."""

    name: str
    group: str
    state: str
    """STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED or FATAL."""
    pid: int
    restarts: int
    """How often it was started again since `make up`."""


def render(folders: Folders, programs: list[Program]) -> str:
    """Return supervisord's configuration."""
    environment = jinja2.Environment(autoescape=False, trim_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701  # an INI file
    environment.filters |= {"command": _command, "environment": _environment}
    present = [group for group in START_ORDER if any(program.group == group for program in programs)]
    groups = [(group, [program for program in programs if program.group == group]) for group in present]
    return environment.from_string(TEMPLATE).render(
        folders=folders, groups=groups, all=programs, root=os.geteuid() == 0, minfds=1024
    )


def _command(words: list[str]) -> str:
    return shlex.join(words).replace("%", "%%")


def _environment(values: dict[str, str]) -> str:
    for key, value in values.items():
        if '"' in value or "\n" in value:
            raise InstallationError(f'{key} must not contain a quotation mark: choose another value than "{value}".')
    return ",".join(f'{key}="{value}"'.replace("%", "%%") for key, value in values.items())


class Supervisor:
    """A running, or not running, supervisord of one installation."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def _call(self, method: str, *arguments: str | bool) -> Any:
        """Call the supervisor; over a connection of its own, because an interrupted one cannot be used again."""
        transport = SupervisorTransport(None, None, f"unix://{self._folders.socket}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()

    def pid(self) -> int | None:
        """Return the supervisor's process, or None when it does not run."""
        try:
            return int(self._call("getPID"))
        except (OSError, xmlrpc.client.Error):
            return None

    def launch(self, programs: list[Program]) -> None:
        """Start supervisord in the background, with nothing running yet."""
        configuration = self._folders.supervisor_configuration
        configuration.write_text(render(self._folders, programs), encoding="utf-8")
        configuration.chmod(0o600)
        self._folders.supervisor_log.unlink(missing_ok=True)
        self._folders.socket.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(self._folders),
            timeout=60,
        )
        end = time.monotonic() + ANSWER_SECONDS
        while self.pid() is None:
            if done.returncode != 0 or time.monotonic() > end:
                said = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
                raise InstallationError(f"The supervisor did not start ({' '.join(said)}): see {self._folders.log}.")
            time.sleep(0.02)

    def start(self, program: Program) -> None:
        """Have one process started; does not wait for it."""
        self._call("startProcess", f"{program.group}:{program.name}", False)

    def stop(self, name: str) -> None:
        """Stop one process and keep it stopped."""
        self._call("stopProcess", self._full_name(name), True)

    def restart(self, name: str) -> None:
        """Stop one process and have it started again."""
        self.stop(name)
        self.resume(name)

    def resume(self, name: str) -> None:
        """Have a stopped process started again; does not wait for it."""
        self._call("startProcess", self._full_name(name), False)

    def shutdown(self) -> None:
        """Stop all processes, the last started first, and then the supervisor itself."""
        pid = self.pid()
        if pid is None:
            return
        process = psutil.Process(pid)
        present = {state.group for state in self.states()}
        for group in reversed([group for group in START_ORDER if group in present]):
            self._call("stopProcessGroup", group, True)
        self._call("shutdown")
        end = time.monotonic() + SHUTDOWN_SECONDS
        while _is_alive(process) and time.monotonic() < end:
            time.sleep(0.02)

    def states(self) -> list[ProcessState]:
        """Return every process in the order of the start; empty when the supervisor does not run."""
        try:
            known = self._call("getAllProcessInfo")
        except (OSError, xmlrpc.client.Error):
            return []
        spawned = _spawn_counts(self._folders.supervisor_log)
        known.sort(key=lambda info: START_ORDER.index(info["group"]))
        return [_state(info, spawned) for info in known]

    def _full_name(self, name: str) -> str:
        return next(f"{state.group}:{state.name}" for state in self.states() if state.name == name)


def _is_alive(process: psutil.Process) -> bool:
    """Return whether a process still works. A zombie does not, and where process 1 reaps slowly it stays long."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _state(info: dict[str, Any], spawned: Counter[str]) -> ProcessState:
    return ProcessState(
        name=str(info["name"]),
        group=str(info["group"]),
        state=str(info["statename"]),
        pid=int(info["pid"]),
        restarts=max(0, spawned[str(info["name"])] - 1),
    )


def memory_of(pid: int) -> int:
    """Return the memory of a process and its children in bytes, what they share counted once."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_full_info().pss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _spawn_counts(log: Path) -> Counter[str]:
    """Count in supervisord's own log how often each process was started."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Counter(re.findall(r"INFO spawned: '([^']+)' with pid", text))


def clean_environment(folders: Folders) -> dict[str, str]:
    """Return the environment every process inherits: nothing of the caller's shell but where things lie."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG", "DOCKER_HOST") if key in os.environ}
    scripts = str(Path(sys.executable).parent)
    return kept | {
        "PATH": f"{scripts}:{kept.get('PATH', '/usr/bin:/bin')}",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc otherwise keeps an arena of freed memory per thread
        leftovers.MARKER: str(folders.home),
    }
