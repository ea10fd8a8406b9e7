"""Order forms: defined by an expert as JSON Schema, filled in by a client, shown to the expert as text (F110, F112).

Owns which schemas are accepted, how answers are checked and how they read. A form is data, never code: only a flat
object of simple fields is allowed; no references, no patterns (an expert could write one that never ends), no nesting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from kontor_chassis.errors import DomainError, ErrorKind, FieldProblem, invalid
from kontor_chassis.sentences import said

LONGEST_TEXT = 4000
_FIELD: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["string", "integer", "number", "boolean"]},
        "title": {"type": "string", "minLength": 1, "maxLength": 120},
        "description": {"type": "string", "maxLength": 500},
        "format": {"enum": ["date", "email"]},
        "enum": {
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1, "maxLength": 120},
        },
        "minLength": {"type": "integer", "minimum": 0},
        "maxLength": {"type": "integer", "minimum": 1, "maximum": LONGEST_TEXT},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "x-multiline": {"type": "boolean"},
    },
    "dependentSchemas": {
        name: {"properties": {"type": {"const": "string"}}} for name in ("format", "enum", "minLength", "maxLength")
    },
}
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "properties"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "https://json-schema.org/draft/2020-12/schema"},
        "type": {"const": "object"},
        "title": {"type": "string", "maxLength": 120},
        "required": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        "additionalProperties": {"const": False},
        "properties": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 40,
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": _FIELD,
        },
    },
}
_CHECK_FORM = Draft202012Validator(_FORM)


@dataclass(frozen=True)
class Line:
    """One line of what an expert receives."""

    label: str
    value: str


class Form:
    """An accepted form."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fields: Mapping[str, Mapping[str, Any]] = schema["properties"]
        self._required: Sequence[str] = schema.get("required", [])

    @staticmethod
    def parse(text: str, field: str = "service.form_schema") -> Form:
        """Return the form that JSON text defines; raises INVALID naming `field` and what is wrong with it."""
        try:
            schema = json.loads(text)
        except ValueError as error:
            raise invalid(
                field, said("Das Formular ist kein gültiges JSON: %(fault)s.", fault=error), reason="INVALID_FORM"
            ) from None
        fault = next(iter(sorted(_CHECK_FORM.iter_errors(schema), key=lambda e: list(map(str, e.path)))), None)
        if fault is not None:
            place = "/".join(map(str, fault.path)) or "Formular"
            raise invalid(
                field, said("Das Formular ist an der Stelle „%(place)s“ ungültig.", place=place), reason="INVALID_FORM"
            )
        unknown = set(schema.get("required", [])) - set(schema["properties"])
        if unknown:
            names = ", ".join(sorted(unknown))
            raise invalid(
                field, said("Pflichtfelder fehlen im Formular: %(names)s.", names=names), reason="INVALID_FORM"
            )
        return Form(schema)

    def check(self, answers: Mapping[str, Any], *, complete: bool, field: str = "order.answers") -> None:
        """Raise INVALID with every field that cannot be accepted; a draft need not be complete."""
        properties = {
            name: {"maxLength": LONGEST_TEXT, **definition} if definition["type"] == "string" else definition
            for name, definition in self._fields.items()
        }
        schema = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "required": list(self._required) if complete else [],
        }
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        given = {name: value for name, value in answers.items() if value != ""}
        problems = [
            FieldProblem(f"{field}.{name}" if name else field, self._sentence(name, error))
            for error in validator.iter_errors(given)
            for name in _names(error, given)
        ]
        if problems:
            message = "Bitte prüfen Sie Ihre Angaben im Auftragsformular."
            raise DomainError(ErrorKind.INVALID, "INVALID_ANSWERS", message, tuple(problems))

    def lines(self, answers: Mapping[str, Any]) -> list[Line]:
        """Return the answers as text in the form's order; what was not answered is left out."""
        return [
            Line(str(definition["title"]), _text(definition, answers[name]))
            for name, definition in self._fields.items()
            if answers.get(name) not in (None, "")
        ]

    def _sentence(self, name: str, error: ValidationError) -> str:
        if name not in self._fields:
            return "Dieses Feld gibt es im Formular nicht."
        title = self._fields[name]["title"]
        match error.validator:
            case "required":
                return said("Bitte füllen Sie „%(field)s“ aus.", field=title)
            case "enum":
                return said("Bitte wählen Sie bei „%(field)s“ eine der Möglichkeiten.", field=title)
            case "minLength" | "maxLength":
                return said("„%(field)s“ ist zu kurz oder zu lang.", field=title)
            case "minimum" | "maximum":
                return said("„%(field)s“ liegt außerhalb des erlaubten Bereichs.", field=title)
            case _:
                return said("„%(field)s“ hat nicht die richtige Form.", field=title)


def _names(error: ValidationError, answers: Mapping[str, Any]) -> list[str]:
    """Return the fields that an error is about."""
    if error.path:
        return [str(error.path[0])]
    if error.validator == "required":
        return [str(error.message).split("'")[1]]  # one error per missing field: "'name' is a required property"
    return [name for name in answers if f"'{name}'" in error.message] or [""]


def _text(definition: Mapping[str, Any], value: Any) -> str:
    if isinstance(value, bool):
        return "Ja" if value else "Nein"
    if isinstance(value, int | float):
        whole = float(value).is_integer()
        text = f"{int(value):,}" if whole else f"{value:,}"
        return text.replace(",", "\0").replace(".", ",").replace("\0", ".")
    if definition.get("format") == "date":
        return f"{date.fromisoformat(value):%d.%m.%Y}"
    return str(value)
