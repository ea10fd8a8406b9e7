"""Every check of the repository: `python -m kontor_tools.checks all|lint|unit|integration|e2e|containers`.

`all` runs each part even when an earlier one failed, and ends with one line per part. `containers` is no part
of it, because it needs a Docker engine and images.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from kontor_tools import chromium
from kontor_tools.containers import SWITCH
from kontor_tools.folders import REPOSITORY
from kontor_tools.workspace import members, test_folders

BASES = ("origin/main", "main")
"""Where protos must stay compatible with; the first that exists."""


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
    return _pytest([*test_folders("unit"), *whole])


def integration() -> bool:
    """Run the tests on real servers."""
    return _pytest([folder for name in ("integration", "authorization") for folder in test_folders(name)])


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
    """Run all parts and say how each went and how long it took."""
    results: list[str] = []
    passed = True
    for part in (lint, unit, integration, e2e):
        print(f"\n── {part.__name__} ──", flush=True)
        began = time.monotonic()
        good = part()
        passed = passed and good
        results.append(f"{'passed' if good else 'FAILED'}  {part.__name__:<12} {time.monotonic() - began:6.0f} s")
    print("\n" + "\n".join(results))
    return passed


def _typed_folders() -> list[str]:
    """Return the folders of all code that is written by hand, tests included."""
    own = [folder / kind for folder in members() if folder.name != "protos" for kind in ("src", "tests")]
    whole = [REPOSITORY / "tests", REPOSITORY / "bench"]
    return [str(folder.relative_to(REPOSITORY)) for folder in (*own, *whole) if folder.exists()]


def _pytest(folders: Iterable[Path]) -> bool:
    paths = [str(folder.relative_to(REPOSITORY)) for folder in folders]
    return not paths or _run(sys.executable, "-m", "pytest", "--quiet", *paths)


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
