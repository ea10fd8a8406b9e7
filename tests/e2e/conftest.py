"""One installation serves all end-to-end tests that do not need a special one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stage import InstalledStage, installed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the whole platform."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledStage]:
    """The platform with nobody on it but the operator and the network organiser."""
    with installed(tmp_path_factory.mktemp("stage")) as ready:
        yield ready
