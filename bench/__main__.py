"""`make bench`, or `python -m bench [list] [files] [chat] [idle]`: measures, prints the table, keeps the figures."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench import chat, files, hot_list, idle, results
from bench.office import Office, open_office

MEASUREMENTS: dict[str, Callable[[Office, Path], list[results.Row]]] = {
    "list": hot_list.measure,
    "files": files.measure,
    "chat": lambda office, _folder: chat.measure(office),
}
IDLE = "idle"


def main() -> None:
    """Measure what is asked for; without arguments everything."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Kontor against its peers and limits.")
    parser.add_argument("what", nargs="*", help=f"{', '.join((*MEASUREMENTS, IDLE))}; all when none is named")
    chosen = set(parser.parse_args().what) or {*MEASUREMENTS, IDLE}
    if unknown := chosen - {*MEASUREMENTS, IDLE}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrupted"))  # leave nothing running
    machine = results.machine()
    rows: list[results.Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-bench-")))
        if IDLE in chosen:
            print("measuring idle …", flush=True)
            rows += idle.measure(folder / "idle")
        if named := [name for name in MEASUREMENTS if name in chosen]:
            office = stack.enter_context(open_office(folder / "office"))
            for name in named:
                print(f"measuring {name} …", flush=True)
                rows += MEASUREMENTS[name](office, folder)
    print(f"\n{machine}\n\n{results.table(rows)}\n\nkept in {results.keep(rows, machine)}")


if __name__ == "__main__":
    main()
