"""Public RPCs about the security of the caller's own account."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from kontor.identity.v1 import account_security_pb2 as pb
from kontor.identity.v1.account_security_pb2_grpc import AccountSecurityServiceServicer
from kontor_chassis.clock import Clock
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import Principal, current_principal
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.account_events import account_events
from kontor_identity.account_security import (
    change_password,
    device_of,
    end_other_sessions,
    make_strong,
    protection_of,
    require_strength,
)
from kontor_identity.directory import DIRECTORY
from kontor_identity.email_changes import cancel_email_change, request_email_change
from kontor_identity.mail_language import set_mail_language
from kontor_identity.memberships import MembershipView, memberships_of
from kontor_identity.passkeys import Holder, Passkeys, passkeys_of, remove_passkey, rename_passkey
from kontor_identity.passwords import PasswordVault, check_new_password
from kontor_identity.rpc import security_messages
from kontor_identity.second_factor import SecondFactor
from kontor_identity.sessions import session_ended


class AccountSecurityRpc(AccountSecurityServiceServicer):
    """AccountSecurityService. Its rows are identity's own; each use case is given the caller's account and no other."""

    def __init__(
        self,
        work: UnitOfWork,
        second_factor: SecondFactor,
        passkeys: Passkeys,
        passwords: PasswordVault,
        token_clock: Clock,
    ) -> None:
        self._work = work
        self._second_factor = second_factor
        self._passkeys = passkeys
        self._passwords = passwords
        self._token_clock = token_clock

    async def GetAccountSecurity(self, request: pb.GetAccountSecurityRequest, context: Context) -> pb.AccountSecurity:
        """See account_security.proto."""
        async with self._work.work(DIRECTORY) as tx:
            return await self._security(tx, current_principal())

    async def BeginTotp(self, request: pb.BeginTotpRequest, context: Context) -> pb.TotpEnrolment:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            await require_strength(tx, caller)
            own = await _acting(tx, caller)
            begun = await self._second_factor.begin(tx, own.account_id, issuer=own.tenant_name, email=own.email)
            return await tx.commit(pb.TotpEnrolment(secret=begun.secret, uri=begun.uri))

    async def ConfirmTotp(self, request: pb.ConfirmTotpRequest, context: Context) -> pb.RecoveryCodes:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            await require_strength(tx, caller)
            device = await device_of(tx, caller)
            codes = await self._second_factor.confirm(tx, caller.required_account(), request.code, device)
            await make_strong(tx, caller)
            return await tx.commit(pb.RecoveryCodes(codes=codes))

    async def DisableTotp(self, request: pb.DisableTotpRequest, context: Context) -> pb.AccountSecurity:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await self._second_factor.disable(tx, caller.required_account(), await device_of(tx, caller))
            return await tx.commit(await self._security(tx, caller))

    async def RenewRecoveryCodes(self, request: pb.RenewRecoveryCodesRequest, context: Context) -> pb.RecoveryCodes:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            device = await device_of(tx, caller)
            codes = await self._second_factor.renew_recovery_codes(tx, caller.required_account(), device)
            return await tx.commit(pb.RecoveryCodes(codes=codes))

    async def BeginPasskey(self, request: pb.BeginPasskeyRequest, context: Context) -> pb.PasskeyCeremony:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await require_strength(tx, caller)
            own = await _acting(tx, caller)
            holder = Holder(own.account_id, own.email, own.display_name, own.tenant_name)
            begun = await self._passkeys.begin_registration(tx, holder, request.host)
            return await tx.commit(security_messages.ceremony(begun))

    async def CreatePasskey(self, request: pb.CreatePasskeyRequest, context: Context) -> pb.Passkey:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await require_strength(tx, caller)
            made = await self._passkeys.register(
                tx,
                caller.required_account(),
                parse_id(request.ceremony_id, "ceremony_id"),
                request.credential_json,
                request.name,
                await device_of(tx, caller),
            )
            return await tx.commit(security_messages.passkey(made))

    async def ListPasskeys(self, request: pb.ListPasskeysRequest, context: Context) -> pb.ListPasskeysResponse:
        """See account_security.proto."""
        size, account_id = page_size(request.page_size), current_principal().required_account()
        after = queries.time_and_id(request.page_token, queries.BEFORE_ALL_TIMES, queries.BEFORE_ALL_IDS)
        async with self._work.work(DIRECTORY) as tx:
            rows = await passkeys_of(tx, account_id, after, size + 1)
        page = rows[:size]
        token = encode_cursor(page[-1].created_at, page[-1].passkey_id) if len(rows) > size else ""
        passkeys = [security_messages.passkey(row) for row in page]
        return pb.ListPasskeysResponse(passkeys=passkeys, next_page_token=token)

    async def RenamePasskey(self, request: pb.RenamePasskeyRequest, context: Context) -> pb.Passkey:
        """See account_security.proto."""
        async with self._work.command(request, acting=DIRECTORY) as tx:
            account_id, passkey_id = current_principal().required_account(), parse_id(request.passkey_id, "passkey_id")
            renamed = await rename_passkey(tx, account_id, passkey_id, request.name)
            return await tx.commit(security_messages.passkey(renamed))

    async def DeletePasskey(self, request: pb.DeletePasskeyRequest, context: Context) -> Empty:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await require_strength(tx, caller)
            passkey_id = parse_id(request.passkey_id, "passkey_id")
            await remove_passkey(tx, caller.required_account(), passkey_id, await device_of(tx, caller))
            return await tx.commit(Empty())

    async def ChangePassword(self, request: pb.ChangePasswordRequest, context: Context) -> pb.AccountSecurity:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.work(DIRECTORY) as tx:
            await require_strength(tx, caller)
            own = await _acting(tx, caller)
        words = (*own.display_name.split(), own.email.partition("@")[0], own.tenant_slug)
        check_new_password(request.password, personal=words)
        hashed = await self._passwords.hash(request.password)
        async with self._work.work(DIRECTORY) as tx:
            await change_password(tx, caller, hashed, self._token_clock)
            return await tx.commit(await self._security(tx, caller))

    async def RequestEmailChange(self, request: pb.RequestEmailChangeRequest, context: Context) -> pb.AccountSecurity:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await require_strength(tx, caller)
            account_id, tenant_id = caller.required_account(), caller.required_tenant()
            await request_email_change(tx, account_id, tenant_id, request.email, await device_of(tx, caller))
            return await tx.commit(await self._security(tx, caller))

    async def CancelEmailChange(self, request: pb.CancelEmailChangeRequest, context: Context) -> pb.AccountSecurity:
        """See account_security.proto."""
        caller = current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await cancel_email_change(tx, caller.required_account(), await device_of(tx, caller))
            return await tx.commit(await self._security(tx, caller))

    async def RevokeOtherSessions(
        self, request: pb.RevokeOtherSessionsRequest, context: Context
    ) -> pb.RevokeOtherSessionsResponse:
        """See account_security.proto."""
        async with self._work.command(request, acting=DIRECTORY) as tx:
            ended = await end_other_sessions(tx, current_principal(), self._token_clock)
            return await tx.commit(pb.RevokeOtherSessionsResponse(ended_count=ended))

    async def SetMailLanguage(self, request: pb.SetMailLanguageRequest, context: Context) -> pb.MailLanguage:
        """See account_security.proto."""
        account_id = current_principal().required_account()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            language = await set_mail_language(tx, account_id, request.language)
            return await tx.commit(pb.MailLanguage(language=language))

    async def ListAccountEvents(
        self, request: pb.ListAccountEventsRequest, context: Context
    ) -> pb.ListAccountEventsResponse:
        """See account_security.proto."""
        size, account_id = page_size(request.page_size), current_principal().required_account()
        before = queries.time_and_id(request.page_token, queries.AFTER_ALL_TIMES, queries.AFTER_ALL_IDS)
        async with self._work.work(DIRECTORY) as tx:
            rows = await account_events(tx, account_id, before, size + 1)
        page = rows[:size]
        token = encode_cursor(page[-1].occurred_at, page[-1].account_event_id) if len(rows) > size else ""
        events = [security_messages.account_event(row) for row in page]
        return pb.ListAccountEventsResponse(events=events, next_page_token=token)

    async def _security(self, tx: Transaction, caller: Principal) -> pb.AccountSecurity:
        await tx.session.flush()
        found = await protection_of(tx, caller.required_account(), self._token_clock.now())
        return security_messages.account_security(found)


async def _acting(tx: Transaction, caller: Principal) -> MembershipView:
    """Return the membership the caller acts for."""
    own = await memberships_of(tx, caller.required_account())
    same = (one for one in own if one.tenant_id == caller.tenant_id and one.customer_id == caller.customer_id)
    found = next(same, None)
    if found is None:
        raise session_ended()
    return found
