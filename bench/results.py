"""What a benchmark says, and how it is printed and kept."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    measured: str
    """What Kontor did, for example "812 req/s"."""
    against: str
    """The peer's figure in the same run, or the limit."""
    value: float
    """Share of the peer's speed in percent, or the measured figure where there is a limit."""
    aim: float
    """What `value` should reach, or stay below."""
    unit: str
    more_is_better: bool = True

    @property
    def is_met(self) -> bool:
        """Whether the aim is met."""
        return self.value >= self.aim if self.more_is_better else self.value <= self.aim


def share(name: str, measured: float, peer: float, unit: str, aim: float = 60.0) -> Row:
    """Return the row of a speed and its peer's speed, both in `unit`."""
    return Row(name, f"{measured:,.0f} {unit}", f"{peer:,.0f} {unit}", 100 * measured / peer, aim, "%")


def limit(name: str, value: float, unit: str, aim: float, measured: str = "") -> Row:
    """Return the row of a figure that should stay below a limit."""
    return Row(name, measured or f"{value:,.1f} {unit}", f"≤ {aim:g} {unit}", value, aim, unit, more_is_better=False)


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | Kontor | against | result | aim | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        aim = f"{'≥' if row.more_is_better else '≤'} {row.aim:g} {row.unit}"
        result = f"{row.value:,.1f} {row.unit}"
        lines.append(
            f"| {row.name} | {row.measured} | {row.against} | {result} | {aim} | {'yes' if row.is_met else 'NO'} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """Return the size of the machine and how busy it is besides."""
    memory = psutil.virtual_memory().total / 1024**3
    load = os.getloadavg()[0]
    return f"{psutil.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, load before: {load:.1f}"


def keep(rows: list[Row], on: str) -> Path:
    """Write the rows to bench/results/<time>.json and return the file."""
    RESULTS.mkdir(exist_ok=True)
    now = datetime.now(UTC)  # the machine's time: nothing of the product runs here
    file = RESULTS / f"{now:%Y-%m-%dT%H-%M-%SZ}.json"
    content = {"time": now.isoformat(), "machine": on, "rows": [{**asdict(row), "met": row.is_met} for row in rows]}
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
