"""Identity level 2: by a letter's code, in person, withdrawn; in the token, and gone with another account."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from kontor.common.v1.access_pb2 import IdentityLevel, Right, Role
from kontor.identity.v1 import accounts_pb2, events_pb2
from kontor.identity.v1 import identity_proofs_pb2 as pb
from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceStub
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import memberships_of
from sqlalchemy import text

from services.identity.tests.customer_office import Known, known_customer
from services.identity.tests.emergency_office import refusal
from services.identity.tests.identity_office import Identity

pytestmark = pytest.mark.integration

PROVEN, ACCESS = IdentityLevel.IDENTITY_LEVEL_PROVEN, IdentityLevel.IDENTITY_LEVEL_ACCESS


async def test_a_letter_brings_level_2(identity: Identity) -> None:
    """F164: asked for, printed, entered: level 2, with who, when and how in the history and an event."""
    julia = await known_customer(identity)
    asked = await julia.proofs.RequestIdentityLetter(pb.RequestIdentityLetterRequest(customer_id=julia.cid))
    assert (asked.level, asked.letter.state) == (ACCESS, pb.IDENTITY_LETTER_STATE_REQUESTED)
    await julia.proofs.RequestIdentityLetter(pb.RequestIdentityLetterRequest(customer_id=julia.cid))
    [told] = await julia.events(events_pb2.IdentityLetterRequested)
    [waiting] = (await julia.desk.ListIdentityLetters(pb.ListIdentityLettersRequest())).letters
    assert (waiting.identity_letter_id, waiting.display_name) == (told.identity_letter_id, "Julia Brandt")
    code = await julia.letter()
    assert not (await julia.desk.ListIdentityLetters(pb.ListIdentityLettersRequest())).letters
    request_id = str(uuid4())
    typed = code.lower().replace("-", " ")
    proven = await julia.enter(typed, request_id)
    assert proven.level == PROVEN
    assert (await julia.enter(typed, request_id)).level == PROVEN, "a repeated request has the same answer"
    assert (proven.proof.method, proven.letter.state) == (
        pb.IDENTITY_METHOD_LETTER,
        pb.IDENTITY_LETTER_STATE_REDEEMED,
    )
    [event] = await julia.events(events_pb2.IdentityProven)
    assert (event.identity_proof_id, event.account_id) == (proven.proof.identity_proof_id, str(julia.account_id))
    seen = await julia.desk.GetIdentity(pb.GetIdentityRequest(customer_id=julia.cid))
    assert (seen.level, seen.is_holder) == (PROVEN, False)
    assert await refusal(julia.enter(code)) == "NO_IDENTITY_LETTER"


async def test_five_wrong_codes_end_a_letter(identity: Identity) -> None:
    """F164: attempts side by side are counted one by one; the right code comes too late; a new letter helps."""
    julia = await known_customer(identity)
    code = await julia.letter()
    reasons = await asyncio.gather(*(refusal(julia.enter(f"AAAAA-AAAA{n}")) for n in range(2, 9)))
    assert sorted(reasons) == ["IDENTITY_CODE_EXHAUSTED"] * 2 + ["IDENTITY_CODE_WRONG"] * 5
    assert await refusal(julia.enter(code)) == "IDENTITY_CODE_EXHAUSTED"
    state = await julia.proofs.GetIdentity(pb.GetIdentityRequest(customer_id=julia.cid))
    assert (state.letter.state, state.letter.attempts_left) == (pb.IDENTITY_LETTER_STATE_EXHAUSTED, 0)
    again = await julia.proofs.RequestIdentityLetter(pb.RequestIdentityLetterRequest(customer_id=julia.cid))
    assert again.letter.state == pb.IDENTITY_LETTER_STATE_REQUESTED
    assert (await julia.enter(await julia.letter())).level == PROVEN


async def test_letters_end_with_time_and_with_the_next_one(identity: Identity) -> None:
    """F164: six weeks; printing again replaces the code, the same printing gives the same one."""
    julia = await known_customer(identity)
    first, request_id = await julia.letter(), str(uuid4())
    second = await julia.letter(request_id)
    assert await julia.letter(request_id) == second != first
    assert await refusal(julia.enter(first)) == "IDENTITY_CODE_WRONG"
    identity.clock.advance(timedelta(days=43))
    assert await refusal(julia.enter(second)) == "NO_IDENTITY_LETTER"
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        kept = (await tx.session.scalars(text("SELECT code_hash FROM identity_letters"))).all()
    assert not any(second.replace("-", "").encode() in bytes(one) for one in kept)


async def test_only_the_holder_asks_and_enters(identity: Identity) -> None:
    """F164: a guardian acts for the customer, but the proof is about the holder; another firm finds nobody."""
    julia = await known_customer(identity)
    code = await julia.letter()
    guardian = identity.service.stub(IdentityProofServiceStub, julia.token(account_id=uuid4()))
    entering = pb.EnterIdentityCodeRequest(customer_id=julia.cid, code=code)
    assert await refusal(guardian.EnterIdentityCode(entering)) == "NOT_ACCOUNT_HOLDER"
    asking = pb.RequestIdentityLetterRequest(customer_id=julia.cid)
    assert await refusal(guardian.RequestIdentityLetter(asking)) == "NOT_ACCOUNT_HOLDER"
    stranger = await known_customer(identity)
    assert await refusal(stranger.proofs.EnterIdentityCode(entering)) == "NOT_FOUND"
    assert await refusal(stranger.desk.GetIdentity(pb.GetIdentityRequest(customer_id=julia.cid))) == "NOT_FOUND"
    printing = pb.PrintIdentityLettersRequest(customer_ids=[julia.cid])
    assert await refusal(_read(stranger.desk.PrintIdentityLetters(printing))) == "NO_LETTERS"


async def test_in_person_and_withdrawn(identity: Identity) -> None:
    """F164: kind of document and day are kept and nothing of its number; withdrawn with a reason, the history stays."""
    julia = await known_customer(identity)
    today = identity.clock.now().date()

    def seen(day: Any, document: Any = pb.IDENTITY_DOCUMENT_IDENTITY_CARD) -> pb.ConfirmIdentityRequest:
        return pb.ConfirmIdentityRequest(customer_id=julia.cid, document=document, seen_date=day.isoformat())

    for day in (today + timedelta(days=1), today - timedelta(days=31)):
        assert await refusal(julia.desk.ConfirmIdentity(seen(day))) == "INVALID_FIELD"
    await julia.desk.ConfirmIdentity(seen(today - timedelta(days=2)))
    assert await refusal(julia.desk.ConfirmIdentity(seen(today))) == "ALREADY_PROVEN"
    taking = pb.WithdrawIdentityRequest(customer_id=julia.cid, reason="Verwechslung mit der Schwester.")
    gone = await julia.desk.WithdrawIdentity(taking)
    assert gone.level == ACCESS
    assert await refusal(julia.desk.WithdrawIdentity(taking)) == "NOT_PROVEN"
    [proof] = (await julia.proofs.ListIdentityProofs(pb.ListIdentityProofsRequest(customer_id=julia.cid))).proofs
    assert (proof.proved_by, proof.document, proof.seen_date) == (
        "Jonas Peters",
        pb.IDENTITY_DOCUMENT_IDENTITY_CARD,
        (today - timedelta(days=2)).isoformat(),
    )
    assert (proof.ended_by, proof.end_reason) == ("Jonas Peters", "Verwechslung mit der Schwester.")
    [event] = await julia.events(events_pb2.IdentityWithdrawn)
    assert event.identity_proof_id == proof.identity_proof_id
    own = identity.service.stub(
        IdentityProofServiceStub,
        julia.token(roles=[Role.ROLE_STAFF], customer_id=None, rights=[Right.RIGHT_IDENTIFY]),
    )
    assert await refusal(own.ConfirmIdentity(seen(today))) == "OWN_IDENTITY"


async def test_another_access_starts_at_level_1(identity: Identity) -> None:
    """F164, F174: a proof is bound to the account; a new invitation ends it with the access."""
    julia = await known_customer(identity)
    await julia.prove()
    staff = identity.as_person(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=julia.tenant_id)
    again = accounts_pb2.CreateInvitationRequest(customer_id=julia.cid, replace_active_access=True)
    await staff.CreateInvitation(again)
    state = await julia.desk.GetIdentity(pb.GetIdentityRequest(customer_id=julia.cid))
    assert (state.level, state.has_access) == (ACCESS, False)
    assert len(await julia.events(events_pb2.IdentityWithdrawn)) == 1


async def test_the_next_token_carries_the_level(identity: Identity) -> None:
    """F164: what tokens are made of says level 2 after the proof, for this account only, and 1 after its withdrawal."""
    julia = await known_customer(identity)
    assert await _level_in_tokens(julia) == ACCESS
    await julia.prove()
    assert await _level_in_tokens(julia) == PROVEN
    taking = pb.WithdrawIdentityRequest(customer_id=julia.cid, reason="Zum Prüfen.")
    await julia.desk.WithdrawIdentity(taking)
    assert await _level_in_tokens(julia) == ACCESS


async def _level_in_tokens(julia: Known) -> int:
    async with julia.identity.service.platform.work.work(DIRECTORY) as tx:
        [view] = await memberships_of(tx, julia.account_id)
        return view.identity_level


async def _read(stream: Any) -> bytes:
    return b"".join([piece.data async for piece in stream])
