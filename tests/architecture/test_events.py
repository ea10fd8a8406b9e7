"""Every published fact has a schema, every consumed one a producer."""

from __future__ import annotations

import ast
import re
from importlib import import_module

import pytest
from google.protobuf.message import Message
from kontor_tools.plan import SERVICES

from tests.architecture.tree import REPOSITORY, modules_below, service_source

EVENT_FILES = {service: REPOSITORY / "protos" / "kontor" / service / "v1" / "events.proto" for service in SERVICES}

AWAITED: dict[str, dict[str, str]] = {}
"""Events that are agreed and consumed before their producer has what they tell of."""


def declared(service: str) -> set[str]:
    """Return the messages of a service's events.proto that are events: they carry the firm they belong to."""
    module = import_module(f"kontor.{service}.v1.events_pb2")
    messages = module.DESCRIPTOR.message_types_by_name.values()
    return {message.name for message in messages if "tenant_id" in message.fields_by_name}


def constructed(service: str) -> set[str]:
    """Return the events that a service's code builds."""
    names: set[str] = set()
    for module in modules_below(service_source(service)):
        aliases = _aliases(module.tree, service)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                names |= _event_named(node.func, aliases)
    return names


def _aliases(tree: ast.Module, service: str) -> dict[str, str]:
    """Return local name → event, or local name → '' for the module itself."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == f"kontor.{service}.v1":
            found |= {(a.asname or a.name): "" for a in node.names if a.name == "events_pb2"}
        if isinstance(node, ast.ImportFrom) and node.module == f"kontor.{service}.v1.events_pb2":
            found |= {(a.asname or a.name): a.name for a in node.names}
    return found


def _event_named(function: ast.expr, aliases: dict[str, str]) -> set[str]:
    if isinstance(function, ast.Name) and aliases.get(function.id):
        return {aliases[function.id]}
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return {function.attr} if aliases.get(function.value.id) == "" else set()
    return set()


@pytest.mark.parametrize("service", SERVICES)
def test_every_declared_event_is_published(service: str) -> None:
    """An event in events.proto that no code builds is a promise nobody keeps."""
    assert declared(service) - constructed(service) - set(AWAITED.get(service, {})) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_awaited_events_are_still_awaited(service: str) -> None:
    """Once a service publishes an event, it leaves the list."""
    assert set(AWAITED.get(service, {})) & constructed(service) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_events_are_facts(service: str) -> None:
    """Events are named in the past tense and say which firm they belong to."""
    text = EVENT_FILES[service].read_text(encoding="utf-8")
    names = re.findall(r"^message (\w+)", text, re.MULTILINE)
    assert names
    for name in declared(service):
        assert name.endswith(("ed", "Given", "Withdrawn", "Read", "Proven", "Drawn")), name


@pytest.mark.parametrize("service", SERVICES)
def test_every_consumed_event_has_a_producer(service: str) -> None:
    """A consumer listens to an event that some service declares and publishes."""
    source = service_source(service)
    tables = [path for path in (source / "consumers.py", *sorted((source / "consumers").glob("*.py"))) if path.exists()]
    for table in tables:
        tree = ast.parse(table.read_text(encoding="utf-8"))
        for producer in SERVICES:
            aliases = _aliases(tree, producer)
            used = {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and aliases.get(node.value.id) == ""
            }
            used |= {name for name in aliases.values() if name}
            known = constructed(producer) | {"DESCRIPTOR"} | set(AWAITED.get(producer, {}))
            assert used <= known, f"{table} consumes what {producer} never publishes"


def test_event_messages_are_protobuf() -> None:
    """The event classes really are messages, so that the registry can parse them by type."""
    for service in SERVICES:
        module = import_module(f"kontor.{service}.v1.events_pb2")
        for name in declared(service):
            assert issubclass(getattr(module, name), Message)
