"""What requests say, as values of the domain: enum names, amounts, field masks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from kontor.common.v1.money_pb2 import Money
from kontor.experts.v1 import catalogue_pb2 as catalogue
from kontor.experts.v1 import orders_pb2
from kontor_chassis.errors import invalid
from kontor_chassis.sentences import said

from kontor_experts.listings import ListingText
from kontor_experts.messages import CURRENCY
from kontor_experts.states import OrderState

LISTING_FIELDS = frozenset(
    {
        "title",
        "description",
        "category",
        "compensation_kind",
        "compensation",
        "transaction_fee",
        "form_schema",
        "consent_template",
        "customer_fields",
    }
)
ORDER_FIELDS = frozenset({"answers", "customer_id"})


def listing_text(service: catalogue.ExpertService) -> ListingText:
    """Return what an expert wrote; raises INVALID for what is not chosen or not in euros."""
    return ListingText(
        title=service.title.strip(),
        description=service.description.strip(),
        category=_chosen("service.category", catalogue.Category.Name(service.category), "CATEGORY_"),
        compensation_kind=_chosen(
            "service.compensation_kind",
            catalogue.CompensationKind.Name(service.compensation_kind),
            "COMPENSATION_KIND_",
        ),
        compensation_minor=_cents("service.compensation", service.compensation),
        transaction_fee_minor=_cents("service.transaction_fee", service.transaction_fee),
        form_schema=service.form_schema,
        consent_template=service.consent_template,
        customer_fields=[
            _chosen("service.customer_fields", catalogue.CustomerField.Name(field), "CUSTOMER_FIELD_")
            for field in service.customer_fields
        ],
    )


def changed_listing(
    present: catalogue.ExpertService, wanted: catalogue.ExpertService, mask: FieldMask
) -> catalogue.ExpertService:
    """Return a listing with the fields of the mask taken from `wanted`; an empty mask takes all of them."""
    merged = catalogue.ExpertService()
    merged.CopyFrom(present)
    for name in masked(mask, LISTING_FIELDS):
        merged.ClearField(name)  # type: ignore[arg-type]  # the names come from LISTING_FIELDS
        picked = FieldMask(paths=[name])
        picked.MergeMessage(wanted, merged, replace_message_field=True, replace_repeated_field=True)
    return merged


def masked(mask: FieldMask, known: frozenset[str]) -> frozenset[str]:
    """Return the fields a mask names, all known ones for an empty mask; raises INVALID for an unknown name."""
    unknown = set(mask.paths) - known
    if unknown:
        raise invalid(
            "update_mask",
            said("Diese Felder können nicht geändert werden: %(fields)s.", fields=", ".join(sorted(unknown))),
        )
    return frozenset(mask.paths) or known


def answers(struct: Struct) -> dict[str, Any]:
    """Return the answers to a form by property name."""
    return MessageToDict(struct)


def order_states(states: Iterable[orders_pb2.OrderState.ValueType]) -> list[str]:
    """Return the names of states."""
    return [order_state(state) for state in states]


def order_state(state: orders_pb2.OrderState.ValueType) -> OrderState:
    """Return a state; raises INVALID when none is set."""
    name = orders_pb2.OrderState.Name(state).removeprefix("ORDER_STATE_")
    if name not in OrderState.__members__:
        raise invalid("state", "Diesen Zustand gibt es nicht.")
    return OrderState(name)


def choice(name: str, prefix: str) -> str:
    """Return the short name of an enum value; empty when it is not set."""
    short = name.removeprefix(prefix)
    return "" if short == "UNSPECIFIED" else short


def _chosen(field: str, name: str, prefix: str) -> str:
    short = choice(name, prefix)
    if not short:
        raise invalid(field, "Bitte treffen Sie eine Auswahl.")
    return short


def _cents(field: str, amount: Money) -> int:
    if amount.currency not in ("", CURRENCY):
        raise invalid(field, "Beträge werden in Euro angegeben.")
    return amount.minor_units
