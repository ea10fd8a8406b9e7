"""`make images`: builds the container image of every service, the portal and the gateway with one Dockerfile.

    python -m kontor_tools.images [NAME …]

KONTOR_BASE_IMAGE and KONTOR_BUILD_IMAGE name other bases than the Dockerfile's, KONTOR_BUILD_NETWORK the network the
build reaches the package index by, KONTOR_IMAGE_TAG another tag than the version. An image larger than it may be is a
failure. Boundary: what is inside an image is the Dockerfile's; its name and running it are `containers`'s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping

from kontor_tools.containers import image, tag_of
from kontor_tools.folders import REPOSITORY
from kontor_tools.plan import SERVICES

VARIANTS: Mapping[str, tuple[str, str]] = {"vault-ocr": ("vault", "tesseract-ocr tesseract-ocr-deu")}
"""Images of a service with packages of the distribution beside it."""
IMAGES = (*SERVICES, *VARIANTS, "portal", "gateway")
LARGEST_BYTES = 250_000_000
LARGEST_VARIANT_BYTES = 450_000_000
MEGABYTE = 1_000_000
BUILD_ARGUMENTS = {"KONTOR_BASE_IMAGE": "BASE_IMAGE", "KONTOR_BUILD_IMAGE": "BUILD_IMAGE"}
"""Arguments of the Dockerfile that the environment may give."""


class ImageError(RuntimeError):
    """An image cannot be built or looked at; the message is one sentence that says what to do."""


def build_command(name: str, environment: Mapping[str, str]) -> list[str]:
    """Return the command that builds one image."""
    network = environment.get("KONTOR_BUILD_NETWORK")
    service, packages = VARIANTS.get(name, (name, ""))
    more = {"PACKAGES": packages} if packages else {}
    arguments = {"SERVICE": service, **more} | {
        argument: environment[key] for key, argument in BUILD_ARGUMENTS.items() if environment.get(key)
    }
    return [
        *("docker", "build", "--quiet", "--file", "deploy/docker/Dockerfile"),
        *("--tag", image(name, tag_of(environment))),
        *(("--network", network) if network else ()),
        *(word for argument, value in arguments.items() for word in ("--build-arg", f"{argument}={value}")),
        ".",
    ]


def largest(name: str) -> int:
    """Return how many bytes an image may have."""
    return LARGEST_VARIANT_BYTES if name in VARIANTS else LARGEST_BYTES


def oversize(name: str, size: int) -> str | None:
    """Return the complaint about an image of `size` bytes; None when it is small enough."""
    if size <= largest(name):
        return None
    return f"The image of {name} has {size / MEGABYTE:.0f} MB: at most {largest(name) // MEGABYTE} are allowed."


def require_engine() -> None:
    """Raise ImageError unless a Docker engine answers."""
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ImageError("There is no `docker` command: install a Docker engine, then run this again.") from None
    if asked.returncode != 0:
        said = asked.stderr.strip().splitlines()[-1:]
        raise ImageError(f"No Docker engine answers ({' '.join(said)}): start it, then run this again.")


def size_of(reference: str) -> int:
    """Return the size of an image in bytes, all layers together; raises ImageError when there is none."""
    asked = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", reference], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        raise ImageError(f"There is no image {reference}: run `make images` first.")
    return int(asked.stdout)


def build(name: str) -> int:
    """Build one image and return its size in bytes; raises ImageError."""
    if subprocess.run(build_command(name, os.environ), cwd=REPOSITORY, stdout=subprocess.DEVNULL).returncode != 0:
        raise ImageError(f"The image of {name} could not be built (see above).")
    return size_of(image(name, tag_of(os.environ)))


def build_all(names: list[str]) -> None:
    """Build the images one after the other; raises ImageError, for those that are too large when all are built."""
    require_engine()
    complaints = []
    for number, name in enumerate(names, start=1):
        print(f"[{number}/{len(names)}] {image(name, tag_of(os.environ))} …", end=" ", flush=True)
        began = time.monotonic()
        size = build(name)
        print(f"{size / MEGABYTE:.0f} MB after {time.monotonic() - began:.0f} s", flush=True)
        complaints += [oversize(name, size) or ""]
    if any(complaints):
        raise ImageError("\n".join(filter(None, complaints)))


def main() -> int:
    """Build the images that are named, or all; returns the exit status."""
    names = sys.argv[1:] or list(IMAGES)
    if unknown := set(names) - set(IMAGES):
        print(f"There is no image {min(unknown)}: choose among {', '.join(IMAGES)}.", file=sys.stderr)
        return 2
    try:
        build_all(names)
    except ImageError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
