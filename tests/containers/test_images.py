"""What is in the container images, seen from inside: `make test-containers`, after `make images`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from kontor_tools.containers import IMAGE_ACCOUNT, image, tag_of
from kontor_tools.images import IMAGES, largest, size_of

TAG = tag_of(os.environ)
LOCKED_DOWN = ("--rm", "--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL")
INSIDE = Path(__file__).with_name("seen_from_inside.py")

each_image = pytest.mark.parametrize("name", IMAGES)


def run(name: str, *arguments: str, options: tuple[str, ...] = (), text: str = "") -> subprocess.CompletedProcess[str]:
    command = ["docker", "run", *LOCKED_DOWN, *options, image(name, TAG), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@each_image
def test_image_is_small(name: str) -> None:
    """A node fetches it in seconds."""
    assert size_of(image(name, TAG)) <= largest(name)


@each_image
def test_image_holds_what_it_needs_and_no_more(name: str) -> None:
    """It runs as nobody on a read-only root, without build tools, test code, package managers or setuid programs.

    What is compiled finds the libraries that it was built for, and every module what it imports.
    """
    python = ("--interactive", "--entrypoint=/app/bin/python")
    seen = run(name, "-", options=python, text=INSIDE.read_text(encoding="utf-8"))
    assert seen.returncode == 0, seen.stderr
    assert json.loads(seen.stdout) == {
        "account": list(IMAGE_ACCOUNT),
        "writable": ["/tmp"],  # noqa: S108  # as it is named in there
        "programs": [],
        "modules": [],
        "tests": [],
        "unloadable": [],
        "unimportable": [],
        "setuid": [],
    }


@each_image
def test_image_checks_its_configuration(name: str) -> None:
    """`check-config` names what is missing and what is misspelt, and ends with status 2."""
    checked = run(name, "check-config", options=("--env=KONTOR_LOG_LEVLE=info",))
    assert checked.returncode == 2, checked.stderr
    assert "KONTOR_LOG_LEVLE: unknown setting" in checked.stderr
    assert "KONTOR_METRICS_LISTEN: Field required" in checked.stderr


def test_the_reading_image_knows_german() -> None:
    """OCR: tesseract and its German are in the one image that reads pictures, and in no other."""
    languages = run("vault-ocr", "--list-langs", options=("--entrypoint=/usr/bin/tesseract",))
    assert "deu" in languages.stdout.split(), languages.stderr
    assert run("vault", "--list-langs", options=("--entrypoint=/usr/bin/tesseract",)).returncode != 0
