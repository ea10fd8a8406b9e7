"""How far a delivery has come, in words: for the customer who got it and for the firm that must prove it (F144)."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from kontor.vault.v1 import deliveries_pb2 as pb

from kontor_portal import gateway
from kontor_portal.i18n import t
from kontor_portal.reading import optional


@dataclass(frozen=True)
class Stage:
    """One thing that has happened, and when."""

    sentence: str
    time: Timestamp
    who: str
    failed: bool = False


@dataclass(frozen=True)
class DeliveryView:
    """A delivery as its page shows it."""

    delivery: pb.Delivery
    stages: tuple[Stage, ...]

    @property
    def time(self) -> Timestamp:
        """When it was provided."""
        return self.delivery.steps[0].time

    def proof(self, form: str = "PDF") -> str:
        """Return the address of the proof."""
        address = f"/v1/customers/{self.delivery.customer_id}/deliveries/{self.delivery.delivery_id}/proof"
        return f"{address}?form=DELIVERY_PROOF_FORM_{form}"


def deliveries_of(customer_id: str, document_id: str) -> tuple[DeliveryView, ...]:
    """Ask for the deliveries of a document, newest first; none where they cannot be had."""
    wanted = pb.ListDeliveriesRequest(customer_id=customer_id, document_id=document_id, page_size=20)
    found = optional(lambda: gateway.deliveries().ListDeliveries(wanted), pb.ListDeliveriesResponse())
    return tuple(
        DeliveryView(
            each,
            tuple(
                Stage(_sentence(step.stage), step.time, step.account_name, step.stage == pb.DELIVERY_STAGE_NOT_NOTIFIED)
                for step in each.steps
            ),
        )
        for each in found.deliveries
    )


def _sentence(stage: pb.DeliveryStage.ValueType) -> str:
    return {
        pb.DELIVERY_STAGE_PROVIDED: t("Bereitgestellt"),
        pb.DELIVERY_STAGE_NOTIFIED: t("Per E-Mail benachrichtigt"),
        pb.DELIVERY_STAGE_NOT_NOTIFIED: t("E-Mail nicht zustellbar"),
        pb.DELIVERY_STAGE_OPENED: t("Erstmals geöffnet"),
    }.get(stage, "")
