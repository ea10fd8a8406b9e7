"""Small things every embedded server needs: a free port, waiting for a condition, dropping root, stopping kindly."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
_DIES_WITH_PARENT = f"""
import ctypes, os, sys
getattr(ctypes.CDLL(None), "prctl", lambda *_: None)(1, {int(signal.SIGINT)})  # PR_SET_PDEATHSIG
os.execv(sys.argv[1], sys.argv[1:])
"""
_prctl = getattr(ctypes.CDLL(None), "prctl", None)


class EmbeddedServerError(RuntimeError):
    """An embedded server cannot run; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system account a server runs under; all None means our own."""

    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] | None = None


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago.

    It lies below the ports that systems give to outgoing connections (32768 and above) and below those of
    installations (20000 and above), so that none of those takes it before the server listens, and is drawn, so that
    test processes beside each other hardly draw the same.
    """
    while True:
        port = 10_240 + secrets.randbelow(20_000 - 10_240)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


def unprivileged_account() -> Account:
    """Return the account for servers that refuse to run as root; our own when we are not root anyway."""
    if os.geteuid() != 0:
        return Account()
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, ())
    raise EmbeddedServerError("PostgreSQL must not run as root and this machine has no account 'nobody': create one.")


def let_others_traverse(path: Path) -> None:
    """Let other accounts pass through the directories above `path` (not list them); as root only.

    A server that has dropped root must reach its program and its data below directories such as /root.
    """
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def die_with_parent() -> None:
    """Make the kernel end this process when its parent dies, however it dies (Linux); for servers of a test run.

    Called in the child, between fork and exec.
    """
    if _prctl is not None:
        _prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG; a fast shutdown for PostgreSQL and NATS alike


def dying_with_us(command: Sequence[str]) -> list[str]:
    """Return a command line that does the same for a program without any code of ours between fork and exec.

    For processes that use gRPC: its threads do not survive a fork, and now and then the child crashes before it
    becomes the program. Without code in between, Python uses vfork, which gRPC does not notice.
    """
    return [sys.executable, "-I", "-S", "-c", _DIES_WITH_PARENT, *command]


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, what: str, seconds: float) -> None:
    """Wait until `ready()`; raises EmbeddedServerError when the process ends first or the time is over."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise EmbeddedServerError(f"{what} ended with status {process.returncode} while starting: see its log.")
        if time.monotonic() > end:
            raise EmbeddedServerError(f"{what} was not ready after {seconds:.0f} s: see its log.")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], *, with_signal: int = signal.SIGTERM, seconds: float = 20) -> None:
    """Ask the process to end, wait, and kill it only when it does not."""
    if process.poll() is not None:
        return
    process.send_signal(with_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
