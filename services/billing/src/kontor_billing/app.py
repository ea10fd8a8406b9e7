"""How billing is put together."""

from __future__ import annotations

from kontor.billing.v1 import (
    billing_pb2,
    firm_invoices_pb2,
    firm_payments_pb2,
    internal_pb2,
    receivables_pb2,
    storage_pb2,
    usage_pb2,
)
from kontor.billing.v1.billing_pb2_grpc import add_BillingServiceServicer_to_server
from kontor.billing.v1.firm_invoices_pb2_grpc import add_FirmInvoiceServiceServicer_to_server
from kontor.billing.v1.firm_payments_pb2_grpc import add_FirmPaymentServiceServicer_to_server
from kontor.billing.v1.internal_pb2_grpc import add_BillingInternalServiceServicer_to_server
from kontor.billing.v1.receivables_pb2_grpc import add_ReceivablesServiceServicer_to_server
from kontor.billing.v1.storage_pb2_grpc import add_StorageServiceServicer_to_server
from kontor.billing.v1.usage_pb2_grpc import add_UsageServiceServicer_to_server
from kontor_chassis.service import Platform, Service, servicer

from kontor_billing.adapters.identity import IdentityParties
from kontor_billing.adapters.vault import VaultStorage
from kontor_billing.config import BillingSettings
from kontor_billing.consumers import CONSUMERS
from kontor_billing.firm_runs import FirmBillingRuns
from kontor_billing.jobs import jobs
from kontor_billing.rpc.firm_invoices import FirmInvoiceRpc
from kontor_billing.rpc.firm_payments import FirmPaymentRpc
from kontor_billing.rpc.public import BillingInternalRpc, BillingRpc
from kontor_billing.rpc.receivables import ReceivablesRpc
from kontor_billing.rpc.storage import StorageRpc
from kontor_billing.rpc.usage import UsageRpc
from kontor_billing.runs import BillingRuns


async def compose(_settings: BillingSettings, platform: Platform) -> Service:
    """Wire the service."""
    identity = IdentityParties(platform.callers)
    runs = BillingRuns(platform.work, identity, platform.clock)
    firm_runs = FirmBillingRuns(platform.work, identity, platform.clock)
    return Service(
        servicers=[
            servicer(
                add_BillingServiceServicer_to_server,
                BillingRpc(platform.work, runs),
                billing_pb2.DESCRIPTOR.services_by_name["BillingService"],
            ),
            servicer(
                add_ReceivablesServiceServicer_to_server,
                ReceivablesRpc(platform.work),
                receivables_pb2.DESCRIPTOR.services_by_name["ReceivablesService"],
            ),
            servicer(
                add_UsageServiceServicer_to_server,
                UsageRpc(platform.work),
                usage_pb2.DESCRIPTOR.services_by_name["UsageService"],
            ),
            servicer(
                add_StorageServiceServicer_to_server,
                StorageRpc(platform.work, VaultStorage(platform.callers)),
                storage_pb2.DESCRIPTOR.services_by_name["StorageService"],
            ),
            servicer(
                add_FirmInvoiceServiceServicer_to_server,
                FirmInvoiceRpc(platform.work, firm_runs),
                firm_invoices_pb2.DESCRIPTOR.services_by_name["FirmInvoiceService"],
            ),
            servicer(
                add_FirmPaymentServiceServicer_to_server,
                FirmPaymentRpc(platform.work),
                firm_payments_pb2.DESCRIPTOR.services_by_name["FirmPaymentService"],
            ),
            servicer(
                add_BillingInternalServiceServicer_to_server,
                BillingInternalRpc(platform.work),
                internal_pb2.DESCRIPTOR.services_by_name["BillingInternalService"],
            ),
        ],
        consumers=CONSUMERS,
        jobs=jobs(runs, firm_runs),
    )
