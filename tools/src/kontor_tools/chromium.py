"""The browser of the browser tests: the system's Chromium, installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What a Chromium may be called. The shell without windows comes first: it takes a third of the processor time."""


class NoBrowserError(RuntimeError):
    """There is no browser and none can be installed; the message says what to do."""


def find() -> str | None:
    """Return the path of a Chromium: KONTOR_CHROMIUM, or the first that is installed."""
    named = os.environ.get("KONTOR_CHROMIUM")
    return named or next((path for path in map(shutil.which, NAMES) if path), None)


def ensure() -> str:
    """Return the path of a Chromium, installed by apt-get when we are root and it is missing."""
    found = find()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests …", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["install", "--yes", "--no-install-recommends"]
        for command in (["update"], [*install, NAMES[0]], [*install, NAMES[1]]):
            if not find():
                subprocess.run(["apt-get", "-qq", *command], check=False, env=environment, stdout=subprocess.DEVNULL)
        found = find()
    if not found:
        raise NoBrowserError(
            "The browser tests need Chromium: install it (Debian, Ubuntu: apt install chromium)"
            " or name one with KONTOR_CHROMIUM=/path/to/chromium."
        )
    return found
