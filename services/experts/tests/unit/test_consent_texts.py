"""Consent texts and the customer's data they name."""

import pytest
from kontor_chassis.errors import DomainError
from kontor_experts.consent_texts import CustomerField, check_template, fill, naming
from kontor_experts.forms import Line
from kontor_experts.people import CustomerRecord

RECORD = CustomerRecord(
    name="Julia Brandt",
    street="Elbchaussee 1",
    postal_code="22765",
    city="Hamburg",
    email="julia.brandt@mail.example",
    phone="",
    birth_date="1984-05-17",
)


def test_a_template_must_name_the_data_and_nothing_unknown() -> None:
    """F113: a consent that does not say what it is about is none."""
    check_template("Ich, {kunde}, willige ein, dass {makler} {daten} an {experte} für {dienstleistung} gibt.")
    for wrong in ("Ich, {kunde}, bin mit allem einverstanden.", "{daten} und {kontonummer}", "{daten} {}"):
        with pytest.raises(DomainError) as refused:
            check_template(wrong)
        assert refused.value.fields[0].field == "service.consent_template"


def test_values_are_put_in_once() -> None:
    """F113: a customer called {daten} changes nothing but his name."""
    assert fill("{kunde}: {daten}", {"kunde": "{daten}", "daten": "Name"}) == "{daten}: Name"


def test_fields_are_named_in_words() -> None:
    """F113: in one order, however they were chosen."""
    assert naming([CustomerField.BIRTH_DATE, CustomerField.NAME, CustomerField.ADDRESS]) == (
        "Name, Anschrift und Geburtsdatum"
    )
    assert naming([CustomerField.EMAIL]) == "E-Mail-Adresse"


def test_exactly_the_named_fields_are_given() -> None:
    """F112: field by field, and a dash for what is unknown."""
    assert RECORD.lines([CustomerField.BIRTH_DATE, CustomerField.ADDRESS]) == [
        Line("Anschrift", "Elbchaussee 1, 22765 Hamburg"),
        Line("Geburtsdatum", "17.05.1984"),
    ]
    assert RECORD.lines([CustomerField.PHONE]) == [Line("Telefonnummer", "–")]
    for field in CustomerField:
        assert len(RECORD.lines([field])) == 1
