"""Every check of the repository: `python -m kontor_tools.checks all|lint|unit|integration|e2e|containers [path …]`.

`all` runs each part even when another one failed, one more at a time than there are processor cores, and ends with one
line per part. `containers` is no part of it, because it needs a Docker engine and images. Only integration and e2e take
paths of tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kontor_tools import chromium
from kontor_tools.containers import SWITCH
from kontor_tools.folders import REPOSITORY
from kontor_tools.workspace import members, test_folders

BASES = ("origin/main", "main")
"""Where protos must stay compatible with; the first that exists."""

SIDE_BY_SIDE = ("--numprocesses=auto", "--dist=loadfile")
"""Options of pytest for tests that can run in several processes, each with servers of its own."""

DOUBLED = ("tests/e2e/test_lost_streams.py", "tests/e2e/test_replicas.py")
"""Journeys on an installation with two processes of everything, which no others use."""

ONE_CORE = "CHECKS_ONE_CORE"
"""Set for a part that runs beside others: it takes one core."""


def lint() -> bool:
    """Check style, types and protos; True when all is well."""
    results = [
        _run("ruff", "check", "."),
        _run("ruff", "format", "--check", "--quiet", "."),
        _run("mypy", *_typed_folders()),
        _run("buf", "lint"),
        proto_compatibility(),
    ]
    return all(results)


def proto_compatibility() -> bool:
    """Check that no proto breaks callers of the last released state."""
    base = next((name for name in BASES if _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")), None)
    archive = _git("archive", "--format=tar", base, "protos", "buf.yaml") if base else b""
    if not archive:
        print("no earlier state of the protos to compare with")
        return True
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        return _run("buf", "breaking", "--against", folder)


def unit() -> bool:
    """Run the tests that need nothing but Python, and those of the architecture."""
    whole = [folder for name in ("architecture", "packaging") for folder in test_folders(name)]
    return _pytest([*test_folders("unit"), *whole], *_side_by_side())


def integration(*only: str) -> bool:
    """Run the tests on real servers; all of them, or those of some folders."""
    return _pytest([REPOSITORY / folder for folder in only] or _on_real_servers(), *_side_by_side())


def e2e(*only: str) -> bool:
    """Run the journeys through the gateway and in a browser; all of them, or some files or folders."""
    return _with_browser([REPOSITORY / path for path in only] or test_folders("e2e"))


def containers() -> bool:
    """Look into the container images, then run the journeys with every service in its container."""
    os.environ[SWITCH] = "1"
    folder = REPOSITORY / "tests" / "e2e"
    return _with_browser([*test_folders("containers"), folder / "test_main_journey.py", folder / "browser"])


def _with_browser(tests: list[Path]) -> bool:
    try:
        os.environ["KONTOR_CHROMIUM"] = chromium.ensure()
    except chromium.NoBrowserError as problem:
        print(problem, file=sys.stderr)
        return False
    return _pytest(tests)


def everything() -> bool:
    """Run all parts side by side, and say how each went and how long it took."""
    tasks = _tasks()
    runners = (os.cpu_count() or 1) + 1  # some tests mostly wait
    print(f"Runs {', '.join(dict.fromkeys(task.part for task in tasks))}, {runners} at a time.", flush=True)
    with ThreadPoolExecutor(runners) as pool:
        outcomes = list(pool.map(_run_task, tasks))
    print()
    for part in dict.fromkeys(task.part for task in tasks):
        of_part = [outcome for outcome in outcomes if outcome.part == part]
        passed = all(outcome.passed for outcome in of_part)
        print(f"{'passed' if passed else 'FAILED'}  {part:<12} {sum(each.seconds for each in of_part):6.0f} s")
    return all(outcome.passed for outcome in outcomes)


@dataclass(frozen=True)
class Task:
    """What one process checks: a part, or some folders of it."""

    part: str
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a task went."""

    part: str
    passed: bool
    seconds: float


def _tasks() -> list[Task]:
    """Return what `all` runs, what takes longest first, so that nothing long is left for the end."""
    folders = sorted(_on_real_servers(), key=lambda folder: len(list(folder.rglob("test_*.py"))), reverse=True)
    on_servers = [Task("integration", (str(folder.relative_to(REPOSITORY)),)) for folder in folders]
    return [Task("e2e", _on_one_stage()), Task("e2e", DOUBLED), Task("lint"), Task("unit"), *on_servers]


def _on_one_stage() -> tuple[str, ...]:
    files = (REPOSITORY / "tests" / "e2e").rglob("test_*.py")
    return tuple(sorted({str(file.relative_to(REPOSITORY)) for file in files}.difference(DOUBLED)))


def _run_task(task: Task) -> Outcome:
    """Run a task in a process of its own; its lines tell which part they are of."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "kontor_tools.checks", task.part, *task.folders],
        env={**os.environ, "PYTHONUNBUFFERED": "1", ONE_CORE: "1"},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(f"{task.part:<11} │ {line.rstrip()}", flush=True)
    return Outcome(task.part, process.returncode == 0, time.monotonic() - began)


def _on_real_servers() -> list[Path]:
    return [folder for name in ("integration", "authorization") for folder in test_folders(name)]


def _side_by_side() -> tuple[str, ...]:
    return () if os.environ.get(ONE_CORE) else SIDE_BY_SIDE


def _typed_folders() -> list[str]:
    """Return the folders of all code that is written by hand, tests included."""
    own = [folder / kind for folder in members() if folder.name != "protos" for kind in ("src", "tests")]
    whole = [REPOSITORY / "tests", REPOSITORY / "bench"]
    return [str(folder.relative_to(REPOSITORY)) for folder in (*own, *whole) if folder.exists()]


def _pytest(folders: Iterable[Path], *options: str) -> bool:
    paths = [str(folder.relative_to(REPOSITORY)) for folder in folders]
    return not paths or _run(sys.executable, "-m", "pytest", "--quiet", *options, *paths)


def _run(*command: str) -> bool:
    return subprocess.run(command, check=False, cwd=REPOSITORY).returncode == 0


def _git(*arguments: str) -> bytes:
    """Return what git answers; nothing where there is no git, no repository or no such thing."""
    try:
        done = subprocess.run(["git", *arguments], check=False, cwd=REPOSITORY, capture_output=True)
    except FileNotFoundError:
        return b""
    return done.stdout if done.returncode == 0 else b""


PARTS = {
    "all": everything,
    "lint": lint,
    "unit": unit,
    "integration": integration,
    "e2e": e2e,
    "containers": containers,
}


def main() -> int:
    """Run the part that is named; returns the exit status."""
    part, *folders = sys.argv[1:] or [""]
    takes_paths = {"integration": integration, "e2e": e2e}
    if part not in PARTS or (folders and part not in takes_paths):
        print(f"usage: {' | '.join(PARTS)}; integration and e2e take folders of tests", file=sys.stderr)
        return 2
    return 0 if (takes_paths[part](*folders) if folders else PARTS[part]()) else 1


if __name__ == "__main__":
    sys.exit(main())
