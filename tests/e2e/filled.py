"""Requests made from descriptors: every id field filled by its name, everything else so that validation passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from buf.validate import validate_pb2
from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from protovalidate import Validator

Field = Any
"""A FieldDescriptor; its types say that a field's message and enum may be missing, which its kind tells."""
DEEPEST = 3
_RULES = validate_pb2.field
_WORDS: dict[str, Any] = {
    "request_id": lambda: str(uuid4()),
    "period": lambda: "2026-01",
    "email": lambda: f"{uuid4().hex}@irgendwo.example",
    "contact_email": lambda: f"{uuid4().hex}@irgendwo.example",
    "primary_color": lambda: "#12355b",
    "accent_color": lambda: "#b4552d",
    "host": lambda: f"portal-{uuid4().hex[:8]}.fremd.example",
    "subject": lambda: str(uuid4()),
    "slug": lambda: f"fremd-{uuid4().hex[:8]}",
    "currency": lambda: "EUR",
    "form_schema": lambda: '{"type":"object","properties":{}}',
    "consent_template": lambda: "{experte} erhält {daten}.",
    "ihk_number": lambda: "D-ABCD-12345-67",
    "sha256": lambda: "0" * 64,
    "conditions_sha256": lambda: "0" * 64,
}
"""Values of fields whose rules say more than their type does."""
_DAY = "2026-01-31"


def filled(message_class: type[Message], ids: Mapping[str, str]) -> Message:
    """Return a valid request whose `*_id` fields hold `ids` by name (the longest ending wins)."""
    request = message_class()
    _fill(request, ids, 0)
    violations = Validator().collect_violations(request)
    wrong = [f"{v.proto.field} {v.proto.rule_id}" for v in violations]
    assert not wrong, f"{request.DESCRIPTOR.full_name}: teach the generator about {wrong}"
    return request


def id_for(name: str, ids: Mapping[str, str]) -> str:
    """Return the id for a field: by its name, else by its ending ("operator_account_id" is an account_id)."""
    endings = [known for known in ids if name == known or name.endswith(f"_{known}")]
    return ids[max(endings, key=len)] if endings else str(uuid4())


def _fill(message: Message, ids: Mapping[str, str], depth: int) -> None:
    chosen: set[str] = set()
    for field in message.DESCRIPTOR.fields:
        if field_behavior_pb2.OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]:
            continue
        one_of = field.containing_oneof
        if one_of is not None and one_of.name in chosen:
            continue
        if _set(message, field, ids, depth) and one_of is not None:
            chosen.add(one_of.name)


def _set(message: Message, field: Field, ids: Mapping[str, str], depth: int) -> bool:
    """Set a field where that makes sense; whether it was set."""
    rules = field.GetOptions().Extensions[_RULES]
    if field.message_type is not None:
        return _set_message(message, field, ids, depth)
    value = _value(field, rules, ids)
    if value is None:
        return False
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)
    return True


def _set_message(message: Message, field: Field, ids: Mapping[str, str], depth: int) -> bool:
    required = field.GetOptions().Extensions[_RULES].required
    kind = field.message_type.full_name
    if kind == "google.protobuf.FieldMask":
        if required:
            getattr(message, field.name).paths.append("description")
        return bool(required)
    if kind == "kontor.common.v1.Money":
        target = getattr(message, field.name)
        target.minor_units, target.currency = 500, "EUR"
        return True
    if kind.startswith("google.protobuf.") or field.is_repeated or depth >= DEEPEST:
        if required:
            getattr(message, field.name).SetInParent()
        return bool(required)
    inner = getattr(message, field.name)
    inner.SetInParent()
    _fill(inner, ids, depth + 1)
    return True


def _value(field: Field, rules: Any, ids: Mapping[str, str]) -> Any:
    name = field.name.removesuffix("s") if field.is_repeated else field.name
    items = rules.repeated.items if field.is_repeated else rules
    if field.type == FieldDescriptor.TYPE_STRING:
        if name in _WORDS:
            return _WORDS[name]()
        if name.endswith("_id"):
            return id_for(name, ids)
        return _text(items)
    if field.type == FieldDescriptor.TYPE_ENUM:
        allowed = getattr(items.enum, "in")
        forced = field.is_repeated and rules.repeated.min_items
        numbers = [value.number for value in field.enum_type.values if value.number]
        wanted = bool(allowed) or 0 in items.enum.not_in or items.required or forced
        return (allowed[0] if allowed else numbers[0]) if wanted else None
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b"x" * int(items.bytes.min_len) or None
    if field.type == FieldDescriptor.TYPE_BOOL:
        return items.bool.const or None
    if field.is_repeated:
        return None
    lowest = max(getattr(items.int32, "gte", 0), getattr(items.int64, "gte", 0), items.int32.gt + 1, 0)
    positive = items.int64.HasField("gt") or items.int32.HasField("gt")
    return lowest if lowest > 1 or items.int32.gte or items.int64.gte else (1 if positive else None)


def _text(rules: Any) -> str | None:
    """Return a text that keeps the rules; None where it may stay empty."""
    if rules.ignore != validate_pb2.IGNORE_UNSPECIFIED:
        return None
    text = rules.string
    if text.pattern:
        return next((value for value in (_DAY, "#12355b", "a") if _matches(text.pattern, value)), None)
    if getattr(text, "in"):
        return str(getattr(text, "in")[-1])
    if text.min_len or rules.required:
        return "x" * max(int(text.min_len), 1)
    return None


def _matches(pattern: str, value: str) -> bool:
    return re.search(pattern, value) is not None
