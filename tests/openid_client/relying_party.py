"""Runs `relying_party.mjs` in the Node that requirements.lock brings, with the packages that package-lock.json pins."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kontor_tools.npm import installed, node

SOURCE = Path(__file__).parent


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
    script = await asyncio.to_thread(installed, SOURCE, "relying_party.mjs")
    process = await asyncio.create_subprocess_exec(
        node(), str(script), issuer, client_id, redirect_uri, stdin=PIPE, stdout=PIPE, limit=2**20
    )
    try:
        yield RelyingParty(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
