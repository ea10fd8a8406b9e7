"""The parts of the local supervisor that need no processes."""

from __future__ import annotations

import shlex
from configparser import RawConfigParser
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kontor_tools.cli import duration
from kontor_tools.embedded.process import LOOPBACK
from kontor_tools.folders import Folders, InstallationError
from kontor_tools.migrations import heads, versions_folder
from kontor_tools.plan import DOMAIN, EDGES, SERVICES, STORAGE, Options, Plan, Ports, Program, ports_needed
from kontor_tools.ports import INTERNAL, reserved
from kontor_tools.run_state import RunState
from kontor_tools.supervision import render


def plan(tmp_path: Path, **options: Any) -> Plan:
    """Return the plan of an installation that nobody starts."""
    folders = Folders(tmp_path)
    folders.create()
    given = Options(**options)
    return Plan(folders, given, Ports(list(range(20000, 20000 + ports_needed(given)))))


@pytest.mark.parametrize(
    ("text", "meant"),
    [("5m", timedelta(minutes=5)), ("36h", timedelta(hours=36)), ("1d12h", timedelta(days=1, hours=12))],
)
def test_durations(text: str, meant: timedelta) -> None:
    """`make clock STEP=…` takes what people write."""
    assert duration(text) == meant


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5w"])
def test_what_is_no_duration(text: str) -> None:
    """Anything else is refused instead of guessed."""
    with pytest.raises(ValueError, match="not a duration"):
        duration(text)


def test_ports_are_reserved_before_anybody_listens() -> None:
    """No port is given twice, also to an installation that starts meanwhile; none is for outgoing connections."""
    with reserved(79) as ours, reserved(200) as theirs:
        assert len({*ours, *theirs}) == 279
        assert all(port in INTERNAL for port in (*ours, *theirs))


def test_long_homes_get_a_short_socket(tmp_path: Path) -> None:
    """The kernel limits the length of socket paths to 107 bytes; an installation may lie deeper."""
    deep = Folders(tmp_path / ("ä" * 60) / "deep")
    assert all(len(str(deep.socket_of(name)).encode()) <= 100 for name in ("supervisor", "vault-http-12"))
    assert deep.socket != deep.socket_of("vault-http-1") != Folders(tmp_path / ("ö" * 60)).socket_of("vault-http-1")
    assert Folders(Path("/srv/kontor")).socket == Path("/srv/kontor/run/supervisor.sock")
    assert len(str(Folders(Path("/" + "a" * 70)).socket_of("vault-http-12"))) <= 100


def test_unwritable_home() -> None:
    """One sentence that says what to do."""
    with pytest.raises(InstallationError, match="make it writable"):
        Folders(Path("/sys/kontor")).create()


@pytest.mark.parametrize("replicas", [1, 2])
def test_processes_get_only_settings_they_know(tmp_path: Path, replicas: int) -> None:
    """Unknown settings are refused by every process, so none may be given; secrets are paths of files."""
    for program in plan(tmp_path, replicas=replicas).programs:
        if program.group == STORAGE:
            assert program.environment == {}
        assert not any(key.endswith("PASSWORD") for key in program.environment)
        if program.group == DOMAIN:
            assert "KONTOR_MIGRATION_DATABASE_URL" not in program.environment
            assert program.environment["KONTOR_DATABASE_URL"].endswith(f"kontor_{program.name.split('-')[0]}")


def test_replicas_share_addresses(tmp_path: Path) -> None:
    """With two replicas serving and working are processes of their own, and callers know both addresses."""
    made = plan(tmp_path, replicas=2)
    names = [program.name for program in made.programs]
    assert {"vault-1", "vault-2", "vault-work-1", "vault-work-2", "portal-1", "portal-2"} <= set(names)
    assert len(names) == 5 + 4 * len(SERVICES) + 2 * len(EDGES)
    gateway = made.programs[-1].environment
    assert gateway["KONTOR_VAULT_ADDRESS"].startswith("ipv4:")
    assert gateway["KONTOR_VAULT_ADDRESS"].count(LOOPBACK) == 2
    listeners = [p.environment["KONTOR_METRICS_LISTEN"] for p in made.programs if p.group != STORAGE]
    assert len(set(listeners)) == len(listeners)


def test_supervisor_configuration_survives_odd_values(tmp_path: Path) -> None:
    """Percent signs and blanks arrive as they are; a quotation mark, which cannot be written, is refused."""
    folders = Folders(tmp_path)
    odd = Program("odd", STORAGE, ["/a b/c", "100%"], "smtp://x:1", {"KONTOR_A": "50%, or so", "KONTOR_B": "x;y"})
    parser = RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read_string(render(folders, [odd]))
    assert shlex.split(parser["program:odd"]["command"].replace("%%", "%")) == ["/a b/c", "100%"]
    assert '"50%%, or so"' in parser["program:odd"]["environment"]
    with pytest.raises(InstallationError, match="quotation mark"):
        render(folders, [Program("odd", STORAGE, ["x"], "smtp://x:1", {"KONTOR_A": 'say "x"'})])


@pytest.mark.parametrize("service", SERVICES)
def test_heads_are_read_without_running_migrations(service: str) -> None:
    """Every service's revisions form one line, so that there is exactly one newest."""
    assert len(heads(versions_folder(service))) == 1


def test_damaged_state_counts_as_not_running(tmp_path: Path) -> None:
    """What a full disk left behind must not stop the next start."""
    (tmp_path / "state.json").write_text('{"issuer": "http', encoding="ascii")
    assert RunState.load(tmp_path / "state.json") is None
    assert RunState.load(tmp_path / "missing.json") is None
