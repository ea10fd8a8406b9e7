"""The scan centre with its hands and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import scan_centre_pb2
from kontor.vault.v1.binders_pb2_grpc import BinderCentreServiceStub
from kontor.vault.v1.originals_pb2_grpc import OriginalServiceStub
from kontor.vault.v1.scan_centre_pb2_grpc import ScanCentreServiceStub
from kontor_chassis.ids import new_id
from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.keys import CustomerKeys
from kontor_vault.scan_service import scan_jobs
from PIL import Image

from services.vault.tests.piles import pile
from services.vault.tests.vault_office import DEFAULT_QUOTA, Edge, Office

if TYPE_CHECKING:
    from kontor.vault.v1.binders_pb2_grpc import BinderCentreServiceAsyncStub
    from kontor.vault.v1.originals_pb2_grpc import OriginalServiceAsyncStub
    from kontor.vault.v1.scan_centre_pb2_grpc import ScanCentreServiceAsyncStub


class Centre:
    """The scan centre with its hands and its calls."""

    def __init__(self, office: Office, edge: Edge) -> None:
        self._office, self._edge = office, edge
        self.person = office.person(new_id(), Role.ROLE_SCAN_CENTRE)
        self.calls: ScanCentreServiceAsyncStub = office.running.stub(ScanCentreServiceStub, self.person.token)
        self.binders: BinderCentreServiceAsyncStub = office.running.stub(BinderCentreServiceStub, self.person.token)
        self.originals: OriginalServiceAsyncStub = office.running.stub(OriginalServiceStub, self.person.token)

    async def scan(self, pages: list[Image.Image], *, duplex: bool = False) -> list[scan_centre_pb2.ScanPiece]:
        """Scan a pile and return its pieces when everything that can be done is done."""
        batch = await self.calls.CreateScanBatch(scan_centre_pb2.CreateScanBatchRequest(box="K-0042", duplex=duplex))
        return await self.send(batch, pages)

    async def send(self, batch: scan_centre_pb2.ScanBatch, pages: list[Image.Image]) -> list[scan_centre_pb2.ScanPiece]:
        """Send the pages of a batch and return its pieces when everything that can be done is done."""
        answer = await self._edge.client.post(
            batch.upload_path, files={"file": ("stapel.pdf", pile(pages))}, headers=self.person.headers
        )
        assert answer.status_code == 204, answer.text
        await self.work()
        return await self.pieces(batch.batch_id)

    async def pieces(self, batch_id: str = "") -> list[scan_centre_pb2.ScanPiece]:
        """Return the pieces of a batch, or whatever is unassigned."""
        wanted = scan_centre_pb2.ListScanPiecesRequest(batch_id=batch_id)
        return list((await self.calls.ListScanPieces(wanted)).pieces)

    async def work(self) -> None:
        """Let the vault's jobs do what waits."""
        store, keys = open_object_store(self._office.objects.as_uri()), CustomerKeys(KeyFile(self._office.key))
        for job in scan_jobs(self._office.running.platform.work, store, keys, DEFAULT_QUOTA):
            await job.run(self._office.jobs)
