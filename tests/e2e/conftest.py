"""One installation serves all end-to-end tests that do not need a special one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.collector import Collector, collecting
from tests.e2e.stage import InstalledStage, installed
from tests.e2e.story import Story, tell

LAST = "test_logs_and_metrics.py"
"""Looks at what all the others have left in the logs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the whole platform; the logs are read at the end."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.path == here / LAST)


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where `stage` sends its traces."""
    with collecting() as running:
        yield running


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[InstalledStage]:
    """The platform with nobody on it but the operator and the network organiser."""
    with installed(tmp_path_factory.mktemp("stage"), otlp_endpoint=collector.address) as ready:
        yield ready


@pytest.fixture(scope="session")
def story(stage: InstalledStage) -> Story:
    """The main job, played once on `stage`."""
    return tell(stage, "Seeblick Assekuranz", "seeblick")


@pytest.fixture(scope="session")
def twofold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledStage]:
    """The platform with two processes of everything: serving, working, pages."""
    with installed(tmp_path_factory.mktemp("twofold"), replicas=2) as ready:
        yield ready


@pytest.fixture(scope="session")
def twofold_story(twofold: InstalledStage) -> Story:
    """The main job, played once on `twofold`."""
    return tell(twofold, "Doppelhaus Assekuranz", "doppelhaus")
