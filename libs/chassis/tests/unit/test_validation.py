"""Validation: German sentences at the right fields."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.interceptors.validation import RequestValidator, sentence
from protovalidate import Violation

from libs.chassis.tests.parcels import Parcel, UpdateParcelRequest


def violation(rule_id: str, *, limit: Any = None, message: str = "") -> Violation:
    """A violation as the library reports it."""
    return cast(Violation, SimpleNamespace(proto=SimpleNamespace(rule_id=rule_id, message=message), rule_value=limit))


def test_valid_request_passes() -> None:
    """Nothing is said about a request that keeps the rules."""
    RequestValidator().check(Parcel(text="Vertrag", customer_email="julia@mail.example"))


def test_every_problem_is_named_at_its_field() -> None:
    """Two wrong fields give two problems, each with its own sentence."""
    with pytest.raises(DomainError) as refused:
        RequestValidator().check(Parcel(text="x" * 21, customer_email="julia"))
    assert refused.value.kind is ErrorKind.INVALID
    assert {problem.field: problem.description for problem in refused.value.fields} == {
        "text": "Bitte geben Sie höchstens 20 Zeichen ein.",
        "customer_email": "Bitte geben Sie eine gültige E-Mail-Adresse ein.",
    }


def test_a_single_problem_is_the_message_itself() -> None:
    """A form with one field needs no second sentence."""
    with pytest.raises(DomainError) as refused:
        RequestValidator().check(Parcel(customer_email="julia"))
    assert refused.value.message == "Bitte geben Sie eine gültige E-Mail-Adresse ein."


def test_an_update_is_judged_by_the_fields_it_changes() -> None:
    """What the mask leaves out is ignored (AIP-134); without a mask the whole resource counts."""
    update = UpdateParcelRequest(parcel=Parcel(text="x" * 21, customer_email="julia@mail.example"))
    update.update_mask.paths.append("customer_email")
    RequestValidator().check(update)
    update.parcel.customer_email = "julia"
    with pytest.raises(DomainError) as refused:
        RequestValidator().check(update)
    assert [problem.field for problem in refused.value.fields] == ["parcel.customer_email"]
    update.ClearField("update_mask")
    with pytest.raises(DomainError) as refused:
        RequestValidator().check(update)
    assert [problem.field for problem in refused.value.fields] == ["parcel.text", "parcel.customer_email"]


@pytest.mark.parametrize(
    ("rule_id", "limit", "expected"),
    [
        ("required", None, "Bitte machen Sie hier eine Angabe."),
        ("string.min_len", 3, "Bitte geben Sie mindestens 3 Zeichen ein."),
        ("string.email_empty", None, "Bitte geben Sie eine gültige E-Mail-Adresse ein."),
        ("int64.gte", 1, "Bitte geben Sie mindestens 1 ein."),
        ("int32.gte_lte", 1, "Dieser Wert liegt außerhalb des erlaubten Bereichs."),
        ("enum.defined_only", None, "Bitte wählen Sie einen der vorgegebenen Werte."),
        ("repeated.max_items", 100, "Bitte nennen Sie höchstens 100 Einträge."),
        ("string.some_future_rule", None, "Dieser Wert ist nicht erlaubt."),
    ],
)
def test_sentences_of_built_in_rules(rule_id: str, limit: Any, expected: str) -> None:
    """No English text of the library reaches a customer."""
    assert sentence(violation(rule_id, limit=limit, message="value is wrong")) == expected


def test_sentence_of_an_own_rule_stands_in_the_proto() -> None:
    """A CEL rule brings its own German message."""
    assert sentence(violation("agreement.iban", message="Bitte prüfen Sie die IBAN.")) == "Bitte prüfen Sie die IBAN."
