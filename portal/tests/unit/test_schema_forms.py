"""Order forms: from a service's schema to fields, from what was typed to answers, and back (F110)."""

from __future__ import annotations

import json

import jsonschema
from google.protobuf.json_format import MessageToDict
from kontor_portal.schema_forms import Kind, Question, answers_from, name_for, questions_of, schema_of, values_of

_OPTIONS = {Kind.CHOICE: ("a", "b")}
SCHEMA = json.dumps(
    {
        "type": "object",
        "required": ["betriebsart", "umsatz"],
        "properties": {
            "betriebsart": {"type": "string", "title": "Betriebsart", "description": "Was stellt er her?"},
            "mitarbeiter": {"type": "integer", "title": "Anzahl Mitarbeiter"},
            "beitrag": {"type": "number", "title": "Heutiger Beitrag"},
            "umsatz": {"type": "string", "title": "Umsatz", "enum": ["klein", "groß"]},
            "vorschaden": {"type": "boolean", "title": "Vorschäden"},
            "termin": {"type": "string", "format": "date", "title": "Termin"},
            "bemerkung": {"type": "string", "title": "Bemerkung", "maxLength": 2000},
            "anlage": {"type": "object", "title": "kann kein Feld sein"},
        },
    }
)


def test_every_kind_of_property_becomes_its_field() -> None:
    """Order, titles, hints, options and duties come from the schema; what cannot be a field is left out."""
    found = {question.name: question for question in questions_of(SCHEMA)}
    assert [question.kind for question in found.values()] == [
        Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.CHOICE, Kind.BOOLEAN, Kind.DATE, Kind.LONG_TEXT,
    ]  # fmt: skip
    assert found["betriebsart"].is_required
    assert found["betriebsart"].hint == "Was stellt er her?"
    assert found["umsatz"].options == ("klein", "groß")
    assert not found["mitarbeiter"].is_required


def test_answers_have_the_types_of_the_schema() -> None:
    """What people type, German numbers included, passes the schema it was asked by."""
    questions = questions_of(SCHEMA)
    typed = {
        "answer.betriebsart": "Tischlerei",
        "answer.mitarbeiter": "4",
        "answer.beitrag": "1.234,50",
        "answer.umsatz": "klein",
        "answer.vorschaden": "ja",
        "answer.termin": "2026-12-01",
        "betriebsart": "not an answer",
    }
    answers, faults = answers_from(questions, typed)
    given = MessageToDict(answers)
    assert not faults
    assert given["beitrag"] == 1234.5
    assert given["vorschaden"] is True
    assert "bemerkung" not in given
    jsonschema.validate(given, json.loads(SCHEMA))


def test_answers_come_back_as_they_were_typed() -> None:
    """A draft that is opened again shows what was saved (F111)."""
    questions = questions_of(SCHEMA)
    answers, _ = answers_from(
        questions, {"answer.mitarbeiter": "4", "answer.beitrag": "12,5", "answer.vorschaden": "ja"}
    )
    assert values_of(questions, answers) == {
        "answer.mitarbeiter": "4",
        "answer.beitrag": "12,5",
        "answer.vorschaden": "ja",
    }


def test_what_is_no_number_is_said_at_its_field() -> None:
    """A fault stands where it was typed."""
    _, faults = answers_from(questions_of(SCHEMA), {"answer.mitarbeiter": "vier", "answer.beitrag": "x"})
    assert set(faults) == {"answer.mitarbeiter", "answer.beitrag"}
    _, faults = answers_from(questions_of(SCHEMA), {"answer.mitarbeiter": "1,5"})
    assert set(faults) == {"answer.mitarbeiter"}


def test_unreadable_schemas_ask_nothing() -> None:
    """A page never breaks on somebody else's text."""
    for text in ("", "null", "[]", "{", '{"properties": []}', '{"properties": {"a": 1}}'):
        assert questions_of(text) == ()


def test_an_experts_questions_make_a_valid_schema_and_come_back() -> None:
    """The editor writes what the order form reads, and the result is JSON Schema 2020-12."""
    questions = tuple(
        Question(
            f"frage_{kind}", f"Frage {kind}", kind, is_required=True, options=("a", "b") if kind is Kind.CHOICE else ()
        )
        for kind in Kind
    )
    text = schema_of(questions)
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    found = questions_of(text)
    assert [(each.name, each.kind, each.is_required, each.options) for each in found] == [
        (each.name, each.kind, each.is_required, each.options) for each in questions
    ]


def test_names_are_plain_and_unique() -> None:
    """Umlauts are written out, repetitions are numbered."""
    assert name_for("Größe des Betriebs (m²)", ()) == "groesse_des_betriebs_m"
    assert name_for("Größe", ("groesse",)) == "groesse_2"
    assert name_for("???", ()) == "frage"
