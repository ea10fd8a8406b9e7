"""The RPCs of chat: proto → use case → proto, no decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kontor.chat.v1 import chat_pb2 as pb
from kontor.chat.v1 import chat_pb2_grpc
from kontor_chassis.database import RowReader, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_chat import chats, messages, queries
from kontor_chat.operators import Responsibles, ResponsiblesDirectory
from kontor_chat.watching import Watching


class ChatRpc(chat_pb2_grpc.ChatServiceServicer):
    """The public RPCs."""

    def __init__(
        self, work: UnitOfWork, rows: RowReader, responsibles: ResponsiblesDirectory, watching: Watching
    ) -> None:
        self._work = work
        self._rows = rows
        self._responsibles = responsibles
        self._watching = watching

    async def ListChats(self, request: pb.ListChatsRequest, _context: Context) -> pb.ListChatsResponse:
        """Return a page of chats."""
        wanted = queries.ChatFilter(
            archived=request.state == pb.ListChatsRequest.STATE_ARCHIVED,
            only_own=request.only_own,
            only_unassigned=request.only_unassigned,
            customer_ids=tuple(parse_id(given, "customer_ids") for given in request.customer_ids),
            oldest_first=request.oldest_first,
        )
        rows, further = await queries.list_chats(
            self._rows,
            current_principal(),
            wanted,
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListChatsResponse(chats=map(messages.chat, rows), next_page_token=further)

    async def GetChat(self, request: pb.GetChatRequest, _context: Context) -> pb.Chat:
        """Return one chat."""
        row = await queries.find_chat(self._rows, current_principal(), parse_id(request.chat_id, "chat_id"))
        if row is None:
            raise not_found(chats.WHAT)
        return messages.chat(row)

    async def StartChat(self, request: pb.StartChatRequest, _context: Context) -> pb.Chat:
        """Start a chat with its first message."""
        principal = current_principal()
        customer_id = parse_id(request.customer_id, "customer_id")
        chats.require_own(principal, customer_id)
        people = await self._responsibles.resolve(principal.required_tenant(), customer_id)
        async with self._work.command(request) as tx:
            started = await chats.start_chat(
                tx, customer_id=customer_id, subject=request.subject, text=request.text, people=people
            )
            return await tx.commit(messages.chat(await queries.written_chat(tx, started.chat_id)))

    async def ArchiveChat(self, request: pb.ArchiveChatRequest, _context: Context) -> pb.Chat:
        """Archive a chat."""
        async with self._work.command(request) as tx:
            archived = await chats.archive_chat(tx, chat_id=parse_id(request.chat_id, "chat_id"))
            return await tx.commit(messages.chat(await queries.written_chat(tx, archived.chat_id)))

    async def ReopenChat(self, request: pb.ReopenChatRequest, _context: Context) -> pb.Chat:
        """Bring an archived chat back."""
        async with self._work.command(request) as tx:
            reopened = await chats.reopen_chat(tx, chat_id=parse_id(request.chat_id, "chat_id"))
            return await tx.commit(messages.chat(await queries.written_chat(tx, reopened.chat_id)))

    async def ListMessages(self, request: pb.ListMessagesRequest, _context: Context) -> pb.ListMessagesResponse:
        """Return a page of a chat's messages."""
        principal, chat_id = current_principal(), parse_id(request.chat_id, "chat_id")
        if await queries.find_chat(self._rows, principal, chat_id) is None:
            raise not_found(chats.WHAT)
        rows, further = await queries.list_messages(
            self._rows,
            principal,
            chat_id=chat_id,
            size=page_size(request.page_size),
            page_token=request.page_token,
        )
        return pb.ListMessagesResponse(messages=map(messages.message, rows), next_page_token=further)

    async def SendMessage(self, request: pb.SendMessageRequest, _context: Context) -> pb.Message:
        """Send a message."""
        try:
            return await self._send(request)
        except chats.PeopleNeeded as needed:
            tenant_id = current_principal().required_tenant()
            return await self._send(request, await self._responsibles.resolve(tenant_id, needed.customer_id))

    async def MarkRead(self, request: pb.MarkReadRequest, _context: Context) -> pb.Chat:
        """Note how far the caller has read."""
        async with self._work.command(request) as tx:
            read = await chats.mark_read(
                tx,
                chat_id=parse_id(request.chat_id, "chat_id"),
                up_to_message_id=parse_id(request.up_to_message_id, "up_to_message_id"),
            )
            return await tx.commit(messages.chat(await queries.written_chat(tx, read.chat_id)))

    async def GetUnreadCount(self, _request: pb.GetUnreadCountRequest, _context: Context) -> pb.UnreadCount:
        """Count what the caller has not read."""
        unread, in_chats = await queries.count_unread(self._rows, current_principal())
        return pb.UnreadCount(messages=unread, chats=in_chats)

    async def WatchChats(
        self, request: pb.WatchChatsRequest, _context: Context
    ) -> AsyncIterator[pb.WatchChatsResponse]:
        """Stream what happens in the caller's chats."""
        after = parse_id(request.after_message_id, "after_message_id") if request.after_message_id else None
        chat_id = parse_id(request.chat_id, "chat_id") if request.chat_id else None
        async for event in self._watching.stream(current_principal(), after_message_id=after, chat_id=chat_id):
            yield event

    async def _send(self, request: pb.SendMessageRequest, people: Responsibles | None = None) -> pb.Message:
        async with self._work.command(request) as tx:
            chat_id = parse_id(request.chat_id, "chat_id")
            sent = await chats.send_message(tx, chat_id=chat_id, text=request.text, people=people)
            answer = messages.written_message(sent)
            self._watching.remember(sent.tenant_id, answer)
            return await tx.commit(answer)
