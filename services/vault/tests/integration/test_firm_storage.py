"""The storage of a firm's plan."""

from __future__ import annotations

import asyncio
from uuid import UUID

import grpc
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import firms_pb2
from kontor.identity.v1.firms_pb2_grpc import FirmServiceStub
from kontor.vault.v1 import firm_storage_pb2, internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.firm_storage_pb2_grpc import FirmStorageServiceStub
from kontor_chassis.ids import new_id
from kontor_chassis.testing.refusals import refusal
from kontor_chassis.testing.tokens import token_for

from services.vault.tests.vault_office import Office, Person

pytestmark = pytest.mark.integration
MEGABYTE = 1 << 20
GIGABYTE = 1 << 30
PART = 300 * MEGABYTE


async def choose(office: Office, tenant_id: UUID, plan: firms_pb2.Plan.ValueType) -> None:
    """Let the firm choose a plan."""
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    await office.identity.stub(FirmServiceStub, token).ChoosePlan(firms_pb2.ChoosePlanRequest(plan=plan))


async def storage(office: Office, tenant_id: UUID) -> firm_storage_pb2.FirmStorage:
    """Return what the firm's administrator sees."""
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    stub = office.running.stub(FirmStorageServiceStub, token)
    return await stub.GetFirmStorage(firm_storage_pb2.GetFirmStorageRequest())


async def reserve(person: Person, customer: Person, size_bytes: int = PART) -> str:
    """Reserve a place for a file; return its upload, or how it was refused."""
    wanted = pb.CreateUploadRequest(customer_id=customer.cid, file_name="akte.pdf", size_bytes=size_bytes)
    try:
        return (await person.vault.CreateUpload(wanted)).upload_id
    except grpc.aio.AioRpcError as error:
        return f"{refusal(error).reason}: {error.details()}"


async def test_a_plan_bounds_everything_that_a_firm_stores(office: Office) -> None:
    """F83, F84: all customers together; uploads at once cannot pass it, and the refusal names plan and limit."""
    tenant_id = await office.firm()
    customer, petra = await office.customer(tenant_id), await office.employee(tenant_id)
    trial = [await reserve(petra, customer) for _ in range(4)]
    unbounded = await storage(office, tenant_id)
    assert (unbounded.plan_name, unbounded.limit_bytes, unbounded.stored_bytes) == ("", 0, 4 * PART)
    for upload_id in trial:
        await petra.vault.CancelUpload(pb.CancelUploadRequest(customer_id=customer.cid, upload_id=upload_id))
    await choose(office, tenant_id, firms_pb2.PLAN_PREMIUM_STARTER)
    assert (await storage(office, tenant_id)).limit_bytes == GIGABYTE

    answers = await asyncio.gather(*(reserve(petra, customer) for _ in range(6)))
    fitting = [answer for answer in answers if "Tarif" not in answer]
    refused = {answer for answer in answers if "Tarif" in answer}
    assert len(fitting) == 3
    assert refused == {
        "PLAN_LIMIT_STORAGE: Der Tarif PREMIUMstarter umfasst 1,0 GB Speicher; belegt sind 0,9 GB. "
        "Bitte wechseln Sie in einen größeren Tarif."
    }
    assert "Ihres Maklers" in await reserve(customer, customer), "a customer hears nothing of plans"
    filed = await office.service("billing", tenant_id).StoreDocument(
        internal_pb2.StoreDocumentRequest(
            tenant_id=str(tenant_id),
            customer_id=customer.cid,
            title="Rechnung",
            file_name="rechnung.pdf",
            content=b"%PDF-1.7\n" + bytes(200 * MEGABYTE // 100),
            request_id=str(new_id()),
        )
    )
    assert filed.document_id, "what services file is never refused"
    await petra.vault.CancelUpload(pb.CancelUploadRequest(customer_id=customer.cid, upload_id=fitting[0]))
    assert await reserve(customer, customer, 250 * MEGABYTE)
    now = await storage(office, tenant_id)
    assert (now.plan_name, now.stored_bytes) == ("PREMIUMstarter", 2 * PART + 250 * MEGABYTE + filed.size_bytes)


async def test_a_smaller_plan_keeps_what_is_stored(office: Office) -> None:
    """F83: above the new limit nothing is lost, and nothing comes on top."""
    tenant_id = await office.firm()
    customer, petra = await office.customer(tenant_id), await office.employee(tenant_id)
    kept = [await reserve(petra, customer) for _ in range(4)]
    await choose(office, tenant_id, firms_pb2.PLAN_PREMIUM_STARTER)
    above = await storage(office, tenant_id)
    assert above.stored_bytes > above.limit_bytes
    assert "PREMIUMstarter" in await reserve(petra, customer, 1)
    await choose(office, tenant_id, firms_pb2.PLAN_PREMIUM)
    await storage(office, tenant_id)
    assert await reserve(petra, customer) not in kept
