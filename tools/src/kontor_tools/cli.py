"""The command `kontor`, which the Makefile calls: up, down, status, logs, mail, clock, backup, restore, clean."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from kontor_tools.embedded.process import EmbeddedServerError, dying_with_us
from kontor_tools.folders import REPOSITORY, InstallationError
from kontor_tools.installation import Installation
from kontor_tools.mail_sink import text_of
from kontor_tools.plan import START_ORDER, Options

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MEGABYTE = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        command: Callable[[Installation, argparse.Namespace], int] = given.command
        return command(_installation(), given)
    except (InstallationError, EmbeddedServerError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything is stopped.", file=sys.stderr)
        return 130


def duration(text: str) -> timedelta:
    """Read a duration such as "5m", "36h" or "1d12h"; raises ValueError."""
    parts = re.findall(r"(\d+)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text} is not a duration such as 5m, 36h or 1d12h")
    return sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def up(installation: Installation, given: argparse.Namespace) -> int:
    """Start everything; with --attach stay until Ctrl-C and stop it again."""
    try:
        installation.up()
        accounts = _demo(installation) if os.environ.get("KONTOR_DEMO", "1") != "0" else ""
        _say(f"\nKontor is ready: {installation.base_url}{accounts}")
        if given.attach:
            _follow_logs(installation)
    except KeyboardInterrupt:
        _say("\nStopping …")
        installation.down()
        if not given.attach:
            raise
    return 0


def _demo(installation: Installation) -> str:
    """Load the demo and return its accounts as lines."""
    from kontor_tools import demo  # brings an HTTP client and a typesetter, which no other command needs

    demo.ensure(installation, _say)
    return "\n" + demo.accounts()


def down(installation: Installation, given: argparse.Namespace) -> int:
    """Stop everything."""
    was_running = installation.is_running()
    installation.down()
    _say("Kontor is stopped." if was_running else "Kontor was not running.")
    return 0


def status(installation: Installation, given: argparse.Namespace) -> int:
    """Print one line per process; 0 only when all are ready."""
    lines = installation.status()
    if not lines:
        _say("Kontor is not running: start it with `make up`.")
        return 3
    _say(f"{'process':<20} {'state':<10} {'ready':<6} {'restarts':>8} {'memory':>9}")
    for line in lines:
        process = line.process
        memory = f"{line.memory // MEGABYTE} MB"
        ready = "yes" if line.ready else "no"
        _say(f"{process.name:<20} {process.state.lower():<10} {ready:<6} {process.restarts:>8} {memory:>9}")
    _say(f"{'all together':<46} {installation.memory() // MEGABYTE:>7} MB   {installation.base_url}")
    return 0 if all(line.ready for line in lines) else 1


def logs(installation: Installation, given: argparse.Namespace) -> int:
    """Print the last lines of every log, or follow the log of one process."""
    folder = installation.folders.log
    names = sorted(file.stem for file in folder.glob("*.log"))
    if given.service is None:
        return subprocess.call(["tail", "-n", "5", *(str(folder / f"{name}.log") for name in names)]) if names else 0
    if given.service not in names:
        raise InstallationError(f"There is no log of {given.service}: choose one of {', '.join(names)}.")
    return subprocess.call(["tail", "-n", "100", "-F", str(folder / f"{given.service}.log")])


def mail(installation: Installation, given: argparse.Namespace) -> int:
    """Print the last mails."""
    mails = installation.mails()
    _say(f"{len(mails)} mails in {installation.folders.mail}")
    for message in mails[-given.count :]:
        _say(f"\n{'─' * 72}\nFrom: {message['From']}\nTo: {message['To']}\nSubject: {message['Subject']}\n")
        _say(text_of(message).strip())
    return 0


def clock_advance(installation: Installation, given: argparse.Namespace) -> int:
    """Move the clock of all services forward."""
    try:
        offset = installation.advance_clock(duration(given.step))
    except ValueError as problem:
        raise InstallationError(f"{problem}.") from problem
    _say(f"The installation's clock is now {offset} ahead.")
    return 0


def back_up(installation: Installation, given: argparse.Namespace) -> int:
    """Write everything that the running installation keeps into a new folder."""
    objects = installation.back_up(given.folder)
    _say(f"{given.folder} holds the databases, {objects} objects and the secrets. Keep it like the keys in it.")
    return 0


def restore(installation: Installation, given: argparse.Namespace) -> int:
    """Put a backup in the place of the installation's data."""
    installation.restore(given.folder)
    _say(f"Restored; what was there before lies in {installation.folders.home / 'replaced'}. Start with `make up`.")
    return 0


def clean(installation: Installation, given: argparse.Namespace) -> int:
    """Delete the installation's data."""
    installation.clean()
    _say(f"{installation.folders.home} is empty again (but for the Python environment).")
    return 0


def _installation() -> Installation:
    home = Path(os.environ.get("KONTOR_HOME") or REPOSITORY / ".kontor")
    text = os.environ.get("KONTOR_PORT") or "8080"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise InstallationError(f"KONTOR_PORT={text} is not a port: use a number from 1024 to 65535.")
    groups = tuple(filter(None, os.environ.get("KONTOR_GROUPS", "").split(","))) or START_ORDER
    return Installation(home, options=Options(port=int(text), groups=groups), report=_say)


def _follow_logs(installation: Installation) -> None:
    """Show what the processes log, until Ctrl-C or SIGTERM."""
    logs = [str(file) for file in installation.folders.log.glob("*.log")]
    follower = subprocess.Popen(dying_with_us(["tail", "-q", "-n", "0", "-F", *logs]), start_new_session=True)
    try:
        _say("\nCtrl-C stops it.")
        follower.wait()
    finally:
        follower.terminate()
        follower.wait()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kontor", description="Run Kontor on this machine.")
    commands = parser.add_subparsers(required=True)
    starting = commands.add_parser("up", help="start everything")
    starting.add_argument("--attach", action="store_true", help="stay in the foreground; Ctrl-C stops everything")
    starting.set_defaults(command=up)
    for name, command in (("down", down), ("status", status), ("clean", clean)):
        commands.add_parser(name, help=command.__doc__).set_defaults(command=command)
    following = commands.add_parser("logs", help="show logs")
    following.add_argument("service", nargs="?")
    following.set_defaults(command=logs)
    for name, command in (("backup", back_up), ("restore", restore)):
        copying = commands.add_parser(name, help=command.__doc__)
        copying.add_argument("folder", type=Path)
        copying.set_defaults(command=command)
    reading = commands.add_parser("mail", help="show the last mails")
    reading.add_argument("--count", type=int, default=3)
    reading.set_defaults(command=mail)
    clock = commands.add_parser("clock", help="move the installation's clock").add_subparsers(required=True)
    advancing = clock.add_parser("advance", help='forward by a duration such as "5m"')
    advancing.add_argument("step")
    advancing.set_defaults(command=clock_advance)
    return parser


if __name__ == "__main__":
    sys.exit(main())
