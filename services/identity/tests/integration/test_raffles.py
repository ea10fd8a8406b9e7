"""Raffles: instant vouchers that nobody gets twice, a draw that anybody can repeat, and who may take part."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToDict
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import events_pb2
from kontor.identity.v1 import identity_proofs_pb2 as proofs
from kontor.identity.v1 import raffles_pb2 as pb
from kontor.identity.v1.raffles_pb2_grpc import RaffleServiceStub
from kontor_chassis.testing.tokens import token_for
from kontor_identity.directory import DIRECTORY
from kontor_identity.raffles.drawing import commitment_to, faults_of
from kontor_identity.raffles.raffles import close_due
from kontor_identity.raffles.verify import protocol_in

from services.identity.tests.customer_office import Known, known_customer
from services.identity.tests.emergency_office import refusal
from services.identity.tests.identity_office import Identity

pytestmark = pytest.mark.integration

CONDITIONS = "Teilnehmen kann, wer mindestens 18 Jahre alt ist. Der Rechtsweg ist ausgeschlossen."


def operator(identity: Identity) -> Any:
    """The API as the operator calls it."""
    return identity.service.stub(RaffleServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=uuid4()))


async def raffle(identity: Identity, kind: pb.RaffleKind.ValueType, *codes: str, **values: Any) -> pb.Raffle:
    """Open a raffle."""
    last = (identity.clock.now() + timedelta(days=30)).date().isoformat()
    given = {"prize": "ein iPhone", "organiser": "Pool GmbH, Hamburg", "conditions": CONDITIONS, "last_date": last}
    source = "Gewinnzahlen 6 aus 49" if kind == pb.RAFFLE_KIND_DRAW else ""
    wanted = pb.CreateRaffleRequest(**{**given, "kind": kind, "public_source": source, **values})
    made: pb.Raffle = await operator(identity).CreateRaffle(wanted)
    if codes:
        await operator(identity).AddVouchers(pb.AddVouchersRequest(raffle_id=made.raffle_id, codes=codes))
    opened: pb.Raffle = await operator(identity).OpenRaffle(pb.OpenRaffleRequest(raffle_id=made.raffle_id))
    return opened


async def proven_customer(identity: Identity, **values: Any) -> Known:
    """A customer at level 2."""
    found = await known_customer(identity, **values)
    await found.prove()
    return found


async def enter(person: Known, wanted: pb.Raffle) -> pb.RaffleOffer:
    """Agree to the conditions and take part."""
    asked = pb.EnterRaffleRequest(
        customer_id=person.cid, raffle_id=wanted.raffle_id, conditions_sha256=wanted.conditions_sha256
    )
    return await person.raffle.EnterRaffle(asked)


async def test_a_voucher_at_once(identity: Identity) -> None:
    """F165: who entered has his voucher with the answer; entering twice gives none; codes are kept sealed."""
    opened = await raffle(identity, pb.RAFFLE_KIND_VOUCHER, "AMZN-1111", " AMZN-1111 ", "AMZN-2222")
    julia = await proven_customer(identity)
    offer = await enter(julia, opened)
    again = await enter(julia, opened)
    assert offer.entry == again.entry
    assert offer.entry.has_voucher
    own = pb.GetVoucherRequest(customer_id=julia.cid, raffle_id=opened.raffle_id)
    assert (await julia.raffle.GetVoucher(own)).code in ("AMZN-1111", "AMZN-2222")
    [event] = await julia.events(events_pb2.VoucherGiven)
    assert "AMZN" not in str(event)
    numbers = await operator(identity).GetRaffle(pb.GetRaffleRequest(raffle_id=opened.raffle_id))
    assert (numbers.entries, numbers.vouchers_given, numbers.vouchers_left) == (1, 1, 1)
    repeated = pb.AddVouchersRequest(raffle_id=opened.raffle_id, codes=["AMZN-1111", "AMZN-3333"])
    added = await operator(identity).AddVouchers(repeated)
    assert (added.added, added.already_present) == (1, 1)
    stranger = await proven_customer(identity)
    assert await refusal(stranger.raffle.GetVoucher(own)) == "NOT_FOUND"


async def test_each_voucher_goes_to_one(identity: Identity) -> None:
    """F165: five at the same moment for three vouchers: three get one each, two are told that none is left."""
    opened = await raffle(identity, pb.RAFFLE_KIND_VOUCHER, "A", "B", "C")
    first = await proven_customer(identity)
    people = [first, *[await proven_customer(identity, tenant_id=first.tenant_id) for _ in range(4)]]
    answers = await asyncio.gather(*(enter(person, opened) for person in people), return_exceptions=True)
    lucky = [person for person, answer in zip(people, answers, strict=True) if isinstance(answer, pb.RaffleOffer)]
    vouchers = [
        (await one.raffle.GetVoucher(pb.GetVoucherRequest(customer_id=one.cid, raffle_id=opened.raffle_id))).code
        for one in lucky
    ]
    assert sorted(vouchers) == ["A", "B", "C"]
    without = next(person for person in people if person not in lucky)
    assert await refusal(enter(without, opened)) == "OUT_OF_VOUCHERS"
    offer = await without.raffle.GetRaffleOffer(pb.GetRaffleOfferRequest(customer_id=without.cid))
    assert (offer.in_stock, offer.HasField("entry")) == (False, False)


async def test_who_may_take_part(identity: Identity) -> None:
    """F165: at level 2, of age, with the conditions in force, while it lasts; a token from before does not help."""
    opened = await raffle(identity, pb.RAFFLE_KIND_DRAW)
    julia = await known_customer(identity)
    asked = pb.EnterRaffleRequest(
        customer_id=julia.cid, raffle_id=opened.raffle_id, conditions_sha256=opened.conditions_sha256
    )
    level_1 = identity.service.stub(RaffleServiceStub, julia.token())
    assert await refusal(level_1.EnterRaffle(asked)) == "IDENTITY_LEVEL_REQUIRED"
    assert await refusal(enter(julia, opened)) == "IDENTITY_LEVEL_REQUIRED", "the token says 2, the books say 1"
    await julia.prove()
    other = pb.EnterRaffleRequest(customer_id=julia.cid, raffle_id=opened.raffle_id, conditions_sha256="0" * 64)
    assert await refusal(julia.raffle.EnterRaffle(other)) == "CONDITIONS_CHANGED"
    child = await proven_customer(identity, birth_date="2008-07-16")
    assert await refusal(enter(child, opened)) == "TOO_YOUNG"
    unknown = await proven_customer(identity, birth_date="")
    assert await refusal(enter(unknown, opened)) == "BIRTH_DATE_MISSING"
    await enter(julia, opened)
    await operator(identity).EndRaffle(pb.EndRaffleRequest(raffle_id=opened.raffle_id))
    assert await refusal(enter(child, opened)) == "RAFFLE_NOT_OPEN"
    assert await refusal(operator(identity).OpenRaffle(pb.OpenRaffleRequest(raffle_id=opened.raffle_id))) == (
        "RAFFLE_NOT_DRAFT"
    )


async def test_one_raffle_at_a_time_and_only_with_stock(identity: Identity) -> None:
    """F165: the operator chooses none, vouchers or a draw."""
    await raffle(identity, pb.RAFFLE_KIND_DRAW)
    with pytest.raises(Exception, match="läuft schon ein Gewinnspiel"):
        await raffle(identity, pb.RAFFLE_KIND_VOUCHER, "A")
    [second, first] = (await operator(identity).ListRaffles(pb.ListRafflesRequest())).raffles
    await operator(identity).EndRaffle(pb.EndRaffleRequest(raffle_id=first.raffle_id))
    assert (await operator(identity).OpenRaffle(pb.OpenRaffleRequest(raffle_id=second.raffle_id))).vouchers_left == 1
    await operator(identity).EndRaffle(pb.EndRaffleRequest(raffle_id=second.raffle_id))
    with pytest.raises(Exception, match="zuerst Gutscheine"):
        await raffle(identity, pb.RAFFLE_KIND_VOUCHER)


async def test_a_draw_that_anybody_can_repeat(identity: Identity) -> None:
    """F165: commitment first, then the frozen list, then the draw; who withdrew late is passed over; all verifiable."""
    opened = await raffle(identity, pb.RAFFLE_KIND_DRAW, prizes=2)
    anybody = identity.service.stub(RaffleServiceStub)
    wanted = pb.GetDrawProtocolRequest(raffle_id=opened.raffle_id)
    before = await anybody.GetDrawProtocol(wanted)
    assert before.seed_commitment
    assert (before.seed, before.list_sha256) == ("", "")
    first = await proven_customer(identity)
    people = [first, *[await proven_customer(identity, tenant_id=first.tenant_id) for _ in range(5)]]
    entered = {person.cid: await enter(person, opened) for person in people}
    withdrawing = pb.WithdrawRaffleEntryRequest(customer_id=first.cid, raffle_id=opened.raffle_id)
    await first.raffle.WithdrawRaffleEntry(withdrawing)
    doubtful = proofs.WithdrawIdentityRequest(customer_id=people[1].cid, reason="War jemand anders.")
    await people[1].desk.WithdrawIdentity(doubtful)
    drawing = pb.DrawRaffleRequest(raffle_id=opened.raffle_id, public_value="3, 8, 15, 22, 41, 49")
    assert await refusal(operator(identity).DrawRaffle(drawing)) == "NOT_TO_BE_DRAWN"
    identity.clock.advance(timedelta(days=31))
    await _close(identity)
    frozen = await anybody.GetDrawProtocol(wanted)
    assert (frozen.tickets, frozen.seed) == (4, "")
    late = pb.WithdrawRaffleEntryRequest(customer_id=people[2].cid, raffle_id=opened.raffle_id)
    await people[2].raffle.WithdrawRaffleEntry(late)
    assert await refusal(enter(people[0], opened)) == "RAFFLE_NOT_OPEN"
    await operator(identity).DrawRaffle(drawing)
    assert await refusal(operator(identity).DrawRaffle(drawing)) == "NOT_TO_BE_DRAWN", "once"
    drawn = await anybody.GetDrawProtocol(wanted)
    assert commitment_to(bytes.fromhex(drawn.seed)) == before.seed_commitment
    assert drawn.list_sha256 == frozen.list_sha256
    tickets = await _tickets(anybody, opened.raffle_id)
    assert faults_of(protocol_in(MessageToDict(drawn)), tickets) == []
    assert entered[people[3].cid].entry.ticket_sha256 in tickets
    won = {pick.ticket_sha256 for pick in drawn.picks if not pick.passed_over}
    assert len(won) == 2
    assert entered[people[2].cid].entry.ticket_sha256 not in won
    for person in people:
        has_won = entered[person.cid].entry.ticket_sha256 in won
        offer = await person.raffle.GetRaffleOffer(pb.GetRaffleOfferRequest(customer_id=person.cid))
        assert offer.entry.has_won == has_won
        assert len(await person.events(events_pb2.RafflePrizeDrawn)) == has_won
    assert await refusal(people[3].raffle.WithdrawRaffleEntry(_withdrawal(people[3], opened))) == "ALREADY_DRAWN"


def _withdrawal(person: Known, wanted: pb.Raffle) -> pb.WithdrawRaffleEntryRequest:
    return pb.WithdrawRaffleEntryRequest(customer_id=person.cid, raffle_id=wanted.raffle_id)


async def _close(identity: Identity) -> None:
    """Do what the job does."""
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        await close_due(tx)
        await tx.commit()


async def _tickets(anybody: Any, raffle_id: str) -> list[str]:
    """Read the list in pages of three."""
    found: list[str] = []
    token = ""
    while True:
        asked = pb.ListDrawTicketsRequest(raffle_id=raffle_id, page_size=3, page_token=token)
        page = await anybody.ListDrawTickets(asked)
        found += page.tickets
        token = page.next_page_token
        if not token:
            return found
