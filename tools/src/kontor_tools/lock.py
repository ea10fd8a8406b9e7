"""`make lock`: pins every package that any member needs, with hashes, in requirements.lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kontor_tools.folders import REPOSITORY
from kontor_tools.workspace import members


def main() -> int:
    """Write the lock; the next `make` command installs it."""
    folders = members()
    own = [word for folder in folders for word in ("--no-emit-package", _name(folder))]
    sources = [str((folder / "pyproject.toml").relative_to(REPOSITORY)) for folder in folders]
    uv = str(Path(sys.executable).parent / "uv")
    options = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
    ]
    command = [uv, "pip", "compile", *options, *own, "requirements.in", *sources, "--output-file", "requirements.lock"]
    return subprocess.run(command, check=False, cwd=REPOSITORY).returncode


def _name(folder: Path) -> str:
    return f"kontor-{folder.name}"


if __name__ == "__main__":
    sys.exit(main())
