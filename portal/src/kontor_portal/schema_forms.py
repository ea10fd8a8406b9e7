"""Order forms from a service's JSON Schema, and the schema from the expert's own list of questions (F110).

A schema is one flat object whose properties are string, integer, number or boolean fields with a German title. What
cannot be shown as a field is left out rather than guessed; the platform checks the answers again in any case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from google.protobuf.struct_pb2 import Struct

from kontor_portal.choices import Choice
from kontor_portal.i18n import t

PREFIX: Final = "answer."
"""Names of the form's fields begin with it, so that no answer can be taken for anything else."""
_LONG_TEXT: Final = 300
_YES: Final = "ja"


class Kind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    LONG_TEXT = "long"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    CHOICE = "choice"


@dataclass(frozen=True)
class Question:
    """One field of an order form."""

    name: str
    title: str
    kind: Kind
    is_required: bool = False
    hint: str = ""
    options: tuple[str, ...] = ()
    max_length: int = 0

    @property
    def field(self) -> str:
        """Name of the form field."""
        return PREFIX + self.name

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The options, beginning with none."""
        return (Choice("", t("Bitte wählen")), *(Choice(option, option) for option in self.options))


def questions_of(schema_text: str) -> tuple[Question, ...]:
    """Return the questions of a schema in its order; an unreadable schema has none."""
    try:
        schema = json.loads(schema_text)
    except ValueError:
        return ()
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return ()
    required = schema.get("required")
    needed = frozenset(required) if isinstance(required, list) else frozenset()
    found = (_question(name, node, name in needed) for name, node in properties.items() if isinstance(node, dict))
    return tuple(question for question in found if question is not None)


def _question(name: str, node: Mapping[str, object], is_required: bool) -> Question | None:
    kind = _kind(node)
    if kind is None:
        return None
    options, length = node.get("enum"), node.get("maxLength")
    return Question(
        name=name,
        title=str(node.get("title") or name),
        kind=kind,
        is_required=is_required,
        hint=str(node.get("description") or ""),
        options=tuple(map(str, options)) if isinstance(options, list) else (),
        max_length=length if isinstance(length, int) else 0,
    )


def _kind(node: Mapping[str, object]) -> Kind | None:
    if node.get("type") == "string":
        if isinstance(node.get("enum"), list):
            return Kind.CHOICE
        if node.get("format") == "date":
            return Kind.DATE
        length = node.get("maxLength")
        return Kind.LONG_TEXT if isinstance(length, int) and length >= _LONG_TEXT else Kind.TEXT
    return {"integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.BOOLEAN}.get(str(node.get("type")))


def answers_from(questions: Sequence[Question], values: Mapping[str, str]) -> tuple[Struct, Mapping[str, str]]:
    """Return the answers that a form gives and the faults by field name; what is empty is left out."""
    answers, faults = Struct(), dict[str, str]()
    for question in questions:
        text = values.get(question.field, "")
        if question.kind is Kind.BOOLEAN:
            answers.update({question.name: text == _YES})
        elif question.kind in (Kind.INTEGER, Kind.NUMBER) and text:
            number = _number(text, whole=question.kind is Kind.INTEGER)
            if number is None:
                faults[question.field] = t("Bitte geben Sie eine Zahl ein.")
            else:
                answers.update({question.name: number})
        elif text:
            answers.update({question.name: text})
    return answers, faults


def _number(text: str, *, whole: bool) -> float | None:
    try:
        number = float(text.replace(".", "").replace(",", ".") if "," in text else text)
    except ValueError:
        return None
    return None if whole and not number.is_integer() else number


def values_of(questions: Sequence[Question], answers: Struct) -> Mapping[str, str]:
    """Return answers as the form shows them."""
    return {
        question.field: _text(answers.fields[question.name].WhichOneof("kind"), answers, question.name)
        for question in questions
        if question.name in answers.fields
    }


def _text(kind: str | None, answers: Struct, name: str) -> str:
    value = answers.fields[name]
    if kind == "bool_value":
        return _YES if value.bool_value else ""
    if kind == "number_value":
        return f"{value.number_value:g}".replace(".", ",")
    return value.string_value


def schema_of(questions: Sequence[Question]) -> str:
    """Return the schema that asks these questions, as JSON text."""
    properties = {question.name: _node(question) for question in questions}
    schema: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": [question.name for question in questions if question.is_required],
        "additionalProperties": False,
    }
    return json.dumps(schema, ensure_ascii=False)


def _node(question: Question) -> dict[str, object]:
    node: dict[str, object] = {"title": question.title}
    if question.kind in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN):
        node["type"] = question.kind.value
    else:
        node["type"] = "string"
        node["maxLength"] = 2000 if question.kind is Kind.LONG_TEXT else 200
        if question.is_required:
            node["minLength"] = 1
    if question.kind is Kind.DATE:
        node["format"] = "date"
    if question.kind is Kind.CHOICE:
        node["enum"] = list(question.options)
        del node["maxLength"]
    if question.hint:
        node["description"] = question.hint
    return node


def name_for(title: str, taken: Sequence[str]) -> str:
    """Return a property name for a question: its words in plain letters, unique among the others."""
    plain = title.lower()
    for special, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(special, written)
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "frage"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
