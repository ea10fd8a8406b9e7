"""Validation: checks a request against the `buf.validate` rules of its proto and says in German what is wrong.

The sentence for a rule of our own making (CEL) stands in the proto itself; for the built-in rules it stands here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from protovalidate import Validator, Violation

from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem
from kontor_chassis.sentences import said

_UNKNOWN_RULE = "Dieser Wert ist nicht erlaubt."
_OUT_OF_RANGE = "Dieser Wert liegt außerhalb des erlaubten Bereichs."
_SENTENCES = {
    "required": "Bitte machen Sie hier eine Angabe.",
    "min_len": "Bitte geben Sie mindestens %(limit)s Zeichen ein.",
    "max_len": "Bitte geben Sie höchstens %(limit)s Zeichen ein.",
    "len": "Bitte geben Sie genau %(limit)s Zeichen ein.",
    "max_bytes": "Dieser Text ist zu lang.",
    "pattern": "Diese Angabe hat nicht die richtige Form.",
    "email": "Bitte geben Sie eine gültige E-Mail-Adresse ein.",
    "uuid": "Das ist keine gültige Kennung.",
    "tuuid": "Das ist keine gültige Kennung.",
    "uri": "Bitte geben Sie eine gültige Internetadresse ein.",
    "uri_ref": "Bitte geben Sie eine gültige Internetadresse ein.",
    "hostname": "Bitte geben Sie einen gültigen Rechnernamen ein.",
    "in": "Bitte wählen Sie einen der vorgegebenen Werte.",
    "not_in": "Bitte wählen Sie einen anderen Wert.",
    "defined_only": "Bitte wählen Sie einen der vorgegebenen Werte.",
    "const": "Hier ist nur ein bestimmter Wert erlaubt.",
    "unique": "Bitte nennen Sie jeden Eintrag nur einmal.",
    "min_items": "Bitte nennen Sie mindestens %(limit)s Einträge.",
    "max_items": "Bitte nennen Sie höchstens %(limit)s Einträge.",
    "min_pairs": "Bitte nennen Sie mindestens %(limit)s Einträge.",
    "max_pairs": "Bitte nennen Sie höchstens %(limit)s Einträge.",
    "gt": "Bitte geben Sie einen Wert über %(limit)s ein.",
    "gte": "Bitte geben Sie mindestens %(limit)s ein.",
    "lt": "Bitte geben Sie einen Wert unter %(limit)s ein.",
    "lte": "Bitte geben Sie höchstens %(limit)s ein.",
    "gt_lt": _OUT_OF_RANGE,
    "gt_lte": _OUT_OF_RANGE,
    "gte_lt": _OUT_OF_RANGE,
    "gte_lte": _OUT_OF_RANGE,
}
_NUMBERS = {f"{kind}{bits}" for kind in ("int", "uint", "sint", "fixed", "sfixed") for bits in (32, 64)}
_BUILT_IN_TYPES = _NUMBERS | {"any", "bool", "bytes", "double", "duration", "enum", "field_mask", "float", "map"}
_BUILT_IN_TYPES |= {"message", "oneof", "repeated", "string", "timestamp"}


class RequestValidator:
    """Checks requests; one per process, because it keeps the compiled rules."""

    def __init__(self) -> None:
        self._validator = Validator()

    def check_rules(self, request_class: type[Message]) -> None:
        """Compile the rules of a request type now; raises CompilationError when one of them is wrong."""
        self._validator.collect_violations(request_class())

    def check(self, request: Message) -> None:
        """Raise INVALID with one field problem per violated rule."""
        violations = self._validator.collect_violations(request)
        masks = [value.paths for field, value in request.ListFields() if field.name == "update_mask"]
        if masks and masks[0]:
            violations = [violation for violation in violations if _concerns(violation, masks[0])]
        if violations:
            raise refusal_of_violations(violations)


def refusal_of_violations(violations: list[Violation]) -> DomainError:
    """Return the error that lists every violation at its field."""
    problems = tuple(FieldProblem(field_path(violation), sentence(violation)) for violation in violations)
    message = problems[0].description if len(problems) == 1 else "Bitte prüfen Sie die markierten Angaben."
    return DomainError(ErrorKind.INVALID, "INVALID_REQUEST", message, problems)


def field_path(violation: Violation) -> str:
    """Return the path of the field as the proto names it, for example "items[2].email"; "" for a whole message."""
    path = violation.proto.field
    if path is None:
        return ""
    return ".".join(_element(element) for element in path.elements)


def _concerns(violation: Violation, changed: Sequence[str]) -> bool:
    """Whether an update of these fields of its resource is wrong for this; the other fields are ignored (AIP-134)."""
    resource, _, field = field_path(violation).partition(".")
    if not field or field in (f"{resource}_id", "etag"):
        return True
    return any(re.match(rf"{re.escape(path)}\b", field) or path.startswith(f"{field}.") for path in changed)


def _element(element: Any) -> str:
    name = str(element.field_name or "")
    subscript = element.subscript  # index of a list or key of a map
    return name if subscript is None else f"{name}[{subscript.value}]"


def sentence(violation: Violation) -> str:
    """Return what is wrong, in German, for the person who filled in the field."""
    rule_id = violation.proto.rule_id or ""
    owner, _, rule = rule_id.rpartition(".")
    if rule_id == "required" or owner.partition(".")[0] in _BUILT_IN_TYPES:
        known = _SENTENCES.get(rule) or _SENTENCES.get(rule.removesuffix("_empty"), _UNKNOWN_RULE)
        return said(known, limit=violation.rule_value)
    return violation.proto.message or _UNKNOWN_RULE
