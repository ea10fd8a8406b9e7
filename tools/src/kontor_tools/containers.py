"""Runs the services of an installation from their container images: how a process becomes a `docker run`.

As the chart runs them: nobody's account, read-only root, no capabilities, /tmp in memory, secrets as files. They share
the host's network and see the installation's folder under its own path, so they are told the same as processes are.
Boundary: which processes there are and what they are told is `plan`'s; building images is `images`'s. Linux only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from kontor_tools import leftovers
from kontor_tools.embedded.process import let_others_traverse
from kontor_tools.folders import Folders

SWITCH = "KONTOR_CONTAINERS"
"""Environment variable by which the end-to-end tests run against the images."""
IMAGE_ACCOUNT = (10001, 10001)
"""User and group of the Dockerfile; root's installations are handed over to them, since no container runs as root."""


def tag_of(environment: Mapping[str, str]) -> str:
    """Return the tag of all images: the version, which the chart expects, unless the environment names another."""
    return environment.get("KONTOR_IMAGE_TAG") or version("kontor-tools")


def image(name: str, tag: str) -> str:
    """Return the reference of a service's image."""
    return f"kontor-{name}:{tag}"


def tag_asked_for(environment: Mapping[str, str]) -> str | None:
    """Return the tag of the images to run; None when processes are wanted."""
    return tag_of(environment) if environment.get(SWITCH) == "1" else None


def account(user: int, group: int) -> tuple[int, int]:
    """Return user and group of the containers that `user` starts: his own, so that they can read his secrets."""
    return IMAGE_ACCOUNT if user == 0 else (user, group)


def command(folders: Folders, tag: str, package: str, arguments: Iterable[str], settings: Iterable[str]) -> list[str]:
    """Return the command that does what `python -m kontor_<package> <arguments>` does, from the package's image.

    `settings` names the variables that it inherits; their values stay off the command line. The one that marks
    leftovers goes in as well, so that a container that lost its command is found and ended like any other process.
    """
    names = sorted(settings)
    user, group = account(os.geteuid(), os.getegid())
    return [
        *("docker", "run", "--rm", "--network=host", f"--user={user}:{group}"),
        *("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
        _mount(folders.home, readonly=True),
        *([_mount(folders.objects)] if "KONTOR_OBJECT_STORE_URL" in names else []),
        *(f"--env={name}" for name in (*names, leftovers.MARKER)),
        image(package, tag),
        *arguments,
    ]


def hand_over(folders: Folders) -> None:
    """Let the containers' account read the secrets and write documents; nothing to do where it is our own."""
    user, group = account(os.geteuid(), os.getegid())
    if user == os.geteuid():
        return
    let_others_traverse(folders.secrets)
    for folder in (folders.secrets, folders.objects):
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, group)


def _mount(folder: Path, *, readonly: bool = False) -> str:
    return f"--mount=type=bind,source={folder},target={folder}{',readonly' if readonly else ''}"
