"""Mails to a customer's own address, over SMTP: refused, filed, or kept until he says yes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from uuid import UUID

import aiosmtplib
import grpc
import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import events_pb2, vault_pb2
from kontor.vault.v1 import mail_in_pb2 as pb
from kontor.vault.v1.internal_pb2 import SetQuotaRequest
from kontor.vault.v1.mail_in_pb2_grpc import MailInServiceStub
from kontor_chassis.principal import Principal
from kontor_tools.embedded.process import free_port
from kontor_vault.adapters.kms import KeyFile
from kontor_vault.adapters.objects import open_object_store
from kontor_vault.keys import CustomerKeys
from kontor_vault.mail_intake import MailIntake, end_expired_mails
from kontor_vault.mail_server import listen
from sqlalchemy import text

from services.vault.tests.vault_office import DEFAULT_QUOTA, Office, Person, refused

_MX = "mx.kontor.example"
_PASSED = f"{_MX}; dmarc=pass header.from=allianz.example"
_INSURER = "post@allianz.example"


@pytest.fixture
async def smtp(office: Office) -> AsyncIterator[int]:
    """The port at which the vault takes mails."""
    port = free_port()
    store, keys = open_object_store(office.objects.as_uri()), CustomerKeys(KeyFile(office.key))
    intake = MailIntake(office.running.platform.work, store, keys, None, DEFAULT_QUOTA)
    settings = office.settings(
        mail_listen=f"127.0.0.1:{port}",
        mail_domain="post.kontor.example",
        mail_relays="127.0.0.0/8",
        mail_authserv_id=_MX,
    )
    server = await listen(intake, settings)
    yield port
    server.close()
    await server.wait_closed()


def mail(sender: str, number: int, *, results: str = "", attached: bool = True) -> EmailMessage:
    """Return a mail with a policy."""
    made = EmailMessage()
    if results:
        made["Authentication-Results"] = results
    made["From"], made["Subject"], made["Message-ID"] = sender, "Ihre Police", f"<{number}@mail.example>"
    made.set_content("Anbei.")
    if attached:
        content = b"%PDF-1.7 Police " + str(number).encode()
        made.add_attachment(content, maintype="application", subtype="pdf", filename="Police 2026.pdf")
    return made


async def sent(port: int, address: str, message: EmailMessage) -> tuple[int, str]:
    """Hand a mail over; return the code and text of the answer."""
    try:
        _, answer = await aiosmtplib.send(
            message, sender="bounce@anywhere.example", recipients=[address], hostname="127.0.0.1", port=port
        )
    except aiosmtplib.SMTPRecipientsRefused as refusal:
        return refusal.recipients[0].code, refusal.recipients[0].message
    except aiosmtplib.SMTPResponseException as refusal:
        return refusal.code, refusal.message
    return int(answer.split()[0]) if answer[:3].isdigit() else 250, answer


async def events_of(office: Office, name: str) -> list[bytes]:
    """Return what was told of one kind."""
    async with office.jobs.work.work(Principal.of_service("vault")) as tx:
        rows = await tx.session.execute(text("SELECT payload FROM outbox WHERE type LIKE :name"), {"name": f"%{name}"})
        return [row.payload for row in rows]


async def titles_of(person: Person) -> list[str]:
    """Return what lies in a customer's folder."""
    listed = await person.vault.ListDocuments(vault_pb2.ListDocumentsRequest(customer_id=person.cid))
    return [document.title for document in listed.documents]


