"""`make bench`, or `python -m bench [list] [files] [chat] …`: measures, prints, keeps figures."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import chat, files, hot_list, idle, invitations, many_files, pages, results, search, sign_in, tokens
from bench.office import Office, open_office

MEASUREMENTS: dict[str, Callable[[Office, Path], list[results.Row]]] = {
    "list": hot_list.measure,
    "files": files.measure,
    "many_files": many_files.measure,
    "search": search.measure,
    "chat": lambda office, _folder: chat.measure(office),
    "sign_in": lambda office, _folder: sign_in.measure(office),
    "pages": lambda office, _folder: pages.measure(office),
    "invitations": lambda office, _folder: invitations.measure(office),
}
ALONE: dict[str, Callable[[Path], list[results.Row]]] = {
    "idle": lambda folder: idle.measure(folder / "idle"),
    "tokens": lambda _folder: tokens.measure(),
}
"""What needs no office that is open."""


def main() -> int:
    """Measure what is asked for, without arguments everything; 1 when something could not be measured."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Kontor against its peers and limits.")
    known = (*ALONE, *MEASUREMENTS)
    parser.add_argument("what", nargs="*", help=f"{', '.join(known)}; all when none is named")
    chosen = set(parser.parse_args().what) or set(known)
    if unknown := chosen.difference(known):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrupted"))  # leave nothing running
    machine = results.machine()
    run = Run()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-")))
        for name in (name for name in ALONE if name in chosen):
            run.measure(name, partial(ALONE[name], folder))
        if named := [name for name in MEASUREMENTS if name in chosen]:
            office = stack.enter_context(open_office(folder / "office"))
            for name in named:
                run.measure(name, partial(MEASUREMENTS[name], office, folder))
    print(f"\n{machine}\n\n{results.table(run.rows)}\n\nkept in {results.keep(run.rows, machine)}")
    return 1 if run.failed else 0


class Run:
    """The rows so far; what cannot be measured must not take the others with it."""

    def __init__(self) -> None:
        self.rows: list[results.Row] = []
        self.failed = False

    def measure(self, name: str, work: Callable[[], list[results.Row]]) -> None:
        """Do one measurement and show its rows."""
        print(f"measuring {name} …", flush=True)
        try:
            found = work()
        except Exception:  # a measurement that fails costs its own rows, not the others
            self.failed = True
            traceback.print_exc()
            return
        self.rows += found
        print(results.table(found), flush=True)


if __name__ == "__main__":
    sys.exit(main())
