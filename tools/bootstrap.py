"""Creates the Python environment in .kontor/venv from requirements.lock; run by `make` before everything else.

Standard library only, and syntax that even an old interpreter can read, because this file is what tells people that
their interpreter is too old. Prints nothing when the environment is current (a stamp of the lock, of every member's
pyproject.toml and of the interpreter), one progress line per step otherwise, one sentence when it cannot go on.
"""

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST = (3, 11)
NEEDED_BYTES = 2 * 1024**3  # the installed packages take about 0.9 GB, and as much again in the package cache
MEMBER_PARENTS = ("libs", "services")
MEMBERS = ("tools", "gateway", "portal")


class CannotContinueError(Exception):
    """Says in one sentence what is wrong and what to do."""


def members():
    """Return the folders of the workspace's packages, in a stable order."""
    folders = [os.path.join(ROOT, name) for name in MEMBERS]
    for parent in MEMBER_PARENTS:
        folders += [os.path.join(ROOT, parent, name) for name in sorted(os.listdir(os.path.join(ROOT, parent)))]
    return [folder for folder in folders if os.path.exists(os.path.join(folder, "pyproject.toml"))]


def stamp_of(folders):
    """Return what the environment depends on, as a digest."""
    digest = hashlib.sha256((sys.version + ROOT).encode())
    for path in [os.path.join(ROOT, "requirements.lock")] + [os.path.join(f, "pyproject.toml") for f in folders]:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    """Return the text of a file, or nothing where there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def run(command, what, environment=None):
    """Run one step quietly; its last lines appear only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace").strip()
        if "No space left" in said:
            raise OSError(errno.ENOSPC, "No space left on device")
        sys.stderr.write("\n".join(said.splitlines()[-15:]) + "\n")
        raise CannotContinueError(
            what + " failed (see above): check the connection to the package registry and run it again."
        )


def works(python):
    """Whether an interpreter can be started; that of a moved or half-made environment cannot."""
    try:
        return (
            subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            == 0
        )
    except OSError:
        return False


def create(venv):
    """Create an empty virtual environment with pip."""
    try:
        import ensurepip  # noqa: F401  # only whether it exists
        import venv as _  # noqa: F401  # the same
    except ImportError:
        version = "{}.{}".format(*sys.version_info)
        raise CannotContinueError(
            f"Python {version} lacks its venv module: install it (Debian, Ubuntu: apt install python{version}-venv),"
            " then run make again."
        ) from None
    shutil.rmtree(venv, ignore_errors=True)
    run([sys.executable, "-m", "venv", venv], "Creating the environment")


def pinned(name):
    """Return the lines of one package, with its hashes, from requirements.lock."""
    lock = read(os.path.join(ROOT, "requirements.lock"))
    found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.M | re.S)
    if found is None:
        raise CannotContinueError(f"requirements.lock does not pin {name}: run `make lock` and commit the result.")
    return found.group(0)


def registry_settings(python):
    """Let uv use the same package index as pip is configured for on this machine."""
    environment = dict(os.environ, VIRTUAL_ENV=os.path.dirname(os.path.dirname(python)), UV_NO_PROGRESS="1")
    environment.pop("PYTHONHOME", None)
    if "UV_DEFAULT_INDEX" not in environment and "UV_INDEX_URL" not in environment:
        asked = subprocess.run(
            [python, "-m", "pip", "config", "get", "global.index-url"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        index = os.environ.get("PIP_INDEX_URL") or asked.stdout.decode().strip()
        if index:
            environment["UV_DEFAULT_INDEX"] = index
    return environment


def install(venv, folders):
    """Install exactly what the lock says, then the workspace's own packages in place."""
    python = os.path.join(venv, "bin", "python")
    uv = os.path.join(venv, "bin", "uv")
    lock = os.path.join(ROOT, "requirements.lock")
    if not os.path.exists(uv):
        wanted = os.path.join(venv, "uv.txt")
        with open(wanted, "w") as file:
            file.write(pinned("uv"))
        run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", wanted], "Installing uv")
    environment = registry_settings(python)
    print("  installing the locked packages …")
    sys.stdout.flush()
    sync = [uv, "pip", "sync", "--require-hashes", "--compile-bytecode", lock]
    run(sync, "Installing the locked packages", environment)
    own = [uv, "pip", "install", "--no-deps", "--no-build-isolation", "--no-index"]
    for folder in folders:
        own += ["--editable", folder]
    run(own, "Installing Kontor's own packages", environment)


def ensure(home):
    """Bring the environment below `home` up to date."""
    venv = os.path.join(home, "venv")
    stamp = os.path.join(venv, "kontor.stamp")
    folders = members()
    current = stamp_of(folders)
    if read(stamp) == current:
        return
    if not os.path.isdir(home):
        os.makedirs(home, 0o755)
    free = shutil.disk_usage(home).free
    if free < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, "No space left on device")
    print(f"Preparing the Python environment in {os.path.relpath(venv)} (once; takes a minute or two) …")
    sys.stdout.flush()
    if not works(os.path.join(venv, "bin", "python")):
        create(venv)
    install(venv, folders)
    with open(stamp, "w") as file:
        file.write(current)


def main():
    """Create or refresh the environment; 1 with one sentence when that is not possible."""
    home = os.path.join(ROOT, ".kontor")
    try:
        if sys.version_info[:2] < OLDEST:
            raise CannotContinueError(
                "Kontor needs Python 3.11 or newer, but {} is {}.{}: install a newer one or name it with"
                " `make PYTHON=/path/to/python3 …`.".format(sys.executable, *sys.version_info)
            )
        ensure(home)
    except CannotContinueError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            sentence = f"The disk of {home} is full: the environment needs 2 GB of free space there."
        elif problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            sentence = f"{home} cannot be written: make the folder writable for this user or clone elsewhere."
        else:
            raise
        sys.stderr.write(sentence + "\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; run it again to go on.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
