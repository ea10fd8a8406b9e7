"""Every check of the repository: `python -m kontor_tools.checks all|lint|unit|integration|e2e|containers`.

`all` runs each part even when another one failed, the journeys beside everything else, and ends with one line per
part. `containers` is no part of it, because it needs a Docker engine and images.
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

LANES = (("lint", "unit", "integration"), ("e2e",))
"""What `all` runs: lanes beside each other, the parts of a lane one after the other."""


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
    return _pytest([*test_folders("unit"), *whole], *SIDE_BY_SIDE)


def integration() -> bool:
    """Run the tests on real servers."""
    folders = [folder for name in ("integration", "authorization") for folder in test_folders(name)]
    return _pytest(folders, *SIDE_BY_SIDE)


def e2e() -> bool:
    """Run the journeys through the gateway and in a browser."""
    return _with_browser(test_folders("e2e"))


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
    """Run all parts, lane beside lane, and say how each went and how long it took."""
    print("Runs " + " beside ".join(", ".join(lane) for lane in LANES) + ".", flush=True)
    with ThreadPoolExecutor(len(LANES)) as pool:
        outcomes = [outcome for lane in pool.map(_run_lane, LANES) for outcome in lane]
    print()
    for outcome in outcomes:
        print(f"{'passed' if outcome.passed else 'FAILED'}  {outcome.part:<12} {outcome.seconds:6.0f} s")
    return all(outcome.passed for outcome in outcomes)


@dataclass(frozen=True)
class Outcome:
    """How a part went."""

    part: str
    passed: bool
    seconds: float


def _run_lane(parts: Iterable[str]) -> list[Outcome]:
    """Run parts one after the other, each in a process of its own; their lines tell which part they are of."""
    outcomes: list[Outcome] = []
    for part in parts:
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-m", "kontor_tools.checks", part],
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTEST_XDIST_AUTO_NUM_WORKERS": str(_cores_left())},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                print(f"{part:<11} │ {line.rstrip()}", flush=True)
        outcomes.append(Outcome(part, process.returncode == 0, time.monotonic() - began))
    return outcomes


def _cores_left() -> int:
    """Return the number of processor cores for the parts beside the journeys."""
    return max(1, (os.cpu_count() or 1) - 1)


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
    if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
        print(f"usage: {' | '.join(PARTS)}", file=sys.stderr)
        return 2
    return 0 if PARTS[sys.argv[1]]() else 1


if __name__ == "__main__":
    sys.exit(main())
