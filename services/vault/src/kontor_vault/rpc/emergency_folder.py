"""EmergencyFolderService: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from kontor.vault.v1 import emergency_folder_pb2 as pb
from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceServicer
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.etags import etag_of
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import decode_cursor, encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_vault import emergency_folder
from kontor_vault.emergency_folder import Details, EmergencyFolder, Wanted
from kontor_vault.rpc import convert
from kontor_vault.rpc.releases import Releases
from kontor_vault.tables import EmergencyItem


class EmergencyFolderRpc(EmergencyFolderServiceServicer):
    """Serves the calls."""

    def __init__(self, work: UnitOfWork, releases: Releases, folder: EmergencyFolder) -> None:
        self._work = work
        self._releases = releases
        self._folder = folder

    async def ListEmergencyItems(
        self, request: pb.ListEmergencyItemsRequest, context: Context
    ) -> pb.ListEmergencyItemsResponse:
        customer_id, size = parse_id(request.customer_id, "customer_id"), page_size(request.page_size)
        cursor = decode_cursor(request.page_token, UUID)
        release_id = await self._releases.required()
        async with self._work.command(request) as tx:
            if release_id is not None:
                await emergency_folder.record_look(tx, customer_id)
            after = cursor[0] if cursor else UUID(int=0)
            found = await emergency_folder.list_items(
                tx, customer_id=customer_id, release_id=release_id, after=after, size=size + 1
            )
            items = found[:size]
            said = await self._folder.details_of(tx, items)
            token = encode_cursor(items[-1].item_id) if len(found) > size else ""
            answer = pb.ListEmergencyItemsResponse(
                items=[_message(item, details) for item, details in zip(items, said, strict=True)],
                next_page_token=token,
            )
            return await tx.commit(answer)

    async def CreateEmergencyItem(self, request: pb.CreateEmergencyItemRequest, context: Context) -> pb.EmergencyItem:
        async with self._work.command(request) as tx:
            item = await self._folder.put_in(
                tx, customer_id=parse_id(request.customer_id, "customer_id"), wanted=_wanted(request.item)
            )
            return await tx.commit(await self._answer(tx, item))

    async def UpdateEmergencyItem(self, request: pb.UpdateEmergencyItemRequest, context: Context) -> pb.EmergencyItem:
        async with self._work.command(request) as tx:
            item = await self._folder.change(
                tx,
                customer_id=parse_id(request.item.customer_id, "item.customer_id"),
                item_id=parse_id(request.item.item_id, "item.item_id"),
                etag=request.item.etag,
                wanted=_wanted(request.item),
                remove_secret=request.remove_secret,
            )
            return await tx.commit(await self._answer(tx, item))

    async def DeleteEmergencyItem(self, request: pb.DeleteEmergencyItemRequest, context: Context) -> Empty:
        async with self._work.command(request) as tx:
            await self._folder.take_out(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                item_id=parse_id(request.item_id, "item_id"),
            )
            return await tx.commit(Empty())

    async def GetEmergencySecret(self, request: pb.GetEmergencySecretRequest, context: Context) -> pb.EmergencySecret:
        release_id = await self._release()
        async with self._work.command(request) as tx:
            secret = await self._folder.reveal(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                item_id=parse_id(request.item_id, "item_id"),
                release_id=release_id,
            )
            await tx.commit()
        return pb.EmergencySecret(secret=secret)

    async def TickEmergencyTask(self, request: pb.TickEmergencyTaskRequest, context: Context) -> pb.EmergencyItem:
        release_id = await self._release()
        async with self._work.command(request) as tx:
            item = await emergency_folder.tick_task(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                item_id=parse_id(request.item_id, "item_id"),
                release_id=release_id,
                done=request.done,
            )
            return await tx.commit(await self._answer(tx, item))

    async def _release(self) -> UUID:
        """Return the release that identity affirms for a trusted person; raises NOT_FOUND."""
        release_id = await self._releases.required()
        if release_id is None:
            raise not_found("Der Eintrag")
        return release_id

    async def _answer(self, tx: Transaction, item: EmergencyItem) -> pb.EmergencyItem:
        return _message(item, (await self._folder.details_of(tx, [item]))[0])


def _wanted(item: pb.EmergencyItem) -> Wanted:
    return Wanted(
        kind=item.kind,
        title=item.title,
        folder_id=convert.optional_id(item.folder_id, "item.folder_id"),
        details=Details(item.place.strip(), item.instructions.strip(), item.contact.strip()),
        secret=item.secret,
    )


def _message(item: EmergencyItem, details: Details) -> pb.EmergencyItem:
    return pb.EmergencyItem(
        item_id=str(item.item_id),
        customer_id=str(item.customer_id),
        folder_id="" if item.folder_id is None else str(item.folder_id),
        kind=pb.EmergencyItemKind.ValueType(item.kind),
        title=item.title,
        place=details.place,
        instructions=details.instructions,
        contact=details.contact,
        has_secret=item.secret is not None,
        done_name=item.done_name,
        done_time=None if item.done_time is None else convert.timestamp(item.done_time),
        update_time=convert.timestamp(item.update_time),
        etag=etag_of(item.version),
    )
