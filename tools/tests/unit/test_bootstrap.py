"""Each way in which a bare machine may be unfit is told in one sentence that says what to do."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from kontor_tools.folders import REPOSITORY


@pytest.fixture
def bootstrap() -> ModuleType:
    """tools/bootstrap.py as a module of the test's own."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", REPOSITORY / "tools" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was said, which must be a single line."""
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    return said


def test_old_interpreter(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interpreter that is too old is named, with the way to choose another."""
    monkeypatch.setattr(bootstrap, "OLDEST", (99, 0))
    assert bootstrap.main() == 1
    assert "PYTHON=" in sentence(capsys)


def test_missing_interpreter() -> None:
    """Without any Python, make itself says so."""
    done = subprocess.run(["make", "up", "PYTHON="], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "install Python 3.11 or newer" in done.stderr.splitlines()[0]


def test_missing_venv_module(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Debian splits venv from Python; the package to install is named."""
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.CannotContinueError, match=r"apt install python3\.\d+-venv"):
        bootstrap.create(str(tmp_path / "venv"))


def test_full_disk(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The environment needs space, and says how much."""
    monkeypatch.setattr(bootstrap, "NEEDED_BYTES", 10**18)
    monkeypatch.setattr(bootstrap, "ensure", lambda _home, real=bootstrap.ensure: real(str(tmp_path / "home")))
    assert bootstrap.main() == 1
    assert "free space" in sentence(capsys)


def test_unwritable_folder(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clone in a place that cannot be written is not left half made."""
    monkeypatch.setattr(bootstrap, "ensure", lambda _home, real=bootstrap.ensure: real("/sys/kontor"))
    assert bootstrap.main() == 1
    assert "cannot be written" in sentence(capsys)


def test_current_environment_costs_nothing(
    bootstrap: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a current stamp nothing is done or said."""
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "kontor.stamp").write_text(bootstrap.stamp_of(bootstrap.members()), encoding="ascii")
    bootstrap.ensure(str(tmp_path))
    assert capsys.readouterr() == ("", "")


def test_uv_is_pinned_with_hashes(bootstrap: ModuleType) -> None:
    """What pip installs first is checked like everything else."""
    pinned = bootstrap.pinned("uv")
    assert pinned.startswith("uv==")
    assert "--hash=sha256:" in pinned
    assert "uvloop" not in pinned