async def test_only_who_was_let_in_reaches_a_customer(
    office: Office, tenant: UUID, smtp: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Section 7, DOC: proved mails of senders he let in are filed once; of others nothing is stored."""
    caplog.set_level("DEBUG")
    julia = await office.customer(tenant)
    calls = office.running.stub(MailInServiceStub, julia.token)
    assert (await calls.GetMailbox(pb.GetMailboxRequest(customer_id=julia.cid))).address == ""
    box = await calls.RenewMailbox(pb.RenewMailboxRequest(customer_id=julia.cid))
    proved = mail(_INSURER, 1, results=_PASSED)
    assert (await sent(smtp, "niemand@post.kontor.example", proved))[0] == 550
    assert (await sent(smtp, box.address, proved))[0] == 550
    assert not office.stored_files()
    await calls.AllowMailSender(pb.AllowMailSenderRequest(customer_id=julia.cid, email="Post@Allianz.example"))
    assert (await sent(smtp, box.address, mail(_INSURER, 1, results=_PASSED, attached=False)))[0] == 550
    for _ in range(2):
        assert (await sent(smtp, box.address, proved))[0] == 250
    assert await titles_of(julia) == ["Police 2026"]
    [filed] = [events_pb2.MailFiled.FromString(each) for each in await events_of(office, "MailFiled")]
    assert filed.customer_id == julia.cid
    renewed = await calls.RenewMailbox(pb.RenewMailboxRequest(customer_id=julia.cid))
    assert renewed.address != box.address
    assert (await sent(smtp, box.address, mail(_INSURER, 2, results=_PASSED)))[0] == 550
    assert _INSURER not in caplog.text
    await calls.CloseMailbox(pb.CloseMailboxRequest(customer_id=julia.cid))
    assert (await sent(smtp, renewed.address, mail(_INSURER, 2, results=_PASSED)))[0] == 550


async def test_an_unproved_sender_waits_for_the_customer(office: Office, tenant: UUID, smtp: int) -> None:
    """Section 7, DOC: what nobody vouches for is seen by the customer alone and filed only when he says yes."""
    julia, tom, petra = await office.customer(tenant), await office.customer(tenant), await office.employee(tenant)
    calls = office.running.stub(MailInServiceStub, julia.token)
    box = await calls.RenewMailbox(pb.RenewMailboxRequest(customer_id=julia.cid))
    await calls.AllowMailSender(pb.AllowMailSenderRequest(customer_id=julia.cid, email=_INSURER))
    for number in (1, 2, 3):
        assert (await sent(smtp, box.address, mail(_INSURER, number)))[0] == 250
    assert not await titles_of(julia)
    listed = pb.ListHeldMailsRequest(customer_id=julia.cid)
    held = (await calls.ListHeldMails(listed)).mails
    assert {(each.sender, each.subject, each.attachments[0].file_name) for each in held} == {
        (_INSURER, "Ihre Police", "Police 2026.pdf")
    }
    page = await calls.ListHeldMails(pb.ListHeldMailsRequest(customer_id=julia.cid, page_size=2))
    listed.page_token = page.next_page_token
    assert {each.mail_id for each in (*page.mails, *(await calls.ListHeldMails(listed)).mails)} == {
        each.mail_id for each in held
    }
    confirm = pb.ConfirmHeldMailRequest(customer_id=julia.cid, mail_id=held[0].mail_id)
    for other in (tom, petra):
        theirs = office.running.stub(MailInServiceStub, other.token)
        theirs_confirm = pb.ConfirmHeldMailRequest(customer_id=other.cid, mail_id=held[0].mail_id)
        if other is petra:
            assert await refused(theirs.ConfirmHeldMail(confirm)) is grpc.StatusCode.PERMISSION_DENIED
        else:
            assert await refused(theirs.ConfirmHeldMail(theirs_confirm)) is grpc.StatusCode.NOT_FOUND
    [document_id] = (await calls.ConfirmHeldMail(confirm)).document_ids
    found = await julia.vault.GetDocument(vault_pb2.GetDocumentRequest(customer_id=julia.cid, document_id=document_id))
    assert (found.title, found.media_type) == ("Police 2026", "application/pdf")
    await calls.RejectHeldMail(pb.RejectHeldMailRequest(customer_id=julia.cid, mail_id=held[1].mail_id))
    assert len(office.stored_files()) == 2
    office.clock.advance(timedelta(days=15))
    store = open_object_store(office.objects.as_uri())
    while await end_expired_mails(office.jobs.work, store):
        pass
    assert len(office.stored_files()) == 1
    assert len(await events_of(office, "MailQuarantined")) == 3


async def test_storage_stays_bounded(office: Office, tenant: UUID, smtp: int) -> None:
    """F14: a mail that does not fit is refused, and leaves nothing."""
    julia = await office.customer(tenant)
    calls = office.running.stub(MailInServiceStub, julia.token)
    box = await calls.RenewMailbox(pb.RenewMailboxRequest(customer_id=julia.cid))
    await calls.AllowMailSender(pb.AllowMailSenderRequest(customer_id=julia.cid, email=_INSURER))
    billing = office.service("billing", tenant)
    await billing.SetQuota(SetQuotaRequest(tenant_id=str(tenant), customer_id=julia.cid, limit_bytes=10))
    assert (await sent(smtp, box.address, mail(_INSURER, 1, results=_PASSED)))[0] == 552
    assert not office.stored_files()
    quota = await julia.vault.GetQuota(vault_pb2.GetQuotaRequest(customer_id=julia.cid))
    assert quota.used_bytes == 0


async def test_his_own_address_is_let_in(office: Office, tenant: UUID) -> None:
    """Section 7, DOC: a customer can write to himself from the address with which he signs in."""
    known, customer = await office.employee(tenant), await office.customer(tenant)
    julia = office.person(tenant, Role.ROLE_CUSTOMER, customer_id=customer.customer_id, account_id=known.account_id)
    calls = office.running.stub(MailInServiceStub, julia.token)
    box = await calls.RenewMailbox(pb.RenewMailboxRequest(customer_id=julia.cid))
    [own] = box.senders
    assert own.endswith("@mail.example")
    gone = await calls.RefuseMailSender(pb.RefuseMailSenderRequest(customer_id=julia.cid, email=own))
    assert not gone.senders
