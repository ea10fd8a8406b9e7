"""Signs in as the demo's people, lets Lighthouse judge their pages as a phone sees them, and holds them to the limits.

`KONTOR_HOME` says which installation; it runs already and has the demo. The whole reports are kept in
`lighthouse` below its home. Lighthouse measures one page at a time in the local Chromium, with the network and the
processor of a phone simulated; on a machine that is busy besides, speed looks worse than it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from kontor_tools import chromium, npm
from kontor_tools.demo import content
from kontor_tools.folders import REPOSITORY, InstallationError
from kontor_tools.installation import Installation
from kontor_tools.people import RefusedError, submit

LIMITS = {"performance": 90, "accessibility": 100, "best-practices": 95}
"""Least scores of a hundred."""
RUNS = 3
"""A page's speed is the median of so many runs."""
MOST_SECONDS = 900


@dataclass(frozen=True)
class Page:
    """A page and whose eyes see it; nobody's where `email` is empty."""

    name: str
    path: str
    email: str = ""


PAGES = (
    Page("sign-in", "/login?firm=hansen"),
    Page("customer-home", "/kunde", content.JULIA),
    Page("broker-home", "/makler", content.HANSEN.administrator[1]),
)


def main() -> int:
    """Judge the pages, print a table; 1 when a page is below a limit or nothing could be judged."""
    parser = argparse.ArgumentParser(prog="make lighthouse", description="Let Lighthouse judge the first pages.")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each page is judged; the median counts")
    runs = parser.parse_args().runs
    try:
        installation = _installation()
        found = list(_judged(installation, runs))
    except (InstallationError, chromium.NoBrowserError, RefusedError, httpx.HTTPError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(table(found)))
    return 0 if len(found) == len(PAGES) and all(is_met(each["scores"]) for each in found) else 1


def is_met(scores: dict[str, int]) -> bool:
    """Whether a page reaches every limit."""
    return all(scores[category] >= least for category, least in LIMITS.items())


def table(found: list[dict[str, Any]]) -> Iterator[str]:
    """Return the scores as lines of Markdown, and below them what cost points on the pages that miss a limit."""
    limits = " | ".join(f"{category} (≥ {least})" for category, least in LIMITS.items())
    yield f"| page | {limits} | met |"
    yield "|---" * (len(LIMITS) + 2) + "|"
    for each in found:
        scores = " | ".join(str(each["scores"][category]) for category in LIMITS)
        yield f"| {each['name']} | {scores} | {'yes' if is_met(each['scores']) else 'NO'} |"
    for each in found:
        if not is_met(each["scores"]):
            yield f"\n{each['name']} ({each['file']}):"
            yield from (f"  {line}" for line in each["costly"])


def _installation() -> Installation:
    home = Path(os.environ.get("KONTOR_HOME") or REPOSITORY / ".kontor")
    installation = Installation(home)
    installation.run_state()  # says what to do when nothing runs
    return installation


def _judged(installation: Installation, runs: int) -> Iterator[dict[str, Any]]:
    folder = installation.folders.home / "lighthouse"
    folder.mkdir(exist_ok=True)
    base_url = installation.base_url
    given = {
        "chromium": chromium.ensure(),
        "sandbox": os.geteuid() != 0,
        "runs": runs,
        "folder": str(folder),
        "pages": [{"name": p.name, "url": base_url + p.path, "cookies": _cookies(base_url, p)} for p in PAGES],
    }
    script = npm.installed(Path(__file__).parent, "judge.mjs")
    done = subprocess.run(
        [npm.node(), str(script)],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=MOST_SECONDS,
    )
    for page, line in zip(PAGES, done.stdout.splitlines(), strict=False):
        judged = json.loads(line)
        if urlsplit(judged["url"]).path != urlsplit(page.path).path:
            raise InstallationError(f"{page.name} led to {judged['url']}: load the demo with `make up`.")
        yield judged


def _cookies(base_url: str, page: Page) -> list[dict[str, str]]:
    """Sign in on the portal's pages; return what the browser holds then."""
    if not page.email:
        return []
    with httpx.Client(base_url=base_url, timeout=30, follow_redirects=True) as browser:
        submit(browser, browser.get("/auth/login"), email=page.email, password=content.PASSWORD)
        host = urlsplit(base_url).hostname or ""
        kept = browser.cookies.jar
        return [{"name": one.name, "value": one.value or "", "domain": host, "path": one.path} for one in kept]


if __name__ == "__main__":
    sys.exit(main())
