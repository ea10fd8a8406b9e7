"""`proposals.Contracts` by the contracts service, with the token of whoever asks: he learns of none he may not see."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import grpc
import structlog
from kontor.contracts.v1.contracts_pb2 import ListContractsRequest
from kontor.contracts.v1.contracts_pb2_grpc import ContractsServiceStub
from kontor_chassis.calls import Callers

from kontor_vault.proposals import OwnContract

log = structlog.get_logger(__name__)

_MOST_PAGES = 5
_SECONDS = 3.0


class ContractsOfCaller:
    """Asks at the moment of need; keeps nothing."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def of_customer(self, customer_id: UUID) -> Sequence[OwnContract] | None:
        """Return the newest 500; None when contracts does not answer, or the firm has closed them to its customers."""
        contracts = self._callers.stub("contracts", ContractsServiceStub)
        found, token = list[OwnContract](), ""
        for _ in range(_MOST_PAGES):
            request = ListContractsRequest(customer_id=str(customer_id), page_size=100, page_token=token)
            try:
                answer = await contracts.ListContracts(request, timeout=_SECONDS)
            except grpc.aio.AioRpcError as error:
                log.warning("contracts_not_asked", code=error.code().name)
                return None
            found += [OwnContract(UUID(each.contract_id), each.number) for each in answer.contracts]
            token = answer.next_page_token
            if not token:
                break
        return found
