"""Takes from the image that services run on what Python does not need: `python3 slim.py [PACKAGE …]`, as root, in it.

Kept are the interpreter with its libraries, a shell to start it, and the programs of the named packages of the
distribution with theirs. Everything else that could be run or loaded goes: whoever broke in finds no tools.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

PROGRAMS = [Path(folder) for folder in ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")]
LIBRARIES = [Path(folder) for folder in ("/usr/lib", "/usr/libexec", "/usr/local/lib")]
LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")
WHEELS_EXPECT = re.compile(r"lib(c|m|pthread|dl|rt|util|resolv|nss_dns|nss_files|gcc_s|stdc\+\+|z|expat)\.so\.[0-9]")
"""What compiled packages may take from the system without asking (manylinux), as far as ours do."""
UNUSED = re.compile(r"^(_test|xx|_xx|_ctypes_test|_sqlite3|_dbm|_gdbm|_curses|_tkinter|_crypt|nis|readline)")
"""Modules of the standard library that no service imports, and whose libraries nothing else needs."""


def main() -> None:
    """Remove programs and libraries that none of what is kept needs."""
    python = Path(sys.executable).resolve()
    modules = Path(sysconfig.get_config_var("DESTSHARED"))
    for module in modules.glob("*.so"):
        if UNUSED.match(module.name):
            module.unlink()
    programs = {python, Path("/bin/sh").resolve(), *programs_of(sys.argv[1:])}
    needed = {*libraries_of([*programs, *modules.glob("*.so")]), *expected()}
    needed |= set(libraries_of(needed))
    for path in files_in(PROGRAMS):
        if path.resolve() not in programs:
            path.unlink()
    for path in files_in(LIBRARIES):
        if LIBRARY.search(path.name) and modules not in path.parents and path.resolve() not in needed:
            path.unlink()
    for folder in ("/usr/share/zoneinfo/right", "/usr/share/zoneinfo/posix", "/var/lib/dpkg/info"):
        shutil.rmtree(folder, ignore_errors=True)
    Path(__file__).unlink()


def programs_of(packages: Iterable[str]) -> Iterator[Path]:
    """Yield the programs of packages of the distribution."""
    for package in packages:
        for line in output("dpkg", "-L", package).splitlines():
            path = Path(line)
            if path.parent in PROGRAMS:
                yield path.resolve()


def expected() -> Iterator[Path]:
    """Yield the libraries of the system that compiled packages expect."""
    for line in output("/sbin/ldconfig", "-p").splitlines():
        name, _, path = line.strip().partition(" ")
        if WHEELS_EXPECT.fullmatch(name):
            yield Path(path.rpartition(" ")[2]).resolve()


def libraries_of(binaries: Iterable[Path]) -> Iterator[Path]:
    """Yield the libraries that binaries load, and those that these load."""
    for binary in binaries:
        for path in re.findall(r"(/\S+) \(0x", output("ldd", str(binary))):
            yield Path(path).resolve()


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Return all files and links below folders."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_symlink() or path.is_file()]


def output(*command: str) -> str:
    """Return what a command prints; nothing for what it cannot answer, such as `ldd` for a script."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - of the distribution


if __name__ == "__main__":
    main()
