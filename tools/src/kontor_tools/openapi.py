"""Derives the OpenAPI 3.1 text of the public API from the descriptors of the protos.

The mapping is the one of the gateway's transcoder: `google.api.http` gives method and path, fields that are neither
in the path nor in the body are query parameters, 64-bit integers are strings, names are lowerCamelCase, errors are
`google.rpc.Status`, server streams are server-sent events. Comments of the protos become descriptions, protovalidate
limits become JSON Schema limits, and the declared authorization stands in `x-kontor-access`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from buf.validate import validate_pb2
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from kontor.common.v1 import access_pb2

Json = dict[str, Any]

PATH_VARIABLE = re.compile(r"\{([a-z0-9_.]+)(?:=[^}]*)?\}")

SCALARS: dict[int, Json] = {
    Field.TYPE_DOUBLE: {"type": "number", "format": "double"},
    Field.TYPE_FLOAT: {"type": "number", "format": "float"},
    Field.TYPE_INT64: {"type": "string", "format": "int64"},
    Field.TYPE_UINT64: {"type": "string", "format": "uint64"},
    Field.TYPE_INT32: {"type": "integer", "format": "int32"},
    Field.TYPE_UINT32: {"type": "integer", "format": "uint32"},
    Field.TYPE_BOOL: {"type": "boolean"},
    Field.TYPE_STRING: {"type": "string"},
    Field.TYPE_BYTES: {"type": "string", "format": "byte"},
}

WELL_KNOWN: dict[str, Json] = {
    ".google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    ".google.protobuf.Duration": {"type": "string", "examples": ["3.5s"]},
    ".google.protobuf.FieldMask": {"type": "string", "description": "Names of fields, separated by commas."},
    ".google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    ".google.protobuf.Value": {},
    ".google.protobuf.Empty": {"type": "object"},
}

STATUS_SCHEMA: Json = {
    "type": "object",
    "description": "A refusal. `details` holds ErrorInfo (stable reason), BadRequest (fields) and LocalizedMessage.",
    "properties": {
        "code": {"type": "integer", "format": "int32", "description": "Code of google.rpc.Code."},
        "message": {"type": "string", "description": "One sentence that says what happened and what to do."},
        "details": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
}


def openapi(descriptors: descriptor_pb2.FileDescriptorSet) -> Json:
    """Return the OpenAPI document of all public services among `descriptors`."""
    return _Document(descriptors).build()


def openapi_text(descriptors: descriptor_pb2.FileDescriptorSet) -> str:
    """Return the document as JSON text, stable from run to run."""
    return json.dumps(openapi(descriptors), ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True)
class _Binding:
    """One HTTP mapping of one RPC."""

    verb: str
    path: str
    body: str


def _bindings(rule: http_pb2.HttpRule) -> Iterator[_Binding]:
    verb = rule.WhichOneof("pattern")
    if verb is not None and verb != "custom":
        yield _Binding(verb, str(getattr(rule, verb)), rule.body)
    for additional in rule.additional_bindings:
        yield from _bindings(additional)


@dataclass
class _Document:
    """Walks the descriptors once and collects paths and the schemas they need."""

    descriptors: descriptor_pb2.FileDescriptorSet
    messages: dict[str, descriptor_pb2.DescriptorProto] = field(default_factory=dict)
    enums: dict[str, descriptor_pb2.EnumDescriptorProto] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, Json] = field(default_factory=dict)

    def build(self) -> Json:
        for file in self.descriptors.file:
            self._index(file)
        paths: dict[str, Json] = {}
        tags: list[Json] = []
        for file in self.descriptors.file:
            if file.package.startswith("kontor."):
                self._add_services(file, paths, tags)
        self.schemas["google.rpc.Status"] = STATUS_SCHEMA
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Kontor",
                "version": "v1",
                "description": "The public API of Kontor. Every path is served by the gateway, as JSON and as gRPC.",
                "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
            },
            "servers": [{"url": "/", "description": "The gateway that serves this document"}],
            "tags": tags,
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": dict(sorted(self.schemas.items())),
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "office_access"},
                },
            },
        }

    def _index(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        prefix = f".{file.package}"
        for message in file.message_type:
            self._index_message(prefix, message)
        for enum in file.enum_type:
            self.enums[f"{prefix}.{enum.name}"] = enum
        for location in file.source_code_info.location:
            name = _name_at(file, list(location.path))
            if name and location.leading_comments:
                self.comments[f"{prefix}.{name}"] = _prose(location.leading_comments)

    def _index_message(self, prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        self.messages[name] = message
        for nested in message.nested_type:
            self._index_message(name, nested)
        for enum in message.enum_type:
            self.enums[f"{name}.{enum.name}"] = enum

    def _add_services(self, file: descriptor_pb2.FileDescriptorProto, paths: dict[str, Json], tags: list[Json]) -> None:
        for service in file.service:
            if service.options.Extensions[access_pb2.internal]:
                continue
            full_name = f".{file.package}.{service.name}"
            tags.append({"name": service.name, "description": self.comments.get(full_name, "")})
            for method in service.method:
                rule = method.options.Extensions[annotations_pb2.http]
                for number, binding in enumerate(_bindings(rule)):
                    operation = self._operation(full_name, method, binding, number)
                    path = PATH_VARIABLE.sub(r"{\1}", binding.path)
                    paths.setdefault(path, {})[binding.verb] = operation

    def _operation(
        self, service: str, method: descriptor_pb2.MethodDescriptorProto, binding: _Binding, number: int
    ) -> Json:
        text = self.comments.get(f"{service}.{method.name}", "")
        access = method.options.Extensions[access_pb2.access]
        tag = service.rsplit(".", 1)[1]
        operation: Json = {
            "operationId": f"{tag}_{method.name}" + (f"_{number + 1}" if number else ""),
            "tags": [tag],
            "summary": text.split(". ")[0].split("\n")[0].rstrip("."),
            "description": text,
            "parameters": list(self._parameters(method.input_type, binding)),
            "responses": {"200": self._answer(method), "default": _refusal()},
            "x-kontor-access": _access(access),
        }
        if binding.body:
            schema = self._body_schema(method.input_type, binding)
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        operation["security"] = [] if access.anonymous else [{"bearer": []}, {"cookie": []}]
        return operation

    def _parameters(self, request: str, binding: _Binding) -> Iterator[Json]:
        in_path = PATH_VARIABLE.findall(binding.path)
        for variable in in_path:
            found = self._find_field(request, variable)
            yield self._parameter(found[0], found[1], variable, where="path")
        if binding.body == "*":
            return
        yield from self._query_parameters(request, "", {*in_path, binding.body}, depth=0)

    def _query_parameters(self, message: str, prefix: str, taken: Iterable[str], depth: int) -> Iterator[Json]:
        skipped = set(taken)
        for item in self.messages[message].field:
            name = prefix + item.name
            if name in skipped:
                continue
            is_message = item.type == Field.TYPE_MESSAGE and item.type_name not in WELL_KNOWN
            if not is_message:
                yield self._parameter(message, item, name, where="query")
            elif depth < 2 and item.label != Field.LABEL_REPEATED:
                yield from self._query_parameters(item.type_name, f"{name}.", skipped, depth + 1)

    def _parameter(self, owner: str, item: Field, name: str, *, where: str) -> Json:
        return {
            "name": name if where == "path" else _camel_path(name),
            "in": where,
            "required": where == "path",
            "description": self.comments.get(f"{owner}.{item.name}", ""),
            "schema": self._field_schema(item),
        }

    def _find_field(self, message: str, path: str) -> tuple[str, Field]:
        head, _, rest = path.partition(".")
        item = next(f for f in self.messages[message].field if f.name == head)
        return self._find_field(item.type_name, rest) if rest else (message, item)

    def _body_schema(self, request: str, binding: _Binding) -> Json:
        if binding.body != "*":
            return self._field_schema(self._find_field(request, binding.body)[1])
        in_path = set(PATH_VARIABLE.findall(binding.path))
        if not in_path:
            return self._reference(request)
        schema = self._object(request, without=in_path)
        name = f"{request[1:]}.Body"
        self.schemas[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def _answer(self, method: descriptor_pb2.MethodDescriptorProto) -> Json:
        if method.output_type == ".google.api.HttpBody":
            content: Json = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            return {"description": "The file itself, with its own content type.", "content": content}
        schema = self._reference(method.output_type)
        if method.server_streaming:
            text = "Server-sent events; the data of each is one message."
            return {"description": text, "content": {"text/event-stream": {"schema": schema}}}
        return {"description": "Success.", "content": {"application/json": {"schema": schema}}}

    def _reference(self, type_name: str) -> Json:
        if type_name in WELL_KNOWN:
            return dict(WELL_KNOWN[type_name])
        name = type_name[1:]
        if name not in self.schemas:
            self.schemas[name] = {}  # taken before descending, because messages may contain themselves
            self.schemas[name] = self._enum(type_name) if type_name in self.enums else self._object(type_name)
        return {"$ref": f"#/components/schemas/{name}"}

    def _enum(self, type_name: str) -> Json:
        values = [value.name for value in self.enums[type_name].value]
        told = [f"`{v}`: {self.comments[f'{type_name}.{v}']}" for v in values if f"{type_name}.{v}" in self.comments]
        description = "\n".join([self.comments.get(type_name, ""), *told]).strip()
        return {"type": "string", "enum": values, "description": description}

    def _object(self, type_name: str, without: Iterable[str] = ()) -> Json:
        left_out = set(without)
        properties: Json = {}
        required: list[str] = []
        for item in self.messages[type_name].field:
            if item.name in left_out:
                continue
            schema = self._field_schema(item)
            text = self.comments.get(f"{type_name}.{item.name}")
            if text:
                schema["description"] = text
            properties[item.json_name] = schema
            if item.options.Extensions[validate_pb2.field].required:
                required.append(item.json_name)
        schema = {"type": "object", "description": self.comments.get(type_name, ""), "properties": properties}
        return schema | ({"required": required} if required else {})

    def _field_schema(self, item: Field) -> Json:
        entry = self.messages.get(item.type_name)
        if entry is not None and entry.options.map_entry:
            return {"type": "object", "additionalProperties": self._field_schema(entry.field[1])}
        rules = item.options.Extensions[validate_pb2.field]
        if item.label == Field.LABEL_REPEATED:
            element = self._value_schema(item) | _limits(rules.repeated.items)
            return {"type": "array", "items": element} | _list_limits(rules.repeated)
        return self._value_schema(item) | _limits(rules)

    def _value_schema(self, item: Field) -> Json:
        if item.type in (Field.TYPE_MESSAGE, Field.TYPE_ENUM):
            return self._reference(item.type_name)
        return dict(SCALARS[item.type])


def _name_at(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str | None:
    """Return the dotted name of the element at a source location path, None for what has no name."""
    node: Any = file
    names: list[str] = []
    for number, index in zip(path[::2], path[1::2], strict=False):
        step = node.DESCRIPTOR.fields_by_number[number]
        if not step.is_repeated or step.message_type is None:
            return None
        node = getattr(node, step.name)[index]
        names.append(getattr(node, "name", ""))
    return ".".join(names) if len(path) % 2 == 0 and all(names) else None


def _prose(comment: str) -> str:
    lines = [line.strip() for line in comment.strip().splitlines()]
    return re.sub(r"(?<!\n)\n(?!\n|- )", " ", "\n".join(lines))


def _camel_path(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), name)


KEYWORDS = {
    "min_len": "minLength",
    "max_len": "maxLength",
    "pattern": "pattern",
    "gte": "minimum",
    "lte": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}

FORMATS = {"uuid", "email", "uri", "hostname"}


def _limits(rules: validate_pb2.FieldRules) -> Json:
    """Return the JSON Schema keywords of a field's protovalidate rules, where an equal keyword exists."""
    kind = rules.WhichOneof("type")
    if kind not in ("string", "int32", "uint32", "double", "float"):
        return {}
    given = {descriptor.name: value for descriptor, value in getattr(rules, kind).ListFields()}
    schema: Json = {KEYWORDS[name]: value for name, value in given.items() if name in KEYWORDS}
    for name in FORMATS & given.keys():
        schema["format"] = name
    return schema


def _list_limits(rules: validate_pb2.RepeatedRules) -> Json:
    schema: Json = {}
    if rules.HasField("min_items"):
        schema["minItems"] = rules.min_items
    if rules.HasField("max_items"):
        schema["maxItems"] = rules.max_items
    return schema


def _access(access: access_pb2.Access) -> Json:
    return {
        "anonymous": access.anonymous,
        "roles": [access_pb2.Role.Name(role).removeprefix("ROLE_") for role in access.roles],
        "rights": [access_pb2.Right.Name(right).removeprefix("RIGHT_") for right in access.rights],
        "minLevel": max(int(access.min_level), 1),
        "maxAgeSeconds": access.max_age_seconds,
        "minIdentity": max(int(access.min_identity), 1),
        "scopes": [_oauth_scope(scope) for scope in access.scopes],
    }


def _oauth_scope(scope: access_pb2.Scope.ValueType) -> str:
    return access_pb2.Scope.Name(scope).removeprefix("SCOPE_").lower().replace("_", ".", 1)


def _refusal() -> Json:
    schema = {"$ref": "#/components/schemas/google.rpc.Status"}
    return {"description": "Refused; see `google.rpc.Status`.", "content": {"application/json": {"schema": schema}}}
