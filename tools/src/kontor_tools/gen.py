"""Generates libs/protos from protos/: Python modules, type stubs, the descriptor set and the OpenAPI text.

Run as a command it then checks the protos' style, too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def generate(target: Path) -> None:
    """Write everything that is derived from the protos below `target`, an empty folder."""
    sources = sorted(p for p in (REPOSITORY / "protos").rglob("*.proto") if "google" not in p.parts)
    package = target / "kontor_protos"
    package.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        f"-I{REPOSITORY / 'protos'}",
        f"--python_out={target}",
        f"--grpc_python_out={target}",
        f"--mypy_out=quiet,readable_stubs:{target}",
        f"--mypy_grpc_out=quiet:{target}",
        "--include_source_info",
        "--include_imports",
        f"--descriptor_set_out={package / 'descriptors.binpb'}",
        *[str(source) for source in sources],
    ]
    scripts = Path(sys.executable).parent
    subprocess.run(command, check=True, env={"PATH": f"{scripts}:/usr/bin:/bin"})
    _write_openapi(target)
    for stub in target.rglob("*_pb2_grpc.py*"):
        if "\nservice " not in _source_of(stub, target):
            stub.unlink()


def install(generated: Path, target: Path) -> None:
    """Make `target` hold exactly the generated files, touching only those that differ."""
    wanted = {p.relative_to(generated) for p in generated.rglob("*") if p.is_file()}
    for folder in ("kontor", "buf"):
        for present in sorted((target / folder).rglob("*_pb2*")):
            if present.relative_to(target) not in wanted:
                present.unlink()
    for name in sorted(wanted):
        new, old = generated / name, target / name
        if not old.exists() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(new, old)


def _write_openapi(target: Path) -> None:
    """Derive the OpenAPI text in a fresh interpreter, because the modules it reads were only just written."""
    program = (
        "import sys; from google.protobuf import descriptor_pb2; from kontor_tools.openapi import openapi_text; "
        "data = open(sys.argv[1], 'rb').read(); "
        "open(sys.argv[2], 'w', encoding='utf-8')"
        ".write(openapi_text(descriptor_pb2.FileDescriptorSet.FromString(data)))"
    )
    package = target / "kontor_protos"
    arguments = [str(package / "descriptors.binpb"), str(package / "openapi.json")]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env={"PYTHONPATH": str(target)})


def _source_of(stub: Path, target: Path) -> str:
    name = stub.name.split("_pb2_grpc")[0]
    source = REPOSITORY / "protos" / stub.parent.relative_to(target) / f"{name}.proto"
    return "\n" + source.read_text(encoding="utf-8")


def main() -> int:
    """Regenerate libs/protos in place and say what is wrong with the protos' style; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            generate(Path(folder))
        except subprocess.CalledProcessError:
            print("Nothing was generated: the protos have the faults named above.", file=sys.stderr)
            return 1
        install(Path(folder), REPOSITORY / "libs" / "protos" / "src")
    return subprocess.run([Path(sys.executable).parent / "buf", "lint"], check=False, cwd=REPOSITORY).returncode


if __name__ == "__main__":
    sys.exit(main())
