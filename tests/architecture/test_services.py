"""A service stands in every list that has to know it; `SERVICES` of kontor_tools.plan is the one they follow."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from kontor_gateway.config import GatewaySettings
from kontor_tools.plan import SERVICES

from tests.architecture.contracts import public_methods
from tests.architecture.tree import REPOSITORY

CHART = REPOSITORY / "deploy" / "helm" / "kontor"


def _workspace() -> dict[str, Any]:
    settings: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    return settings


def folders() -> set[str]:
    """Return the folders below services/."""
    return {folder.parent.name for folder in (REPOSITORY / "services").glob("*/pyproject.toml")}


def sources() -> set[str]:
    """Return the workspace's own packages."""
    return {name.removeprefix("kontor-") for name in _workspace()["uv"]["sources"]}


def typed() -> set[str]:
    """Return the folders below services/ that mypy finds packages in."""
    paths = _workspace()["mypy"]["mypy_path"].split(":")
    return {path.split("/")[1] for path in paths if path.startswith("services/")}


def addresses() -> set[str]:
    """Return what the gateway has an address of."""
    return {name.removesuffix("_address") for name in GatewaySettings.model_fields if name.endswith("_address")}


def chart_values() -> set[str]:
    """Return the chart's services."""
    return set(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["services"])


def chart_schema() -> set[str]:
    """Return the names that the chart's schema allows."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    return set(schema["properties"]["services"]["propertyNames"]["enum"])


def contracts() -> set[str]:
    """Return the services that have public RPCs."""
    return {method.containing_service.file.package.split(".")[1] for method in public_methods()}


def documented() -> set[str]:
    """Return the parts that docs/ARCHITECTURE.md lists."""
    lines = (REPOSITORY / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    return {line.split("`")[1] for line in lines if line.startswith("| `")}


PLACES: dict[str, Callable[[], set[str]]] = {
    "services/<name>/pyproject.toml": folders,
    "[tool.uv.sources] of pyproject.toml": sources,
    "mypy_path of pyproject.toml": typed,
    "addresses of GatewaySettings in gateway/src/kontor_gateway/config.py": addresses,
    "services of deploy/helm/kontor/values.yaml": chart_values,
    "names of services in deploy/helm/kontor/values.schema.json": chart_schema,
    "protos/kontor/<name>/v1 with public RPCs": contracts,
    "parts in docs/ARCHITECTURE.md": documented,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_service_stands_in(place: str) -> None:
    """Whoever adds a service is told each place that does not know it yet."""
    missing = set(SERVICES) - PLACES[place]()
    assert missing == set(), f"not among the {place}"


@pytest.mark.parametrize("place", ["services/<name>/pyproject.toml", "protos/kontor/<name>/v1 with public RPCs"])
def test_no_service_is_forgotten(place: str) -> None:
    """A folder or a contract whose service is not in SERVICES would be tested and started by nobody."""
    forgotten = PLACES[place]() - set(SERVICES)
    assert forgotten == set(), "not in SERVICES of tools/src/kontor_tools/plan.py"
