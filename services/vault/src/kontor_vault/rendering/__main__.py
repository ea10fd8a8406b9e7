"""The rendering process: one job from stdin, its result to stdout, within limits that it sets itself first."""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MEMORY_BYTES = 768 << 20
CPU_SECONDS = 20


def main() -> None:
    """Bound the process, read the job, answer: a line of JSON, then the bytes."""
    with suppress(OSError):  # where memory runs out this process goes, not the one that serves people
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))
    job = json.loads(sys.stdin.buffer.readline())
    contents = [sys.stdin.buffer.read(size) for size in job["sizes"]]
    from kontor_vault.rendering.results import Rendered, State

    try:
        result = _done(job, contents)
    except MemoryError:
        result = Rendered(State.TOO_LARGE)
    head = {"state": result.state, "size": len(result.content)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + result.content)
    sys.stdout.buffer.flush()


def _done(job: dict[str, Any], contents: list[bytes]) -> Any:
    if job["what"] == "mail":
        from kontor_vault.rendering import mails

        return mails.opened(contents[0])
    from kontor_vault.rendering import pdfs, pictures, scans
    from kontor_vault.rendering.results import Rendered

    if job["what"] == "clean":
        return pdfs.cleaned(contents[0])
    if job["what"] == "join":
        return pictures.joined(contents)
    if job["what"] == "survey":
        return scans.surveyed(contents[0], job["first"], job["count"])
    if job["what"] == "take":
        return scans.taken(contents[0], job["pages"])
    is_pdf = contents[0].startswith(b"%PDF-")
    width = int(job["width"])
    picture = pdfs.page_picture(contents[0], job["page"], width) if is_pdf else pictures.opened(contents[0], width)
    return picture if isinstance(picture, Rendered) else pictures.as_webp(picture)


if __name__ == "__main__":
    main()
