"""Who may import whom: services are independent, rules know no transport, only `app.py` wires."""

from __future__ import annotations

import pytest
from kontor_tools.plan import SERVICES

from tests.architecture.tree import REPOSITORY, domain_modules, modules_below, service_source

TRANSPORT = ("grpc", "flask", "gunicorn", "nats", "werkzeug")


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_imports_another(service: str) -> None:
    """A service reaches another only by its contract, never by its code."""
    others = tuple(f"kontor_{other}" for other in (*SERVICES, "portal", "tools") if other != service)
    modules = modules_below(service_source(service))
    assert modules, "the service has no code"
    guilty = {m.name: name for m in modules for name in m.imports() if name.split(".")[0] in others}
    assert guilty == {}


@pytest.mark.parametrize("service", SERVICES)
def test_rules_know_no_transport(service: str) -> None:
    """Domain modules import neither gRPC nor Flask nor NATS."""
    modules = domain_modules(service)
    assert modules, "the service has no domain modules"
    guilty = {m.name: name for m in modules for name in m.imports() if name.split(".")[0] in TRANSPORT}
    assert guilty == {}


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_composition_root_wires(service: str) -> None:
    """Adapters are chosen in app.py (and in the edge's own root), nowhere else."""
    guilty = {
        m.name: name
        for m in modules_below(service_source(service))
        if m.path.name not in {"app.py", "__main__.py"}
        and "adapters" not in m.path.parts
        and "http" not in m.path.parts
        for name in m.imports()
        if name.startswith(f"kontor_{service}.adapters.")
    }
    assert guilty == {}


def test_the_chassis_knows_no_domain() -> None:
    """The chassis imports no service, no page and no service's contract."""
    source = REPOSITORY / "libs" / "chassis" / "src" / "kontor_chassis"
    own_contracts = {"kontor.common"}
    guilty = {
        m.name: name
        for m in modules_below(source)
        for name in m.imports()
        if (name.startswith("kontor.") and ".".join(name.split(".")[:2]) not in own_contracts)
        or name.split(".")[0] in {f"kontor_{service}" for service in (*SERVICES, "portal")}
    }
    assert guilty == {}


@pytest.mark.parametrize("service", SERVICES)
def test_start_up_reads_in_one_file(service: str) -> None:
    """The composition root has at most 120 lines."""
    lines = (service_source(service) / "app.py").read_text(encoding="utf-8").count("\n")
    assert lines <= 120
