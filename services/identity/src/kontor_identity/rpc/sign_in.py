"""RPCs that the OpenID edge calls: passwords, browser sessions, codes, tokens, keys, links."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import people_pb2
from kontor.identity.v1 import signin_pb2 as pb
from kontor.identity.v1.accounts_pb2 import InvitationState
from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.service import Context

from kontor_identity.acceptance import Acceptance
from kontor_identity.devices import Visitor
from kontor_identity.directory import DIRECTORY
from kontor_identity.emergency.signs_of_life import account_was_used
from kontor_identity.introspection import introspect, revoke
from kontor_identity.keys import SigningKeys
from kontor_identity.resets import PasswordResets
from kontor_identity.rpc import messages, security_messages
from kontor_identity.sessions import choose_membership, end_session
from kontor_identity.sign_in import SignIn
from kontor_identity.tokens import (
    ACCESS_LIFETIME,
    CodeRequest,
    Compromised,
    IssuedTokens,
    TokenIssuer,
    create_code,
    invalid_grant,
    issue_first_tokens,
    rotate_refresh_token,
    take_code,
)


@dataclass(frozen=True)
class SignInParts:
    """What the RPCs work with."""

    work: UnitOfWork
    sign_in: SignIn
    acceptance: Acceptance
    resets: PasswordResets
    keys: SigningKeys
    issuer: TokenIssuer


class SignInRpc(SignInInternalServiceServicer):
    """SignInInternalService."""

    def __init__(self, parts: SignInParts) -> None:
        self._parts = parts
        self._work = parts.work
        self._issuer = parts.issuer

    async def SignIn(self, request: pb.SignInRequest, context: Context) -> pb.BrowserSession:
        """See signin.proto."""
        visitor = security_messages.visitor(request)
        outcome = await self._parts.sign_in.with_password(request.email, request.password, visitor)
        return security_messages.browser_session(outcome)

    async def GetBrowserSession(self, request: pb.GetBrowserSessionRequest, context: Context) -> pb.BrowserSession:
        """See signin.proto."""
        found = await self._parts.sign_in.browser_session(parse_id(request.session_id, "session_id"))
        return security_messages.browser_session(found)

    async def ChooseMembership(self, request: pb.ChooseMembershipRequest, context: Context) -> pb.BrowserSession:
        """See signin.proto."""
        async with self._work.work(DIRECTORY) as tx:
            chosen = await choose_membership(
                tx,
                self._issuer.clock,
                parse_id(request.session_id, "session_id"),
                parse_id(request.membership_id, "membership_id"),
            )
            await tx.commit()
        return security_messages.browser_session(chosen)

    async def EndSession(self, request: pb.EndSessionRequest, context: Context) -> Empty:
        """See signin.proto."""
        async with self._work.work(DIRECTORY) as tx:
            session_id = parse_id(request.session_id, "session_id")
            await end_session(tx, session_id, self._issuer.clock.now(), "signed out")
            return await tx.commit(Empty())

    async def CreateAuthorizationCode(
        self, request: pb.CreateAuthorizationCodeRequest, context: Context
    ) -> pb.CreateAuthorizationCodeResponse:
        """See signin.proto."""
        wanted = CodeRequest(
            session_id=parse_id(request.session_id, "session_id"),
            client_id=request.client_id,
            redirect_uri=request.redirect_uri,
            scope=request.scope,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
        )
        async with self._work.work(DIRECTORY) as tx:
            code = await create_code(tx, self._issuer.clock.now(), wanted)
            return await tx.commit(pb.CreateAuthorizationCodeResponse(code=code))

    async def TakeAuthorizationCode(
        self, request: pb.TakeAuthorizationCodeRequest, context: Context
    ) -> pb.AuthorizationGrant:
        """See signin.proto."""
        async with self._work.work(DIRECTORY) as tx:
            try:
                row, session = await take_code(tx, self._issuer.clock.now(), request.code, request.client_id)
            except Compromised:
                await tx.commit()
                raise invalid_grant() from None
            await tx.commit()
        return pb.AuthorizationGrant(
            session_id=str(row.session_id),
            account_id=str(session.account_id),
            client_id=row.client_id,
            redirect_uri=row.redirect_uri,
            scope=row.scope,
            nonce=row.nonce,
            code_challenge=row.code_challenge,
            auth_time=messages.timestamp(session.authenticated_at),
            grant_id=str(row.grant_id),
        )

    async def IssueTokens(self, request: pb.IssueTokensRequest, context: Context) -> pb.Tokens:
        """See signin.proto."""
        ring = await self._parts.keys.ring()
        async with self._work.work(DIRECTORY) as tx:
            issued = await issue_first_tokens(tx, self._issuer, ring, parse_id(request.grant_id, "grant_id"))
            await account_was_used(tx, issued.account_id)
            return await tx.commit(_tokens(issued))

    async def RotateRefreshToken(self, request: pb.RotateRefreshTokenRequest, context: Context) -> pb.Tokens:
        """See signin.proto."""
        ring = await self._parts.keys.ring()
        async with self._work.work(DIRECTORY) as tx:
            try:
                issued = await rotate_refresh_token(tx, self._issuer, ring, request.refresh_token, request.client_id)
            except Compromised:
                await tx.commit()
                raise invalid_grant() from None
            await account_was_used(tx, issued.account_id)
            return await tx.commit(_tokens(issued))

    async def RevokeToken(self, request: pb.RevokeTokenRequest, context: Context) -> Empty:
        """See signin.proto."""
        ring = await self._parts.keys.ring()
        async with self._work.work(DIRECTORY) as tx:
            now = self._issuer.clock.now()
            await revoke(tx, ring, self._issuer.issuer, now, request.token, request.client_id)
            return await tx.commit(Empty())

    async def IntrospectToken(self, request: pb.IntrospectTokenRequest, context: Context) -> pb.IntrospectTokenResponse:
        """See signin.proto."""
        ring = await self._parts.keys.ring()
        async with self._work.work(DIRECTORY) as tx:
            facts = await introspect(tx, ring, self._issuer.issuer, self._issuer.clock.now(), request.token)
        if facts is None:
            return pb.IntrospectTokenResponse(active=False)
        return pb.IntrospectTokenResponse(
            active=True,
            sub=str(facts.account_id),
            client_id=facts.client_id,
            scope=facts.scope,
            token_type=facts.kind,
            iat=facts.issued_at,
            exp=facts.expires_at,
            sid=str(facts.session_id),
        )

    async def GetJwks(self, request: pb.GetJwksRequest, context: Context) -> pb.GetJwksResponse:
        """See signin.proto."""
        return pb.GetJwksResponse(jwks_json=(await self._parts.keys.ring()).jwks())

    async def GetInvitationByToken(
        self, request: pb.GetInvitationByTokenRequest, context: Context
    ) -> pb.InvitationCard:
        """See signin.proto."""
        view = await self._parts.acceptance.find(request.token)
        invitation = view.invitation
        return pb.InvitationCard(
            state=InvitationState.ValueType(view.state),
            tenant_slug=view.tenant.slug,
            tenant_name=view.tenant.name,
            letter_greeting=invitation.letter_greeting,
            form=people_pb2.AddressForm.ValueType(invitation.form),
            email=invitation.email,
            account_exists=view.account_exists,
            roles=messages.role_values(invitation.roles),
            expire_time=messages.timestamp(invitation.expires_at),
        )

    async def AcceptInvitation(self, request: pb.AcceptInvitationRequest, context: Context) -> pb.BrowserSession:
        """See signin.proto."""
        visitor = Visitor(request.client_address, request.device, device_token=request.device_token)
        outcome = await self._parts.acceptance.accept(request.token, request.password, visitor)
        return security_messages.browser_session(outcome)

    async def RequestPasswordReset(self, request: pb.RequestPasswordResetRequest, context: Context) -> Empty:
        """See signin.proto."""
        await self._parts.resets.request(request.email, request.client_address, request.firm)
        return Empty()

    async def CheckPasswordReset(self, request: pb.CheckPasswordResetRequest, context: Context) -> Empty:
        """See signin.proto."""
        await self._parts.resets.check(request.token)
        return Empty()

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Context) -> Empty:
        """See signin.proto."""
        await self._parts.resets.reset(request.token, request.password)
        return Empty()


def _tokens(issued: IssuedTokens) -> pb.Tokens:
    return pb.Tokens(
        access_token=issued.access_token,
        refresh_token=issued.refresh_token,
        id_token=issued.id_token,
        expires_in=int(ACCESS_LIFETIME.total_seconds()),
        scope=issued.scope,
        account_id=str(issued.account_id),
    )
