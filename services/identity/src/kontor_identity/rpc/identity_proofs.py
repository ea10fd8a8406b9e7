"""IdentityProofService: messages to use cases and back; nothing is decided here."""

from __future__ import annotations

from collections.abc import AsyncIterator

from google.api.httpbody_pb2 import HttpBody
from kontor.common.v1.access_pb2 import IdentityLevel
from kontor.identity.v1 import identity_proofs_pb2 as pb
from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceServicer
from kontor.identity.v1.people_pb2 import AccessState
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.ids import new_id, parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context

from kontor_identity.customers import customer_in_sight
from kontor_identity.firm_exports import in_pieces
from kontor_identity.names import display_name
from kontor_identity.proofs import letters, proofs
from kontor_identity.proofs.tables import IdentityLetterRow, IdentityProofRow
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, BEFORE_ALL_IDS, BEFORE_ALL_TIMES, time_and_id
from kontor_identity.rpc.messages import timestamp
from kontor_identity.tables import Customer


class IdentityProofRpc(IdentityProofServiceServicer):
    """IdentityProofService."""

    def __init__(self, work: UnitOfWork, printing: letters.IdentityLetters) -> None:
        self._work, self._letters = work, printing

    async def GetIdentity(self, request: pb.GetIdentityRequest, context: Context) -> pb.Identity:
        """See identity_proofs.proto."""
        async with self._work.query() as tx:
            return await _identity(tx, await customer_in_sight(tx, parse_id(request.customer_id, "customer_id")))

    async def ListIdentityProofs(
        self, request: pb.ListIdentityProofsRequest, context: Context
    ) -> pb.ListIdentityProofsResponse:
        """See identity_proofs.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.query() as tx:
            customer = await customer_in_sight(tx, parse_id(request.customer_id, "customer_id"))
            rows = await proofs.proofs_of(tx, customer.customer_id, before, size + 1)
        token = encode_cursor(rows[size - 1].proved_at, rows[size - 1].identity_proof_id) if len(rows) > size else ""
        return pb.ListIdentityProofsResponse(proofs=[_proof(row) for row in rows[:size]], next_page_token=token)

    async def RequestIdentityLetter(self, request: pb.RequestIdentityLetterRequest, context: Context) -> pb.Identity:
        """See identity_proofs.proto."""
        async with self._work.command(request) as tx:
            customer = await letters.request_letter(tx, parse_id(request.customer_id, "customer_id"))
            return await tx.commit(await _identity(tx, customer))

    async def ListIdentityLetters(
        self, request: pb.ListIdentityLettersRequest, context: Context
    ) -> pb.ListIdentityLettersResponse:
        """See identity_proofs.proto."""
        size = page_size(request.page_size)
        after = time_and_id(request.page_token, BEFORE_ALL_TIMES, BEFORE_ALL_IDS)
        async with self._work.query() as tx:
            found = await letters.waiting_letters(tx, after, size + 1)
            shown = [_letter(tx, letter, customer) for letter, customer in found[:size]]
        last = found[size - 1][0] if len(found) > size else None
        token = encode_cursor(last.created_at, last.identity_letter_id) if last else ""
        return pb.ListIdentityLettersResponse(letters=shown, next_page_token=token)

    async def PrintIdentityLetters(
        self, request: pb.PrintIdentityLettersRequest, context: Context
    ) -> AsyncIterator[HttpBody]:
        """See identity_proofs.proto."""
        customer_ids = [parse_id(one, "customer_ids") for one in request.customer_ids]
        printing = request.request_id or str(new_id())
        for piece in in_pieces(await self._letters.print_letters(current_principal(), customer_ids, printing)):
            yield HttpBody(content_type="application/pdf", data=piece)

    async def EnterIdentityCode(self, request: pb.EnterIdentityCodeRequest, context: Context) -> pb.Identity:
        """See identity_proofs.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        await self._letters.count_attempt(current_principal(), customer_id)
        async with self._work.command(request) as tx:
            customer = await letters.redeem(tx, self._letters.sealer, customer_id, request.code)
            return await tx.commit(await _identity(tx, customer))

    async def ConfirmIdentity(self, request: pb.ConfirmIdentityRequest, context: Context) -> pb.Identity:
        """See identity_proofs.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.command(request) as tx:
            customer = await proofs.confirm_in_person(tx, customer_id, request.document, request.seen_date)
            return await tx.commit(await _identity(tx, customer))

    async def WithdrawIdentity(self, request: pb.WithdrawIdentityRequest, context: Context) -> pb.Identity:
        """See identity_proofs.proto."""
        async with self._work.command(request) as tx:
            customer = await proofs.withdraw(tx, parse_id(request.customer_id, "customer_id"), request.reason)
            return await tx.commit(await _identity(tx, customer))


async def _identity(tx: Transaction, customer: Customer) -> pb.Identity:
    standing = await proofs.standing_of(tx, customer)
    proven = standing.proof is not None
    return pb.Identity(
        customer_id=str(customer.customer_id),
        level=IdentityLevel.IDENTITY_LEVEL_PROVEN if proven else IdentityLevel.IDENTITY_LEVEL_ACCESS,
        proof=_proof(standing.proof) if standing.proof is not None else None,
        letter=_letter(tx, standing.letter, None) if standing.letter is not None else None,
        is_holder=customer.account_id is not None and customer.account_id == tx.principal.account_id,
        has_access=customer.access_state == AccessState.ACCESS_STATE_ACTIVE,
        has_address=letters.has_address(customer),
    )


def _proof(row: IdentityProofRow) -> pb.IdentityProof:
    return pb.IdentityProof(
        identity_proof_id=str(row.identity_proof_id),
        method=pb.IdentityMethod.ValueType(row.method),
        document=pb.IdentityDocument.ValueType(row.document),
        seen_date=row.seen_on.isoformat() if row.seen_on else "",
        prove_time=timestamp(row.proved_at),
        proved_by=row.proved_name,
        end_time=timestamp(row.ended_at),
        ended_by=row.ended_name,
        end_reason=row.end_reason,
    )


def _letter(tx: Transaction, row: IdentityLetterRow, customer: Customer | None) -> pb.IdentityLetter:
    name = (customer.salutation, customer.title, customer.given_name, customer.family_name) if customer else None
    return pb.IdentityLetter(
        identity_letter_id=str(row.identity_letter_id),
        customer_id=str(row.customer_id),
        display_name=display_name(*name) if name else "",
        state=letters.state_of(row, tx.now),
        request_time=timestamp(row.requested_at),
        print_time=timestamp(row.printed_at),
        expire_time=timestamp(row.expires_at),
        attempts_left=max(0, letters.MOST_ATTEMPTS - row.attempts),
    )
