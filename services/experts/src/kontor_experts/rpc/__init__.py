"""The RPCs of the expert network: proto → use case → proto, no decisions. One class per part, joined here."""

from __future__ import annotations

from kontor_experts.rpc.catalogue import CatalogueRpc
from kontor_experts.rpc.consents import ConsentRpc
from kontor_experts.rpc.orders import OrderRpc


class ExpertsRpc(CatalogueRpc, OrderRpc, ConsentRpc):
    """kontor.experts.v1.ExpertsService."""
