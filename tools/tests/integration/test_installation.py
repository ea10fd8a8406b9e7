"""Installations that really run (their storage processes): start, stop, damage, and what people are told."""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from kontor_tools import installation as module
from kontor_tools import leftovers
from kontor_tools.embedded.process import LOOPBACK, free_port
from kontor_tools.folders import REPOSITORY, InstallationError
from kontor_tools.installation import Installation
from kontor_tools.plan import STORAGE, Options

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def storage_only(home: Path, lines: list[str] | None = None) -> Installation:
    """Return an installation of PostgreSQL, NATS and the mail sink only."""
    options = Options(port=free_port(), groups=(STORAGE,))
    return Installation(home, options=options, report=(lines if lines is not None else []).append)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was up once, so that the tests need not wait for migrations; its path is longer than a socket's."""
    home = tmp_path_factory.mktemp("installation") / ("long-" * 20)
    first = storage_only(home)
    first.up()
    first.down()
    return home


@pytest.fixture
def lines() -> list[str]:
    """What the installation reported."""
    return []


@pytest.fixture
def running(home: Path, lines: list[str]) -> Iterator[Installation]:
    """A running installation."""
    installation = storage_only(home, lines)
    installation.up()
    yield installation
    installation.down()
    assert leftovers.find(installation.folders.home) == []


def test_second_start_keeps_the_data(home: Path, lines: list[str]) -> None:
    """What was there is there again, and databases are not migrated twice."""
    installation = storage_only(home, lines)
    password = installation.folders.postgres / "superuser.password"
    before = password.read_text(encoding="ascii")
    installation.up()
    try:
        assert password.read_text(encoding="ascii") == before
        assert not any("migrating" in line for line in lines)
        assert all(line.ready for line in installation.status())
        assert 0 < installation.memory() < 500 * 1024**2
    finally:
        installation.down()
    assert installation.status() == []


def test_start_while_running_says_so(running: Installation, lines: list[str]) -> None:
    """A second `make up` changes nothing."""
    pids = {line.process.pid for line in running.status()}
    running.up()
    assert lines[-1] == "Kontor is already running."
    assert {line.process.pid for line in running.status()} == pids


def test_dead_process_is_restarted_and_counted(running: Installation) -> None:
    """`make status` tells how often."""
    os.kill(running.pid("nats"), signal.SIGKILL)
    while next(line for line in running.status() if line.process.name == "nats").process.restarts == 0:
        pass
    running.wait_ready()
    restarts = {line.process.name: line.process.restarts for line in running.status()}
    assert restarts == {"postgres": 0, "nats": 1, "smtp": 0}


def test_half_dead_run_is_cleared_away(home: Path, lines: list[str]) -> None:
    """Processes that lost their supervisor are ended, and the installation starts."""
    installation = storage_only(home, lines)
    installation.up()
    supervisor = installation.supervisor.pid()
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(supervisor)] if psutil.pid_exists(supervisor) else [], timeout=10)
    orphans = {process.pid for process in leftovers.find(installation.folders.home)}
    assert orphans
    installation.up()
    try:
        assert any("left behind" in line for line in lines)
        assert not orphans & {process.pid for process in leftovers.find(installation.folders.home)}
        assert all(line.ready for line in installation.status())
    finally:
        installation.down()


def test_taken_port_names_the_program(home: Path) -> None:
    """Who holds the port, and how to choose another; nothing is left running."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        installation = Installation(home, options=Options(port=port, groups=(STORAGE,)))
        with pytest.raises(InstallationError, match=rf"Port {port} is already in use by .*KONTOR_PORT={port + 1}"):
            installation.up()
    assert not installation.is_running()


def test_full_disk_is_told_before_anything_starts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL would otherwise stop in the middle of its work."""
    monkeypatch.setattr(module, "NEEDED_BYTES", 10**18)
    installation = storage_only(home)
    with pytest.raises(InstallationError, match=r"disk of .* is full"):
        installation.up()
    assert not installation.is_running()


def test_two_installations_live_side_by_side(running: Installation, tmp_path: Path) -> None:
    """Nothing but the public port is shared, and that can be chosen."""
    second = storage_only(tmp_path / "second")
    second.up()
    try:
        assert second.address("postgres") != running.address("postgres")
        assert all(line.ready for line in (*running.status(), *second.status()))
    finally:
        second.down()
    assert all(line.ready for line in running.status())


def test_mails_are_kept(running: Installation) -> None:
    """Every mail is one file, with its envelope's recipients; umlauts survive."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@kontor.example", "b@kontor.example", "Grüße"
    message.set_content("Schöne Grüße")
    host, _, port = running.address("smtp").partition(":")
    with smtplib.SMTP(host, int(port)) as client:
        client.send_message(message, to_addrs=["b@kontor.example", "c@kontor.example"])
    kept = running.mails()[-1]
    assert kept["Subject"] == "Grüße"
    assert kept["X-Envelope-To"] == "b@kontor.example, c@kontor.example"


def test_clock_moves_forward_only_for_the_installation(running: Installation) -> None:
    """Steps add up; every process reads the same file."""
    before = running.clock_offset()
    running.advance_clock(timedelta(minutes=5))
    running.advance_clock(timedelta(hours=1))
    assert running.clock_offset() - before == timedelta(hours=1, minutes=5)


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Run the command line as the Makefile does."""
    return subprocess.Popen(
        [sys.executable, "-m", "kontor_tools.cli", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "KONTOR_HOME": str(home),
            "KONTOR_PORT": str(free_port()),
            "KONTOR_GROUPS": STORAGE,
            "KONTOR_DEMO": "0",
        },
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_interrupted_start_stops_everything(tmp_path: Path) -> None:
    """Ctrl-C in the middle leaves no process behind."""
    home = tmp_path / "home"
    starting = command(home, "up")
    while not leftovers.find(home) and starting.poll() is None:
        pass
    os.killpg(starting.pid, signal.SIGINT)
    _, said = starting.communicate(timeout=60)
    assert starting.returncode == 130
    assert "everything is stopped" in said
    assert leftovers.find(home) == []


def test_attached_run_ends_with_the_command(home: Path) -> None:
    """`make up ATTACH=1` stays; Ctrl-C ends it and everything it started."""
    attached = command(home, "up", "--attach")
    assert attached.stdout
    while "Ctrl-C" not in attached.stdout.readline():
        assert attached.poll() is None
    os.killpg(attached.pid, signal.SIGINT)
    attached.communicate(timeout=60)
    assert attached.returncode == 0
    assert leftovers.find(home) == []


def test_commands_without_a_running_installation(tmp_path: Path) -> None:
    """Each says plainly that nothing runs; wrong ports and steps are refused in one sentence."""
    for arguments, status, words in (
        (("status",), 3, "not running"),
        (("down",), 0, "was not running"),
        (("mail",), 0, "0 mails"),
        (("logs", "vault"), 1, "no log of vault"),
        (("clock", "advance", "soon"), 1, "not a duration"),
    ):
        done = command(tmp_path / "home", *arguments)
        out, err = done.communicate(timeout=60)
        assert (done.returncode, words in out + err) == (status, True), (arguments, out, err)


def test_clean_deletes_the_data(tmp_path: Path) -> None:
    """Everything but the Python environment goes, also of a running installation."""
    home = tmp_path / "home"
    (home / "venv").mkdir(parents=True)
    installation = storage_only(home)
    installation.up()
    installation.clean()
    assert [entry.name for entry in home.iterdir()] == ["venv"]
    assert not installation.is_running()
