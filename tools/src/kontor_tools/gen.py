"""Generates libs/protos from protos/: Python modules, type stubs, the descriptor set and the OpenAPI text."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import google.api

REPOSITORY = Path(__file__).resolve().parents[3]


def generate(target: Path) -> None:
    """Write everything that is derived from the protos below `target` (normally libs/protos/src)."""
    sources = sorted(p for p in (REPOSITORY / "protos").rglob("*.proto") if "google" not in p.parts)
    package = target / "kontor_protos"
    for generated in ("kontor", "buf"):
        shutil.rmtree(target / generated, ignore_errors=True)
    package.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{REPOSITORY / 'protos'}",
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=readable_stubs:{target}",
        f"--mypy_grpc_out={target}",
        "--include_source_info",
        "--include_imports",
        f"--descriptor_set_out={package / 'descriptors.binpb'}",
        *[str(source) for source in sources],
    ]
    scripts = Path(sys.executable).parent
    subprocess.run(command, check=True, env={"PATH": f"{scripts}:/usr/bin:/bin"})
    for stub in target.rglob("*_pb2_grpc.py*"):
        if "service " not in _source_of(stub, target):
            stub.unlink()


def _source_of(stub: Path, target: Path) -> str:
    name = stub.name.split("_pb2_grpc")[0]
    source = REPOSITORY / "protos" / stub.parent.relative_to(target) / f"{name}.proto"
    return "\n" + source.read_text(encoding="utf-8")


def main() -> None:
    """Regenerate in place."""
    _ = google.api  # the vendored google/api protos must match this installed package
    generate(REPOSITORY / "libs" / "protos" / "src")


if __name__ == "__main__":
    main()
