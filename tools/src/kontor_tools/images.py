"""`make images`: builds the container image of every service, the portal and the gateway with one Dockerfile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from kontor_tools.folders import REPOSITORY
from kontor_tools.plan import SERVICES

IMAGES = (*SERVICES, "portal", "gateway")


def main() -> int:
    """Build all images; KONTOR_BASE_IMAGE names another base, KONTOR_IMAGE_TAG another tag than "latest"."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        print("No Docker engine answers: install or start one, then run `make images` again.", file=sys.stderr)
        return 1
    tag = os.environ.get("KONTOR_IMAGE_TAG", "latest")
    base = os.environ.get("KONTOR_BASE_IMAGE")
    for name in IMAGES:
        print(f"building kontor-{name}:{tag} …", flush=True)
        arguments = ["--build-arg", f"SERVICE={name}", *(["--build-arg", f"BASE_IMAGE={base}"] if base else [])]
        build = ["docker", "build", "--quiet", "--file", "deploy/docker/Dockerfile", "--tag", f"kontor-{name}:{tag}"]
        if subprocess.run([*build, *arguments, "."], cwd=REPOSITORY, check=False).returncode != 0:
            print(f"The image of {name} could not be built (see above).", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
