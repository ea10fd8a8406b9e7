"""MasterDataService: "Meine Daten"."""

from __future__ import annotations

from google.protobuf.message import Message
from kontor.identity.v1 import master_data_pb2 as pb
from kontor.identity.v1.master_data_pb2_grpc import MasterDataServiceServicer
from kontor_chassis.database import UnitOfWork
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.service import Context

from kontor_identity import queries
from kontor_identity.account_references import account_reference
from kontor_identity.bank_codes import check_iban
from kontor_identity.change_requests import decide_request, handle_wish, open_requests_of, requests_of_firm, wish_of
from kontor_identity.commission_accounts import choose_commission_account
from kontor_identity.customer_history import changes_of
from kontor_identity.customers import customer_in_sight
from kontor_identity.edit_policies import Policy, policy_of, set_policy
from kontor_identity.master_data import bank_accounts_of, contacts_of
from kontor_identity.master_data_tables import ChangeRequestRow
from kontor_identity.names import display_name
from kontor_identity.postal_directory import check_address
from kontor_identity.rpc import messages
from kontor_identity.sealing import Sealer
from kontor_identity.tables import Account, Customer


class MasterDataRpc(MasterDataServiceServicer):
    """MasterDataService."""

    def __init__(self, work: UnitOfWork, sealer: Sealer) -> None:
        self._work = work
        self._sealer = sealer

    async def GetMasterData(self, request: pb.GetMasterDataRequest, context: Context) -> pb.MasterData:
        """See master_data.proto."""
        async with self._work.query() as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            account = await tx.session.get(Account, customer.account_id) if customer.account_id else None
            return pb.MasterData(
                customer=messages.customer(customer),
                marital_status=pb.MaritalStatus.ValueType(customer.marital_status),
                marital_since=customer.marital_since.isoformat() if customer.marital_since else "",
                is_intermediary=customer.is_intermediary,
                contacts=[
                    pb.Contact(
                        contact_id=str(row.contact_id),
                        kind=pb.ContactKind.ValueType(row.kind),
                        value=row.value,
                        label=row.label,
                    )
                    for row in await contacts_of(tx, customer.customer_id)
                ],
                bank_accounts=[
                    pb.BankAccount(
                        bank_account_id=str(row.bank_account_id),
                        masked_iban=row.iban_masked,
                        bic=row.bic,
                        bank_name=row.bank_name,
                        holder=row.holder,
                        create_time=messages.timestamp(row.created_at),
                        reference=account_reference(self._sealer, row.tenant_id, row.iban_blinded),
                        for_commission=row.for_commission,
                    )
                    for row in await bank_accounts_of(tx, customer.customer_id)
                ],
                login_email=account.email if account else "",
                policy=policy_message(await policy_of(tx, customer.tenant_id)),
                open_requests=[_request(row, customer) for row in await open_requests_of(tx, customer.customer_id)],
            )

    async def CheckAddress(self, request: pb.CheckAddressRequest, context: Context) -> pb.AddressCheck:
        """See master_data.proto."""
        found = check_address(messages.postal_address(request.address))
        proposals = [messages.address_of(proposal) for proposal in found.proposals]
        return pb.AddressCheck(verdict=found.verdict, proposals=proposals)

    async def CheckIban(self, request: pb.CheckIbanRequest, context: Context) -> pb.IbanCheck:
        """See master_data.proto."""
        checked = check_iban(request.iban)
        return pb.IbanCheck(bic=checked.bic, bank_name=checked.bank_name, formatted_iban=checked.formatted)

    async def ChangePerson(self, request: pb.ChangePersonRequest, context: Context) -> pb.ChangeOutcome:
        """See master_data.proto."""
        return await self._handle(request, request.customer_id)

    async def ChangeAddress(self, request: pb.ChangeAddressRequest, context: Context) -> pb.ChangeOutcome:
        """See master_data.proto."""
        return await self._handle(request, request.customer_id, confirmed=request.confirmed)

    async def ChangeContact(self, request: pb.ChangeContactRequest, context: Context) -> pb.ChangeOutcome:
        """See master_data.proto."""
        return await self._handle(request, request.customer_id)

    async def ChangeBankAccount(self, request: pb.ChangeBankAccountRequest, context: Context) -> pb.ChangeOutcome:
        """See master_data.proto."""
        return await self._handle(request, request.customer_id)

    async def ChooseCommissionAccount(
        self, request: pb.ChooseCommissionAccountRequest, context: Context
    ) -> pb.ChooseCommissionAccountResponse:
        """See master_data.proto."""
        async with self._work.command(request) as tx:
            await choose_commission_account(
                tx,
                parse_id(request.customer_id, "customer_id"),
                parse_id(request.bank_account_id, "bank_account_id"),
            )
            return await tx.commit(pb.ChooseCommissionAccountResponse())

    async def ListMasterDataChanges(
        self, request: pb.ListMasterDataChangesRequest, context: Context
    ) -> pb.ListMasterDataChangesResponse:
        """See master_data.proto."""
        size = page_size(request.page_size)
        before = queries.time_and_id(request.page_token, queries.AFTER_ALL_TIMES, queries.AFTER_ALL_IDS)
        async with self._work.query() as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            found = await changes_of(tx, customer.customer_id, before, size + 1)
        page = found[:size]
        token = encode_cursor(page[-1].changed_at, page[-1].change_id) if len(found) > size else ""
        changes = [
            pb.MasterDataChange(
                field=row.field,
                old_value=row.old_value,
                new_value=row.new_value,
                changed_by=row.changed_name,
                by_customer=row.by_customer,
                change_time=messages.timestamp(row.changed_at),
            )
            for row in page
        ]
        return pb.ListMasterDataChangesResponse(changes=changes, next_page_token=token)

    async def ListChangeRequests(
        self, request: pb.ListChangeRequestsRequest, context: Context
    ) -> pb.ListChangeRequestsResponse:
        """See master_data.proto."""
        size = page_size(request.page_size)
        async with self._work.query() as tx:
            found = await requests_of_firm(tx, request.state, queries.text_and_id(request.page_token), size + 1)
        page = found[:size]
        token = encode_cursor("", page[-1][0].change_request_id) if len(found) > size else ""
        requests = [_request(row, customer) for row, customer in page]
        return pb.ListChangeRequestsResponse(change_requests=requests, next_page_token=token)

    async def DecideChangeRequest(self, request: pb.DecideChangeRequestRequest, context: Context) -> pb.ChangeRequest:
        """See master_data.proto."""
        async with self._work.command(request) as tx:
            request_id = parse_id(request.change_request_id, "change_request_id")
            row = await decide_request(tx, self._sealer, request_id, accept=request.accept, reason=request.reason)
            customer = await tx.session.get_one(Customer, row.customer_id)
            return await tx.commit(_request(row, customer))

    async def GetEditPolicy(self, request: pb.GetEditPolicyRequest, context: Context) -> pb.EditPolicy:
        """See master_data.proto."""
        async with self._work.query() as tx:
            return policy_message(await policy_of(tx, tx.principal.required_tenant()))

    async def SetEditPolicy(self, request: pb.SetEditPolicyRequest, context: Context) -> pb.EditPolicy:
        """See master_data.proto."""
        given = request.policy
        wanted = Policy(given.person, given.address, given.contact, given.bank_account, given.contracts)
        async with self._work.command(request) as tx:
            return await tx.commit(policy_message(await set_policy(tx, wanted)))

    async def _handle(self, request: Message, customer_id: str, *, confirmed: bool = False) -> pb.ChangeOutcome:
        async with self._work.command(request) as tx:
            decided = await handle_wish(
                tx,
                self._sealer,
                parse_id(customer_id, "customer_id"),
                request,
                wish_of(request),
                confirmed=confirmed,
            )
            request_id = str(decided.request.change_request_id) if decided.request else ""
            return await tx.commit(pb.ChangeOutcome(outcome=decided.outcome, change_request_id=request_id))


def policy_message(policy: Policy) -> pb.EditPolicy:
    """Return a firm's edit policy."""
    mode = pb.EditMode.ValueType
    return pb.EditPolicy(
        person=mode(policy.person),
        address=mode(policy.address),
        contact=mode(policy.contact),
        bank_account=mode(policy.bank_account),
        contracts=mode(policy.contracts),
    )


def _request(row: ChangeRequestRow, customer: Customer) -> pb.ChangeRequest:
    return pb.ChangeRequest(
        change_request_id=str(row.change_request_id),
        customer_id=str(row.customer_id),
        customer_name=display_name(customer.salutation, customer.title, customer.given_name, customer.family_name),
        group=pb.FieldGroup.ValueType(row.field_group),
        summary=row.summary,
        is_case=row.is_case,
        state=pb.ChangeRequestState.ValueType(row.state),
        reason=row.reason,
        requested_by=row.requested_name,
        request_time=messages.timestamp(row.requested_at),
        decided_by=row.decided_name,
        decide_time=messages.timestamp(row.decided_at),
    )
