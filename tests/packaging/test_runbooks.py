"""Every alert has a runbook, every runbook an alert, and alerts watch metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ALERTS = REPOSITORY / "deploy" / "helm" / "kontor" / "files" / "alerts.yaml"
DASHBOARD = ALERTS.with_name("dashboard.json")
OWN_METRIC = re.compile(r"\b(kontor_[a-z_]+|grpc_server_[a-z_]+|http_server_[a-z_]+)\b")
SUFFIXES = ("_bucket", "_total", "_sum", "_count")


def bare(metric: str) -> str:
    for suffix in SUFFIXES:
        metric = metric.removesuffix(suffix)
    return metric


def test_alerts_and_runbooks_are_the_same_list() -> None:
    """Whoever is woken finds a page with the alert's name."""
    alerts = set(re.findall(r"alert: (\w+)", ALERTS.read_text(encoding="utf-8")))
    pages = {path.stem for path in (REPOSITORY / "docs" / "runbooks").glob("*.md")} - {"README"}
    assert alerts == pages
    assert alerts


def test_alerts_and_dashboard_watch_existing_metrics() -> None:
    """A renamed metric breaks this test instead of silencing an alert."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    watched = ALERTS.read_text(encoding="utf-8") + "\n".join(p["targets"][0]["expr"] for p in panels)
    code = [*REPOSITORY.glob("libs/chassis/src/**/*.py"), *REPOSITORY.glob("services/*/src/**/*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in code)
    defined = {bare(name) for name in re.findall(r"\"((?:kontor|grpc_server|http_server)_[a-z_]+)\"", source)}
    assert {bare(name) for name in OWN_METRIC.findall(watched)} <= defined
