"""Order forms: what experts may define, what clients may answer, how it reads."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor_chassis.errors import DomainError
from kontor_experts.forms import Form, Line

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["trade", "employees"],
    "properties": {
        "trade": {"type": "string", "title": "Gewerk", "enum": ["Dach", "Elektro"]},
        "employees": {"type": "integer", "title": "Mitarbeiter", "minimum": 1},
        "turnover": {"type": "number", "title": "Umsatz in €"},
        "begin": {"type": "string", "title": "Beginn", "format": "date"},
        "abroad": {"type": "boolean", "title": "Tätigkeit im Ausland"},
        "note": {"type": "string", "title": "Bemerkung", "x-multiline": True},
    },
}
FORM = Form.parse(json.dumps(SCHEMA))


def test_answers_read_in_the_forms_order_as_germans_write_them() -> None:
    """F110, F112: labels, figures, days; what was not answered is left out."""
    answers = {
        "abroad": False,
        "begin": "2026-09-01",
        "employees": 1200.0,
        "turnover": 1234.5,
        "trade": "Dach",
        "note": "",
    }
    assert FORM.lines(answers) == [
        Line("Gewerk", "Dach"),
        Line("Mitarbeiter", "1.200"),
        Line("Umsatz in €", "1.234,5"),
        Line("Beginn", "01.09.2026"),
        Line("Tätigkeit im Ausland", "Nein"),
    ]


def test_a_draft_may_be_incomplete_but_an_order_not() -> None:
    """F111: saved as far as it goes; asking for consent needs all of it, and every fault is named at once."""
    FORM.check({"trade": "Dach", "note": ""}, complete=False)
    FORM.check({"trade": "Dach", "employees": 3.0}, complete=True)
    with pytest.raises(DomainError) as refused:
        FORM.check({"trade": "", "begin": "1. September"}, complete=True)
    assert refused.value.reason == "INVALID_ANSWERS"
    assert {problem.field for problem in refused.value.fields} == {
        "order.answers.trade",
        "order.answers.employees",
        "order.answers.begin",
    }


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"trade": "Garten"}, "order.answers.trade"),
        ({"employees": 0}, "order.answers.employees"),
        ({"employees": 1.5}, "order.answers.employees"),
        ({"unknown": "x"}, "order.answers.unknown"),
        ({"note": "x" * 4001}, "order.answers.note"),
        ({"begin": "2026-02-30"}, "order.answers.begin"),
    ],
)
def test_what_the_form_does_not_take_is_refused_even_in_a_draft(answers: dict[str, Any], field: str) -> None:
    """F110: with the field's name."""
    with pytest.raises(DomainError) as refused:
        FORM.check(answers, complete=False)
    assert [problem.field for problem in refused.value.fields] == [field]


@pytest.mark.parametrize(
    "schema",
    [
        "not json",
        [],
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "object", "title": "A"}}},
        {"type": "object", "properties": {"a": {"type": "string", "title": "A", "pattern": "(x+x+)+y"}}},
        {"type": "object", "properties": {"a": {"$ref": "https://elsewhere.example/schema"}}},
        {"type": "object", "properties": {"a": {"type": "integer", "title": "A", "enum": ["1"]}}},
        {"type": "object", "properties": {"A b": {"type": "string", "title": "A"}}},
        {"type": "object", "required": ["b"], "properties": {"a": {"type": "string", "title": "A"}}},
    ],
)
def test_a_form_is_flat_data_and_no_code(schema: Any) -> None:
    """F110: no nesting, no references, no patterns."""
    with pytest.raises(DomainError) as refused:
        Form.parse(schema if isinstance(schema, str) else json.dumps(schema))
    assert refused.value.reason == "INVALID_FORM"


scalars = st.one_of(
    st.text(max_size=30), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans()
)


@given(answers=st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), scalars))
def test_whatever_is_accepted_can_be_shown(answers: dict[str, Any]) -> None:
    """F112: checking and showing never disagree."""
    try:
        FORM.check(answers, complete=False)
    except DomainError:
        return
    lines = FORM.lines(answers)
    assert len(lines) == sum(1 for value in answers.values() if value != "")
