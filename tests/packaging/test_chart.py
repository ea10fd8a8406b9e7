"""The chart renders with the real helm for every scenario file, and Kubernetes would accept each object."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kontor_chassis.event_metrics import CONSUMER_LAG
from kontor_chassis.settings import EdgeSettings, ProcessSettings, ServiceSettings, SettingsError
from kontor_tools.folders import Folders
from kontor_tools.plan import SERVICES, STORAGE, Options, Plan, Ports, ports_needed, settings_class

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "deploy" / "helm" / "kontor"
HELM = str(Path(sys.executable).parent / "helm")
SCENARIOS = sorted(path.stem.removesuffix("-values") for path in (CHART / "ci").glob("*-values.yaml"))
CUSTOM_RESOURCES = {"PodMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds whose schemas come with an operator and not with Kubernetes."""


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


@cache
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


def processes_of(scenario: str) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield our containers: whose image, which command, pod and container."""
    for pod in pods_of(scenario):
        for container in pod["containers"]:
            package = container["image"].rpartition("/")[2].partition(":")[0].removesuffix("-ocr")
            if package.startswith("kontor-"):
                yield package.removeprefix("kontor-"), container["args"][0], pod, container


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


def test_every_process_of_an_installation_is_deployed(tmp_path: Path) -> None:
    """Whatever `make up` starts runs in a cluster too, and every database is migrated."""
    deployed = {(package, command) for package, command, _, _ in processes_of("production")}
    options, folders = Options(replicas=2), Folders(tmp_path)
    folders.create()
    plan = Plan(folders, options, Ports(list(range(ports_needed(options)))))
    programs = [each for each in plan.programs if each.group != STORAGE]
    started = {
        (package.removeprefix("kontor_"), command) for package, command in (each.command[2:4] for each in programs)
    }
    assert started | {(service, "migrate") for service in SERVICES} == deployed - {("vault", "read-texts")}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_process_is_told_what_it_asks_for(scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each starts: it knows every setting that it is given, misses none, and finds the files that they name."""
    for key in [key for key in os.environ if key.startswith("KONTOR_")]:
        monkeypatch.delenv(key)
    faults = {}
    for number, (package, command, pod, container) in enumerate(processes_of(scenario)):
        root = tmp_path / str(number)
        put_secrets(root, pod, container)
        told = {each["name"]: each["value"].replace("/etc/kontor", f"{root}/etc/kontor") for each in container["env"]}
        kind = {"gateway": ProcessSettings}.get(package, EdgeSettings if command == "http" else ServiceSettings)
        with monkeypatch.context() as patched:
            for key, value in told.items():
                patched.setenv(key, value)
            try:
                settings_class(package, kind).load()
            except SettingsError as error:
                faults[package, command] = error.faults
    assert faults == {}


def put_secrets(root: Path, pod: Any, container: Any) -> None:
    """Lay the files of a pod's secrets where its container sees them."""
    whole = {"smtp": "password", "transit": "token", "transit-ca": "ca.pem"}
    folders = {mount["name"]: root / mount["mountPath"].lstrip("/") for mount in container["volumeMounts"]}
    for volume in pod["volumes"]:
        name, secret = volume["name"], volume.get("secret")
        files = [item["path"] for item in secret.get("items", [{"path": whole.get(name)}])] if secret else []
        for file in files:
            folders[name].mkdir(parents=True, exist_ok=True)
            (folders[name] / file).touch()


def test_each_process_sees_only_its_own_encryption_key() -> None:
    """The file edge gets its content keys with each permit; the key of other edges' cookies is none of its business."""
    keys = {
        (package, command): key
        for package, command, pod, _ in processes_of("production")
        if (key := encryption_key_of(pod))
    }
    assert keys == {
        ("identity", "http"): "cookie-key",
        ("portal", "http"): "cookie-key",
        **{("identity", process): "key-encryption-key" for process in ("serve", "work", "migrate")},
    }, "the vault asks the Transit engine"


def vault_process(scenario: str, process: str, *more: str) -> dict[str, Any]:
    """Return a process of the vault: image, settings, and where files are mounted."""
    [pod] = [
        document["spec"]["template"]["spec"]
        for document in rendered(scenario, *more)
        if document["kind"] == "Deployment" and document["metadata"]["name"] == f"kontor-vault-{process}"
    ]
    container = pod["containers"][0]
    return {
        "image": container["image"].rpartition("/")[2].partition(":")[0],
        "settings": {each["name"]: each["value"] for each in container["env"]},
        "mounts": {each["name"] for each in container["volumeMounts"]},
    }


def test_the_vault_is_told_where_copies_keys_and_scanner_are() -> None:
    """Second store, Transit engine and clamd of a production installation reach the processes that use them."""
    for process in ("serve", "work", "read-texts"):
        found = vault_process("production", process)
        settings = found["settings"]
        assert settings["KONTOR_TRANSIT_URL"] == "https://vault.security:8200"
        assert settings["KONTOR_OBJECT_REPLICA_URL"] == "s3://kontor-documents-copy"
        assert settings["KONTOR_INTEGRITY_MEGABYTES_PER_MINUTE"] == "2000"
        assert {"transit", "transit-ca"} <= found["mounts"]
        assert "KONTOR_KEY_ENCRYPTION_KEY_FILE" not in settings
    edge = vault_process("production", "http")
    assert edge["settings"]["KONTOR_MALWARE_SCANNER"] == "clamd.security:3310"
    assert not {name for name in edge["settings"] if "TRANSIT" in name or "REPLICA" in name}
    moving = vault_process("production", "serve", "--set", "keyEncryption.file=true")
    assert "encryption" in moving["mounts"], "while keys move, the file still opens"


def test_texts_are_read_by_a_process_of_its_own() -> None:
    """OCR: the image with tesseract runs only where texts are read, and scales alone; without it `work` reads."""
    reader = vault_process("production", "read-texts")
    assert (reader["image"], reader["settings"]["KONTOR_READS_TEXTS"]) == ("kontor-vault-ocr", "false")
    worker = vault_process("production", "work")
    assert (worker["image"], worker["settings"]["KONTOR_READS_TEXTS"]) == ("kontor-vault", "false")
    assert "KONTOR_READS_TEXTS" not in vault_process("minimal", "work")["settings"]
    [scaling] = [
        document["spec"]
        for document in rendered("production")
        if document["kind"] == "HorizontalPodAutoscaler" and document["metadata"]["name"].endswith("read-texts")
    ]
    assert (scaling["minReplicas"], scaling["maxReplicas"]) == (2, 40)


def test_keys_without_a_place_are_told_by_name() -> None:
    """Neither key file nor engine, or an engine without its token: refused before anything is installed."""
    for more in (["keyEncryption.transit.url="], ["keyEncryption.transit.tokenSecret="]):
        result = helm(
            "template", "kontor", str(CHART), "-f", str(CHART / "ci" / "production-values.yaml"), "--set", *more
        )
        assert result.returncode != 0
        assert "transit" in result.stderr


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
