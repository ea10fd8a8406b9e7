"""The vault in-process on real PostgreSQL and NATS, its file edge under real gunicorn, and the people who use it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import httpx
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import internal_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceStub
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.clock import FixedClock
from kontor_chassis.errors import not_found
from kontor_chassis.ids import new_id
from kontor_chassis.interceptors.errors import refusal
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import service_token_for, token_for

DEFAULT_QUOTA = 300 << 20


@dataclass
class Directory:
    """Identity's internal contract for the two questions the vault asks, with the people that a test names."""

    customers: set[tuple[str, str]] = field(default_factory=set)
    employees: dict[str, str] = field(default_factory=dict)
    address: str = ""

    async def get_customer(self, request: internal_pb2.GetCustomerProfileRequest, context: Any) -> Any:
        """Answer like IdentityInternalService.GetCustomer."""
        if (request.tenant_id, request.customer_id) not in self.customers:
            refused_with = refusal(not_found("Der Kunde"))
            context.set_trailing_metadata(refused_with.trailers)
            await context.abort(refused_with.code, refused_with.message)
        return internal_pb2.CustomerProfile(tenant_id=request.tenant_id, customer_id=request.customer_id)

    async def batch_get_recipients(self, request: internal_pb2.BatchGetRecipientsRequest, context: Any) -> Any:
        """Answer like IdentityInternalService.BatchGetRecipients."""
        known = [
            internal_pb2.Recipient(account_id=a, tenant_id=self.employees[a], roles=[Role.ROLE_STAFF])
            for a in request.account_ids
            if a in self.employees
        ]
        return internal_pb2.BatchGetRecipientsResponse(recipients=known)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port."""
        handlers = {
            "GetCustomer": grpc.unary_unary_rpc_method_handler(
                self.get_customer,
                internal_pb2.GetCustomerProfileRequest.FromString,
                internal_pb2.CustomerProfile.SerializeToString,
            ),
            "BatchGetRecipients": grpc.unary_unary_rpc_method_handler(
                self.batch_get_recipients,
                internal_pb2.BatchGetRecipientsRequest.FromString,
                internal_pb2.BatchGetRecipientsResponse.SerializeToString,
            ),
        }
        server = grpc.aio.server()
        name = "kontor.identity.v1.IdentityInternalService"
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, handlers)])
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        yield
        await server.stop(None)


@dataclass
class Person:
    """Somebody signed in: his token and stubs."""

    token: str
    account_id: UUID
    tenant_id: UUID
    vault: VaultServiceStub
    internal: VaultInternalServiceStub
    customer_id: UUID | None = None

    @property
    def cid(self) -> str:
        """His customer id as text."""
        return str(self.customer_id)

    @property
    def headers(self) -> dict[str, str]:
        """What his HTTP requests carry."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Office:
    """One running vault and who it serves."""

    running: Running
    clock: FixedClock
    directory: Directory
    database: ServiceDatabase
    objects: Path
    edge_port: int = 0

    def person(
        self, tenant_id: UUID, *roles: Role.ValueType, customer_id: UUID | None = None, account_id: UUID | None = None
    ) -> Person:
        """Sign somebody in."""
        account = account_id or new_id()
        token = token_for(
            roles=roles, tenant_id=tenant_id, customer_id=customer_id, account_id=account, name="Petra H."
        )
        stubs = (self.running.stub(VaultServiceStub, token), self.running.stub(VaultInternalServiceStub, token))
        return Person(token, account, tenant_id, *stubs, customer_id=customer_id)

    def customer(self, tenant_id: UUID) -> Person:
        """Sign a customer in whom identity knows."""
        customer_id = new_id()
        self.directory.customers.add((str(tenant_id), str(customer_id)))
        return self.person(tenant_id, Role.ROLE_CUSTOMER, customer_id=customer_id)

    def employee(self, tenant_id: UUID) -> Person:
        """Sign an employee in whom identity knows."""
        person = self.person(tenant_id, Role.ROLE_STAFF)
        self.directory.employees[str(person.account_id)] = str(tenant_id)
        return person

    def service(self, name: str, tenant_id: UUID) -> VaultInternalServiceStub:
        """Return another service's stub."""
        return self.running.stub(VaultInternalServiceStub, service_token_for(name, tenant_id))

    @property
    def jobs(self) -> JobContext:
        """What the vault's jobs run with."""
        return JobContext(work=self.running.platform.work, clock=self.clock)

    def stored_files(self) -> list[Path]:
        """Return everything that lies in the object store, half-written files included."""
        return [path for path in self.objects.rglob("*") if path.is_file()]


@dataclass
class Edge:
    """The file edge under gunicorn."""

    process: subprocess.Popen[bytes]
    client: httpx.AsyncClient

    def peak_memory_bytes(self) -> int:
        """Return the highest resident size of gunicorn's worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        status = Path(f"/proc/{children[0]}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


async def answering(client: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> None:
    """Wait until the edge answers; fails when it ends first (its log lies in the test's folder)."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            await client.get("/files/none")
        except httpx.TransportError:
            assert process.poll() is None, "the edge did not start"
        else:
            return
    raise AssertionError("the edge does not answer")


def pdf(size: int, *, mark: str = "Versicherungsschein") -> Iterator[bytes]:
    """Yield something that begins like a PDF, in pieces of 64 KB."""
    start = b"%PDF-1.7\n" + mark.encode()
    line = (mark + " ").encode() * 4096
    yield start[:size]
    left = size - len(start)
    while left > 0:
        piece = line[: min(left, 65536)]
        left -= len(piece)
        yield piece


async def upload(edge: Edge, person: Person, content: bytes, customer_id: str = "", **intent: Any) -> pb.Document:
    """Upload a file through the edge and return the document as its owner sees it."""
    name = intent.pop("file_name", "Police.pdf")
    reserved = await person.vault.CreateUpload(
        pb.CreateUploadRequest(customer_id=customer_id or person.cid, file_name=name, size_bytes=len(content), **intent)
    )
    answer = await edge.client.put(reserved.upload_path, content=content, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return await person.vault.GetDocument(
        pb.GetDocumentRequest(customer_id=customer_id or person.cid, document_id=reserved.document_id)
    )


async def refused(call: Any) -> grpc.StatusCode:
    """Return the status with which a call is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code()
