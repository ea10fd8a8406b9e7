"""Runs `uploader.mjs`: tus-js-client, the protocol's reference client, in a process of its own."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from kontor_tools.npm import installed, node

SOURCE = Path(__file__).parent


async def tus_client(**given: Any) -> dict[str, Any]:
    """Have the client do one thing (see `uploader.mjs`) and return what it says."""
    script = await asyncio.to_thread(installed, SOURCE, "uploader.mjs")
    process = await asyncio.create_subprocess_exec(node(), str(script), stdin=PIPE, stdout=PIPE)
    said, _ = await asyncio.wait_for(process.communicate(json.dumps(given).encode() + b"\n"), 60)
    answer: dict[str, Any] = json.loads(said)
    return answer
