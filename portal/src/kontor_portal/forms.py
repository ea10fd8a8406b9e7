"""A form as it was sent, with what the platform said about it: values stay, faults stand beside their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import grpc
from flask import request
from kontor.common.v1.money_pb2 import Money
from kontor.identity.v1.tenants_pb2 import Address
from kontor_chassis.edge import Problem, problem_of

from kontor_portal.heard import told
from kontor_portal.i18n import t
from kontor_portal.step_up import asks_for_more


@dataclass(frozen=True)
class Form:
    """Values by field name, faults by field name, and the refusal as a whole."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: Problem | None = None

    def value(self, name: str, otherwise: object = "") -> str:
        """Return what was typed into a field, else what it begins with."""
        return self.values.get(name, str(otherwise))

    def error(self, name: str) -> str:
        """Return the fault of a field, or nothing."""
        return self.errors.get(name, "")

    @property
    def problem_text(self) -> str:
        """The refusal in one sentence, for a message at the edge of the next page."""
        return self.problem.message if self.problem is not None else ""

    @property
    def status(self) -> int:
        """HTTP status of the page that shows the form."""
        if self.problem is not None:
            return self.problem.status
        return 422 if self.errors else 200


def sent() -> Mapping[str, str]:
    """Return the fields of the form in hand, without blanks around them; of several values the first."""
    return {name: value.strip() for name, value in request.form.items()}


def address_in(values: Mapping[str, str]) -> Address:
    """Return the postal address of a form, which asks for German ones."""
    return Address(
        street=values.get("street", ""),
        postal_code=values.get("postal_code", ""),
        city=values.get("city", ""),
        country="DE",
    )


def refused(error: grpc.RpcError, values: Mapping[str, str] | None = None) -> Form:
    """Return the form with what the platform refused; a fault that is ours, or a missing proof, goes on as it is."""
    problem = told(problem_of(error))
    if problem.status == 401 or problem.status >= 500 or asks_for_more(problem):
        raise error
    errors = {item.field.rpartition(".")[2]: item.description for item in problem.fields}
    return Form(sent() if values is None else values, errors, problem)


def euros(text: str) -> Money | None:
    """Return an amount typed as `5`, `5,00` or `1.234,50`, with or without the sign; None for anything else."""
    plain = text.replace("€", "").replace(" ", "").replace("\u00a0", "")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    try:
        cents = Decimal(plain) * 100
    except InvalidOperation:
        return None
    if not cents.is_finite() or cents != cents.to_integral_value() or abs(cents) > 10**12:
        return None
    return Money(minor_units=int(cents), currency="EUR")


def missing() -> str:
    """Return what a field says that must not be empty."""
    return t("Bitte füllen Sie dieses Feld aus.", du="Bitte fülle dieses Feld aus.")
