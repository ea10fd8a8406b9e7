"""MailInService: proto → use case → proto."""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import mail_in_pb2 as pb
from kontor.vault.v1.mail_in_pb2_grpc import MailInServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.errors import DomainError, ErrorKind
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import cursor_time, decode_cursor, encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_vault import mail_intake, mailboxes
from kontor_vault.keys import CustomerKeys
from kontor_vault.mail_intake import HeldMail
from kontor_vault.mailboxes import Entrance
from kontor_vault.objects import Objects
from kontor_vault.people import People
from kontor_vault.rpc import convert


class MailInRpc(MailInServiceServicer):
    """Serves the calls."""

    def __init__(
        self,
        work: UnitOfWork,
        keys: CustomerKeys,
        objects: Objects,
        people: People,
        domain: str,
        default_quota_bytes: int,
    ) -> None:
        self._work = work
        self._keys = keys
        self._objects = objects
        self._people = people
        self._domain = domain
        self._default_quota_bytes = default_quota_bytes

    async def GetMailbox(self, request: pb.GetMailboxRequest, context: Context) -> pb.Mailbox:
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.query() as tx:
            return self._mailbox(customer_id, await mailboxes.entrance_of(tx, customer_id=customer_id))

    async def RenewMailbox(self, request: pb.RenewMailboxRequest, context: Context) -> pb.Mailbox:
        if not self._domain:
            text = "Diese Installation nimmt keine E-Mails an."
            raise DomainError(ErrorKind.PRECONDITION, "NO_MAIL_IN", text)
        customer_id, caller = parse_id(request.customer_id, "customer_id"), current_principal()
        email = await self._people.email_of(caller.required_tenant(), caller.required_account())
        async with self._work.command(request) as tx:
            entrance = await mailboxes.renew(tx, customer_id=customer_id, own_email=email)
            return await tx.commit(self._mailbox(customer_id, entrance))

    async def CloseMailbox(self, request: pb.CloseMailboxRequest, context: Context) -> pb.Mailbox:
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.command(request) as tx:
            entrance = await mailboxes.close(tx, customer_id=customer_id)
            return await tx.commit(self._mailbox(customer_id, entrance))

    async def AllowMailSender(self, request: pb.AllowMailSenderRequest, context: Context) -> pb.Mailbox:
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.command(request) as tx:
            entrance = await mailboxes.allow(tx, customer_id=customer_id, email=request.email)
            return await tx.commit(self._mailbox(customer_id, entrance))

    async def RefuseMailSender(self, request: pb.RefuseMailSenderRequest, context: Context) -> pb.Mailbox:
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.command(request) as tx:
            entrance = await mailboxes.refuse(tx, customer_id=customer_id, email=request.email)
            return await tx.commit(self._mailbox(customer_id, entrance))

    async def ListHeldMails(self, request: pb.ListHeldMailsRequest, context: Context) -> pb.ListHeldMailsResponse:
        size, cursor = page_size(request.page_size), decode_cursor(request.page_token, cursor_time, UUID)
        async with self._work.query() as tx:
            found = await mail_intake.list_held(
                tx,
                self._keys,
                customer_id=parse_id(request.customer_id, "customer_id"),
                before=(cursor[0], cursor[1]) if cursor else None,
                size=size + 1,
            )
        token = ""
        if len(found) > size:
            last = found[size - 1].mail
            token = encode_cursor(last.receive_time, last.mail_id)
        return pb.ListHeldMailsResponse(mails=[_held(each) for each in found[:size]], next_page_token=token)

    async def ConfirmHeldMail(self, request: pb.ConfirmHeldMailRequest, context: Context) -> pb.ConfirmHeldMailResponse:
        async with self._work.command(request) as tx:
            documents = await mail_intake.confirm(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                mail_id=parse_id(request.mail_id, "mail_id"),
                default_limit=self._default_quota_bytes,
            )
            answer = pb.ConfirmHeldMailResponse(document_ids=[str(each.document_id) for each in documents])
            return await tx.commit(answer)

    async def RejectHeldMail(self, request: pb.RejectHeldMailRequest, context: Context) -> pb.RejectHeldMailResponse:
        async with self._work.command(request) as tx:
            parts = await mail_intake.reject(
                tx,
                customer_id=parse_id(request.customer_id, "customer_id"),
                mail_id=parse_id(request.mail_id, "mail_id"),
            )
            answer = await tx.commit(pb.RejectHeldMailResponse())
        await mail_intake.delete_contents(self._objects, parts)
        return answer

    def _mailbox(self, customer_id: UUID, entrance: Entrance) -> pb.Mailbox:
        is_on = bool(self._domain) and entrance.local_part is not None
        return pb.Mailbox(
            customer_id=str(customer_id),
            available=bool(self._domain),
            address=f"{entrance.local_part}@{self._domain}" if is_on else "",
            senders=entrance.senders,
        )


def _held(held: HeldMail) -> pb.HeldMail:
    return pb.HeldMail(
        mail_id=str(held.mail.mail_id),
        sender=held.sender,
        subject=held.subject,
        attachments=[pb.HeldAttachment(file_name=each.file_name, size_bytes=each.size_bytes) for each in held.parts],
        receive_time=convert.timestamp(held.mail.receive_time),
        expire_time=convert.timestamp(held.mail.expire_time),
    )
