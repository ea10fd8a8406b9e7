"""The chart renders with the real helm for every scenario file, and Kubernetes would accept each object."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kontor_chassis.event_metrics import CONSUMER_LAG

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "deploy" / "helm" / "kontor"
HELM = str(Path(sys.executable).parent / "helm")
SCENARIOS = sorted(path.stem.removesuffix("-values") for path in (CHART / "ci").glob("*-values.yaml"))
CUSTOM_RESOURCES = {"PodMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds whose schemas come with an operator and not with Kubernetes."""


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


def rendered(scenario: str, *more: str) -> list[dict[str, Any]]:
    result = helm("template", "kontor", str(CHART), "-f", str(CHART / "ci" / f"{scenario}-values.yaml"), *more)
    assert result.returncode == 0, result.stderr
    return [document for document in yaml.safe_load_all(result.stdout) if document]


def pods_of(scenario: str) -> list[Any]:
    """Return the pods of all workloads."""
    return [
        document["spec"]["template"]["spec"]
        for document in rendered(scenario)
        if document["kind"] in {"Deployment", "StatefulSet", "Job"}
    ]


def test_the_three_scenarios_exist() -> None:
    """Default, minimal and production values are rendered by the tests below."""
    assert SCENARIOS == ["default", "minimal", "production"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_helm_lint_accepts(scenario: str) -> None:
    """`helm lint --strict` finds nothing in any scenario."""
    result = helm("lint", "--strict", str(CHART), "-f", str(CHART / "ci" / f"{scenario}-values.yaml"))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_manifest_is_valid(scenario: str) -> None:
    """Every object passes the strict Kubernetes schema: no unknown and no misspelt field."""
    documents = rendered(scenario)
    checked = 0
    for document in documents:
        if document["kind"] in CUSTOM_RESOURCES:
            continue
        kubernetes_validate.validate(document, "1.31", strict=True)
        checked += 1
    assert checked > 50


def test_unknown_value_is_refused() -> None:
    """A misspelt value stops the installation instead of being ignored."""
    result = helm("template", "kontor", str(CHART), "--set", "databse.host=db")
    assert result.returncode != 0
    assert "databse" in result.stderr


def test_missing_database_is_told_by_name() -> None:
    """Without a database the chart says which value is missing."""
    result = helm("template", "kontor", str(CHART))
    assert result.returncode != 0
    assert "database.host" in result.stderr or "objectStore.url" in result.stderr


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_container_is_locked_down(scenario: str) -> None:
    """Non-root, no privilege escalation, no capabilities; our own images also read-only."""
    pods = pods_of(scenario)
    assert len(pods) > 15
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            if "kontor-" in container["image"]:
                assert security["readOnlyRootFilesystem"] is True


def test_only_named_callers_reach_a_service() -> None:
    """The policy of identity names the gateway and exactly the services that call it."""
    policies = {
        document["metadata"]["name"]: document
        for document in rendered("production")
        if document["kind"] == "NetworkPolicy"
    }
    sources = [
        source["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in policies["kontor-billing-serve"]["spec"]["ingress"]
        for source in rule["from"]
        if "podSelector" in source
    ]
    assert sources == ["gateway", "billing"]
    callers = [
        source["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in policies["kontor-identity-serve"]["spec"]["ingress"]
        for source in rule["from"]
        if "podSelector" in source
    ]
    assert {"contracts", "chat", "notifications", "billing", "experts"} <= set(callers)
    assert "portal" not in callers


def test_no_settings_come_from_kubernetes() -> None:
    """With service links a release named "kontor" gets KONTOR_GATEWAY_PORT and the like, which its processes refuse."""
    pods = [pod for scenario in SCENARIOS for pod in pods_of(scenario)]
    assert [pod for pod in pods if pod["enableServiceLinks"] is not False] == []


def test_each_process_sees_only_its_own_encryption_key() -> None:
    """The file edge gets its content keys with each permit; the key of other edges' cookies is none of its business."""
    keys = {
        (container["image"].rpartition("/")[2].partition(":")[0], container["args"][0]): key
        for pod in pods_of("production")
        for container in pod["containers"]
        if (key := encryption_key_of(pod))
    }
    assert keys == {
        ("kontor-identity", "http"): "cookie-key",
        ("kontor-portal", "http"): "cookie-key",
        **{
            (f"kontor-{service}", process): "key-encryption-key"
            for service in ("identity", "vault")
            for process in ("serve", "work", "migrate")
        },
    }


def encryption_key_of(pod: Any) -> str:
    """Return the key that a pod mounts from the secret of encryption keys; "" when none."""
    volumes = [volume for volume in pod["volumes"] if volume["name"] == "encryption"]
    return str(volumes[0]["secret"]["items"][0]["key"]) if volumes else ""


def test_workers_are_scaled_by_a_figure_that_exists() -> None:
    """KEDA asks for the consumer lag by the labels it is measured with."""
    scaled = [each for each in rendered("production", "--set", "keda=true") if each["kind"] == "ScaledObject"]
    assert len(scaled) == 7
    [metric] = CONSUMER_LAG.describe()
    for document in scaled:
        query = document["spec"]["triggers"][0]["metadata"]["query"]
        assert f"{metric.name}{{service=" in query


def test_figures_about_jobs_keep_the_names_of_the_jobs() -> None:
    """The alert and the dashboard group by `job`, which Prometheus overwrites unless it is told not to."""
    [monitor] = [each for each in rendered("production") if each["kind"] == "PodMonitor"]
    assert [each["honorLabels"] for each in monitor["spec"]["podMetricsEndpoints"]] == [True]
