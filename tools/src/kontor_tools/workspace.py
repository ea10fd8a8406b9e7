"""The packages of this workspace, for the commands that look at all of them."""

from __future__ import annotations

from pathlib import Path

from kontor_tools.folders import REPOSITORY


def members() -> list[Path]:
    """Return the folder of every package, libraries first."""
    folders = [
        *sorted((REPOSITORY / "libs").iterdir()),
        REPOSITORY / "tools",
        REPOSITORY / "gateway",
        *sorted((REPOSITORY / "services").iterdir()),
        REPOSITORY / "portal",
    ]
    return [folder for folder in folders if (folder / "pyproject.toml").exists()]


def test_folders(kind: str) -> list[Path]:
    """Return every `tests/<kind>` that exists, those of the whole first."""
    candidates = [REPOSITORY / "tests" / kind, *(folder / "tests" / kind for folder in members())]
    return [folder for folder in candidates if folder.is_dir()]
