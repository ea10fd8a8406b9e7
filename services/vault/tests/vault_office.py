"""The vault in-process on real PostgreSQL and NATS, its file edge under real gunicorn, and the people who use it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import grpc
import httpx
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import people_pb2
from kontor.vault.v1 import vault_pb2 as pb
from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceStub
from kontor.vault.v1.vault_pb2_grpc import VaultServiceStub
from kontor_chassis.clock import FixedClock
from kontor_chassis.ids import new_id
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.plugin import ServiceDatabase
from kontor_chassis.testing.server import Running
from kontor_chassis.testing.tokens import service_token_for, token_for
from kontor_vault.config import VaultSettings

from tests.with_identity import accept_invitation, administrator_of, new_customer, new_firm

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.vault.v1.internal_pb2_grpc import VaultInternalServiceAsyncStub
    from kontor.vault.v1.vault_pb2_grpc import VaultServiceAsyncStub

DEFAULT_QUOTA = 300 << 20


@dataclass
class Person:
    """Somebody signed in: his token and stubs."""

    token: str
    account_id: UUID
    tenant_id: UUID
    vault: VaultServiceAsyncStub
    internal: VaultInternalServiceAsyncStub
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
    identity: Running
    database: ServiceDatabase
    objects: Path
    key: Path

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

    async def firm(self) -> UUID:
        """Activate a broker firm."""
        return (await new_firm(self.identity)).tenant_id

    async def customer(self, tenant_id: UUID) -> Person:
        """Create a customer of a firm and sign him in."""
        customer_id = await new_customer(self.identity, tenant_id)
        return self.person(tenant_id, Role.ROLE_CUSTOMER, customer_id=customer_id)

    async def employee(self, tenant_id: UUID) -> Person:
        """Let an employee of a firm accept his invitation and sign him in."""
        invitation = await administrator_of(self.identity, tenant_id).InviteStaff(
            people_pb2.InviteStaffRequest(
                display_name="Jonas Peters", email=f"jonas.{new_id().hex}@mail.example", roles=[Role.ROLE_STAFF]
            )
        )
        account_id = await accept_invitation(self.identity, invitation.invitation_id)
        return self.person(tenant_id, Role.ROLE_STAFF, account_id=account_id)

    def service(self, name: str, tenant_id: UUID) -> VaultInternalServiceAsyncStub:
        """Return another service's stub."""
        return self.running.stub(VaultInternalServiceStub, service_token_for(name, tenant_id))

    @property
    def jobs(self) -> JobContext:
        """What the vault's jobs run with."""
        return JobContext(work=self.running.platform.work, clock=self.clock)

    def settings(self, **more: Any) -> VaultSettings:
        """Return the settings that commands of this vault run with."""
        given = {"key_encryption_key_file": self.key, "object_store_url": self.objects.as_uri(), **more}
        return VaultSettings.model_construct(**given)

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
