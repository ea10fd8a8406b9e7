"""The public API as pages: services, operations, parameters and messages out of the generated OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_REFERENCE: Final = "#/components/schemas/"
Json = Mapping[str, Any]
"""A node of the OpenAPI document; only this module reads it."""


@dataclass(frozen=True)
class Field:
    """A parameter of a request, or a field of a message."""

    name: str
    type: str
    description: str
    is_required: bool
    place: str = ""
    """`path` or `query` for parameters."""
    message: str = ""
    """The message that is the field's type, to link to."""


@dataclass(frozen=True)
class Operation:
    """One RPC as it is called over HTTP."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    access: str
    parameters: tuple[Field, ...]
    request: str
    response: str
    is_stream: bool


@dataclass(frozen=True)
class Service:
    """One service with its operations."""

    name: str
    title: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Message:
    """One message of the API."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    names: tuple[str, ...]
    """The names of an enumeration."""


@dataclass(frozen=True)
class Reference:
    """Everything on the page."""

    title: str
    version: str
    description: str
    services: tuple[Service, ...]
    messages: tuple[Message, ...]


@cache
def document() -> bytes:
    """Return the OpenAPI document as it was generated."""
    return (files("kontor_protos") / "openapi.json").read_bytes()


@cache
def reference() -> Reference:
    """Return the document as the page shows it."""
    api: Json = json.loads(document())
    operations = tuple(_operations(api))
    services = tuple(
        Service(
            name=tag["name"],
            title=str(tag["name"]).removesuffix("Service"),
            description=tag.get("description", ""),
            operations=tuple(each for name, each in operations if name == tag["name"]),
        )
        for tag in api.get("tags", ())
    )
    schemas: Json = api.get("components", {}).get("schemas", {})
    return Reference(
        title=api["info"]["title"],
        version=api["info"]["version"],
        description=api["info"].get("description", ""),
        services=services,
        messages=tuple(_message(name, schema) for name, schema in sorted(schemas.items())),
    )


def _operations(api: Json) -> Iterator[tuple[str, Operation]]:
    for path, item in api["paths"].items():
        for method in _METHODS:
            if method in item:
                yield item[method]["tags"][0], _operation(method, path, item[method])


def _operation(method: str, path: str, node: Json) -> Operation:
    content: Json = node["responses"].get("200", {}).get("content", {})
    body: Json = node.get("requestBody", {}).get("content", {})
    return Operation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        summary=node.get("summary", ""),
        description=node.get("description", ""),
        access=_access(node.get("x-kontor-access", {})),
        parameters=tuple(_parameter(each) for each in node.get("parameters", ())),
        request=_first_message(body),
        response=_first_message(content),
        is_stream="text/event-stream" in content,
    )


def _access(node: Json) -> str:
    if node.get("anonymous"):
        return "anonymous"
    return ", ".join([*map(str, node.get("roles", ())), *(f"right {each}" for each in node.get("rights", ()))])


def _first_message(content: Json) -> str:
    return next((_name_of(media.get("schema", {})) for media in content.values()), "")


def _parameter(node: Json) -> Field:
    schema: Json = node.get("schema", {})
    required = bool(node.get("required", False))
    return Field(node["name"], _type(schema), node.get("description", ""), required, node.get("in", ""))


def _message(name: str, schema: Json) -> Message:
    required = frozenset(schema.get("required", ()))
    fields = tuple(
        Field(
            name=field,
            type=_type(node),
            description=node.get("description", ""),
            is_required=field in required,
            message=_name_of(node) or _name_of(node.get("items", {})),
        )
        for field, node in schema.get("properties", {}).items()
    )
    names = tuple(map(str, schema.get("enum", ())))
    return Message(name, name.rpartition(".")[2], schema.get("description", ""), fields, names)


def _name_of(node: Json) -> str:
    if "$ref" in node:
        return str(node["$ref"]).removeprefix(_REFERENCE)
    return next((_name_of(each) for each in node.get("allOf", ()) if "$ref" in each), "")


def _type(node: Json) -> str:
    name = _name_of(node)
    if name:
        return name.rpartition(".")[2]
    if node.get("type") == "array":
        return f"{_type(node.get('items', {}))}[]"
    kind = node.get("type", "object")
    plain = "/".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    return f"{plain} ({node['format']})" if "format" in node else plain
