"""RPCs of the OpenID edge beyond the password, and of notifications for the mails that belong to them."""

from __future__ import annotations

from kontor.identity.v1 import account_security_pb2, signin_pb2
from kontor.identity.v1 import signin_steps_pb2 as pb
from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceServicer
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_identity.account_events import account_event
from kontor_identity.directory import DIRECTORY
from kontor_identity.email_changes import confirm_email_change, mint_email_link, usable_change
from kontor_identity.partners import TOKEN_LIFETIME, issue_partner_token
from kontor_identity.passkeys import Passkeys
from kontor_identity.rpc import messages, security_messages
from kontor_identity.rpc.sign_in import SignInParts
from kontor_identity.sealing import Sealer
from kontor_identity.sign_in import SignIn
from kontor_identity.tickets import code_of, mailed_ticket


class SignInStepsRpc(SignInStepsInternalServiceServicer):
    """SignInStepsInternalService."""

    def __init__(
        self, parts: SignInParts, sign_in: SignIn, passkeys: Passkeys, sealer: Sealer, public_url: str
    ) -> None:
        self._work = parts.work
        self._parts = parts
        self._sign_in = sign_in
        self._passkeys = passkeys
        self._sealer = sealer
        self._public_url = public_url

    async def VerifySecondFactor(
        self, request: pb.VerifySecondFactorRequest, context: Context
    ) -> signin_pb2.BrowserSession:
        """See signin_steps.proto."""
        visitor = security_messages.visitor(request.visitor)
        outcome = await self._sign_in.with_second_factor(request.ticket, request.code, visitor)
        return security_messages.browser_session(outcome)

    async def ConfirmSession(self, request: pb.ConfirmSessionRequest, context: Context) -> signin_pb2.BrowserSession:
        """See signin_steps.proto."""
        session_id = parse_id(request.session_id, "session_id")
        visitor = security_messages.visitor(request.visitor)
        found = await self._sign_in.confirm_session(session_id, request.code, visitor)
        return security_messages.browser_session(found)

    async def RequestSignInCode(self, request: pb.RequestSignInCodeRequest, context: Context) -> pb.SignInTicket:
        """See signin_steps.proto."""
        visitor = security_messages.visitor(request.visitor)
        return pb.SignInTicket(ticket=await self._sign_in.request_code(request.email, visitor))

    async def VerifySignInCode(
        self, request: pb.VerifySignInCodeRequest, context: Context
    ) -> signin_pb2.BrowserSession:
        """See signin_steps.proto."""
        visitor = security_messages.visitor(request.visitor)
        outcome = await self._sign_in.with_code(request.ticket, request.code, visitor)
        return security_messages.browser_session(outcome)

    async def BeginPasskeySignIn(
        self, request: pb.BeginPasskeySignInRequest, context: Context
    ) -> account_security_pb2.PasskeyCeremony:
        """See signin_steps.proto."""
        return security_messages.ceremony(await self._passkeys.begin_sign_in(request.host))

    async def VerifyPasskey(self, request: pb.VerifyPasskeyRequest, context: Context) -> signin_pb2.BrowserSession:
        """See signin_steps.proto."""
        ceremony_id = parse_id(request.ceremony_id, "ceremony_id")
        visitor = security_messages.visitor(request.visitor)
        outcome = await self._passkeys.sign_in(ceremony_id, request.credential_json, visitor)
        return security_messages.browser_session(outcome)

    async def CheckEmailChange(self, request: pb.CheckEmailChangeRequest, context: Context) -> pb.EmailChange:
        """See signin_steps.proto."""
        async with self._work.work(DIRECTORY) as tx:
            change = await usable_change(tx, request.token, lock=False)
        return pb.EmailChange(new_email=change.new_email)

    async def ConfirmEmailChange(self, request: pb.ConfirmEmailChangeRequest, context: Context) -> pb.EmailChange:
        """See signin_steps.proto."""
        async with self._work.work(DIRECTORY) as tx:
            change = await confirm_email_change(tx, request.token)
            return await tx.commit(pb.EmailChange(new_email=change.new_email))

    async def IssueClientToken(self, request: pb.IssueClientTokenRequest, context: Context) -> pb.ClientToken:
        """See signin_steps.proto."""
        issuer, ring = self._parts.issuer, await self._parts.keys.ring()
        client_id = parse_id(request.client_id, "client_id")
        async with self._work.work(DIRECTORY) as tx:
            issued = await issue_partner_token(
                tx, issuer.clock, issuer.issuer, ring, client_id, request.client_secret, request.scope
            )
            seconds = int(TOKEN_LIFETIME.total_seconds())
            return await tx.commit(
                pb.ClientToken(access_token=issued.access_token, expires_in=seconds, scope=issued.scope)
            )

    async def MintEmailChangeLink(self, request: pb.MintEmailChangeLinkRequest, context: Context) -> pb.EmailChangeLink:
        """See signin_steps.proto."""
        async with self._work.work(DIRECTORY) as tx:
            change_id = parse_id(request.change_id, "change_id")
            change, url = await mint_email_link(tx, change_id, self._public_url)
            link = pb.EmailChangeLink(
                url=url,
                expire_time=messages.timestamp(change.expires_at),
                account_id=str(change.account_id),
                new_email=change.new_email,
            )
            return await tx.commit(link)

    async def MintSignInCode(self, request: pb.MintSignInCodeRequest, context: Context) -> pb.SignInCode:
        """See signin_steps.proto."""
        async with self._work.work(DIRECTORY) as tx:
            ticket = await mailed_ticket(tx, parse_id(request.ticket_id, "ticket_id"))
        return pb.SignInCode(
            code=code_of(self._sealer, ticket.ticket_id),
            expire_time=messages.timestamp(ticket.expires_at),
            account_id=messages.text(ticket.account_id),
        )

    async def GetAccountEvent(self, request: pb.GetAccountEventRequest, context: Context) -> pb.AccountEventNotice:
        """See signin_steps.proto."""
        async with self._work.work(DIRECTORY) as tx:
            entry = await account_event(tx, parse_id(request.account_event_id, "account_event_id"))
        return pb.AccountEventNotice(
            event=security_messages.account_event(entry),
            account_id=str(entry.account_id),
            former_email=entry.former_email,
        )
