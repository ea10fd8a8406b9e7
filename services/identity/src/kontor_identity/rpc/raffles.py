"""RaffleService: messages to use cases and back; nothing is decided here. Works as identity itself (`directory`)."""

from __future__ import annotations

from kontor.identity.v1 import raffles_pb2 as pb
from kontor.identity.v1.raffles_pb2_grpc import RaffleServiceServicer
from kontor_chassis.database import Transaction, UnitOfWork
from kontor_chassis.errors import not_found
from kontor_chassis.ids import parse_id
from kontor_chassis.paging import encode_cursor, page_size
from kontor_chassis.principal import current_principal
from kontor_chassis.service import Context
from sqlalchemy import select

from kontor_identity.customers import customer_in_sight
from kontor_identity.directory import DIRECTORY
from kontor_identity.queries import AFTER_ALL_IDS, AFTER_ALL_TIMES, text_in, time_and_id
from kontor_identity.raffles import entries, raffles
from kontor_identity.raffles.tables import RaffleEntryRow, RaffleRow
from kontor_identity.rpc.messages import timestamp
from kontor_identity.sealing import Sealer


class RaffleRpc(RaffleServiceServicer):
    """RaffleService."""

    def __init__(self, work: UnitOfWork, sealer: Sealer) -> None:
        self._work, self._sealer = work, sealer

    async def CreateRaffle(self, request: pb.CreateRaffleRequest, context: Context) -> pb.Raffle:
        """See raffles.proto."""
        creator = current_principal().required_account()
        wanted = raffles.NewRaffle(
            kind=request.kind,
            prize=request.prize,
            prizes=request.prizes,
            organiser=request.organiser,
            conditions=request.conditions,
            last_date=request.last_date,
            public_source=request.public_source,
        )
        async with self._work.command(request, acting=DIRECTORY) as tx:
            raffle = await raffles.create_raffle(tx, self._sealer, creator, wanted)
            return await tx.commit(await _with_numbers(tx, raffle))

    async def ListRaffles(self, request: pb.ListRafflesRequest, context: Context) -> pb.ListRafflesResponse:
        """See raffles.proto."""
        size = page_size(request.page_size)
        before = time_and_id(request.page_token, AFTER_ALL_TIMES, AFTER_ALL_IDS)
        async with self._work.work(DIRECTORY) as tx:
            rows = await raffles.raffles_before(tx, before, size + 1)
            shown = [await _with_numbers(tx, row) for row in rows[:size]]
        token = encode_cursor(rows[size - 1].created_at, rows[size - 1].raffle_id) if len(rows) > size else ""
        return pb.ListRafflesResponse(raffles=shown, next_page_token=token)

    async def GetRaffle(self, request: pb.GetRaffleRequest, context: Context) -> pb.Raffle:
        """See raffles.proto."""
        async with self._work.work(DIRECTORY) as tx:
            return await _with_numbers(tx, await raffles.raffle_of(tx, parse_id(request.raffle_id, "raffle_id")))

    async def AddVouchers(self, request: pb.AddVouchersRequest, context: Context) -> pb.AddVouchersResponse:
        """See raffles.proto."""
        raffle_id = parse_id(request.raffle_id, "raffle_id")
        async with self._work.command(request, acting=DIRECTORY) as tx:
            added = await raffles.add_vouchers(tx, self._sealer, raffle_id, request.codes)
            return await tx.commit(pb.AddVouchersResponse(added=added, already_present=len(request.codes) - added))

    async def OpenRaffle(self, request: pb.OpenRaffleRequest, context: Context) -> pb.Raffle:
        """See raffles.proto."""
        async with self._work.command(request, acting=DIRECTORY) as tx:
            raffle = await raffles.open_raffle(tx, parse_id(request.raffle_id, "raffle_id"))
            return await tx.commit(await _with_numbers(tx, raffle))

    async def EndRaffle(self, request: pb.EndRaffleRequest, context: Context) -> pb.Raffle:
        """See raffles.proto."""
        async with self._work.command(request, acting=DIRECTORY) as tx:
            raffle = await raffles.end_raffle(tx, parse_id(request.raffle_id, "raffle_id"))
            return await tx.commit(await _with_numbers(tx, raffle))

    async def DrawRaffle(self, request: pb.DrawRaffleRequest, context: Context) -> pb.Raffle:
        """See raffles.proto."""
        drawer, raffle_id = current_principal().required_account(), parse_id(request.raffle_id, "raffle_id")
        async with self._work.command(request, acting=DIRECTORY) as tx:
            raffle = await raffles.draw_raffle(tx, self._sealer, drawer, raffle_id, request.public_value)
            return await tx.commit(await _with_numbers(tx, raffle))

    async def GetRaffleOffer(self, request: pb.GetRaffleOfferRequest, context: Context) -> pb.RaffleOffer:
        """See raffles.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        async with self._work.query() as tx:
            await customer_in_sight(tx, customer_id)
        async with self._work.work(DIRECTORY) as tx:
            return _offer(await entries.offer_to(tx, customer_id))

    async def EnterRaffle(self, request: pb.EnterRaffleRequest, context: Context) -> pb.RaffleOffer:
        """See raffles.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        raffle_id, caller = parse_id(request.raffle_id, "raffle_id"), current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await entries.enter(tx, caller, customer_id, raffle_id, request.conditions_sha256)
            return await tx.commit(_offer(await entries.offer_to(tx, customer_id)))

    async def WithdrawRaffleEntry(self, request: pb.WithdrawRaffleEntryRequest, context: Context) -> pb.RaffleOffer:
        """See raffles.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        raffle_id, caller = parse_id(request.raffle_id, "raffle_id"), current_principal()
        async with self._work.command(request, acting=DIRECTORY) as tx:
            await entries.withdraw_entry(tx, caller, customer_id, raffle_id)
            return await tx.commit(_offer(await entries.offer_to(tx, customer_id)))

    async def GetVoucher(self, request: pb.GetVoucherRequest, context: Context) -> pb.Voucher:
        """See raffles.proto."""
        customer_id = parse_id(request.customer_id, "customer_id")
        raffle_id, caller = parse_id(request.raffle_id, "raffle_id"), current_principal()
        async with self._work.work(DIRECTORY) as tx:
            code, given_at = await entries.voucher_of(tx, self._sealer, caller, customer_id, raffle_id)
            return pb.Voucher(code=code, give_time=timestamp(given_at))

    async def GetDrawProtocol(self, request: pb.GetDrawProtocolRequest, context: Context) -> pb.DrawProtocol:
        """See raffles.proto."""
        async with self._work.work(DIRECTORY) as tx:
            raffle = await _published(tx, request.raffle_id)
            picked = select(RaffleEntryRow).where(
                RaffleEntryRow.raffle_id == raffle.raffle_id, RaffleEntryRow.pick.is_not(None)
            )
            picks = (await tx.session.scalars(picked.order_by(RaffleEntryRow.pick))).all()
        is_drawn = raffle.state == pb.RAFFLE_STATE_DRAWN
        return pb.DrawProtocol(
            raffle_id=str(raffle.raffle_id),
            prize=raffle.prize,
            prizes=raffle.prizes,
            seed_commitment=raffle.seed_commitment,
            public_source=raffle.public_source,
            tickets=raffle.tickets,
            list_sha256=raffle.list_sha256,
            public_value=raffle.public_value,
            seed=raffles.seed_of(self._sealer, raffle).hex() if is_drawn else "",
            picks=[pb.DrawPick(ticket_sha256=row.ticket_sha256, passed_over=row.passed_over) for row in picks],
            open_time=timestamp(raffle.opened_at),
            close_time=timestamp(raffle.closed_at),
            draw_time=timestamp(raffle.drawn_at),
        )

    async def ListDrawTickets(self, request: pb.ListDrawTicketsRequest, context: Context) -> pb.ListDrawTicketsResponse:
        """See raffles.proto."""
        size, after = page_size(request.page_size), text_in(request.page_token)
        async with self._work.work(DIRECTORY) as tx:
            raffle = await _published(tx, request.raffle_id)
            ticket = RaffleEntryRow.ticket_sha256
            listed = select(ticket).where(
                RaffleEntryRow.raffle_id == raffle.raffle_id, RaffleEntryRow.is_listed, ticket > after
            )
            found = (await tx.session.scalars(listed.order_by(ticket).limit(size + 1))).all()
        token = encode_cursor(found[size - 1]) if len(found) > size else ""
        return pb.ListDrawTicketsResponse(tickets=found[:size], next_page_token=token)


async def _published(tx: Transaction, raffle_id: str) -> RaffleRow:
    """Return a draw that was opened once; NOT_FOUND for what nobody has been told of."""
    raffle = await raffles.raffle_of(tx, parse_id(raffle_id, "raffle_id"))
    if raffle.kind != pb.RAFFLE_KIND_DRAW or raffle.opened_at is None:
        raise not_found("Dieses Gewinnspiel")
    return raffle


async def _with_numbers(tx: Transaction, row: RaffleRow) -> pb.Raffle:
    numbers, message = await raffles.numbers_of(tx, row.raffle_id), _raffle(row)
    message.entries = numbers.entries
    message.vouchers_left, message.vouchers_given = numbers.vouchers_left, numbers.vouchers_given
    return message


def _offer(offer: entries.Offer) -> pb.RaffleOffer:
    entry = offer.entry
    return pb.RaffleOffer(
        raffle=_raffle(offer.raffle) if offer.raffle is not None else None,
        entry=_entry(entry) if entry is not None else None,
        in_stock=offer.in_stock,
    )


def _entry(row: RaffleEntryRow) -> pb.RaffleEntry:
    return pb.RaffleEntry(
        raffle_entry_id=str(row.raffle_entry_id),
        ticket_sha256=row.ticket_sha256,
        enter_time=timestamp(row.entered_at),
        withdraw_time=timestamp(row.withdrawn_at),
        has_voucher=row.has_voucher,
        has_won=row.pick is not None and not row.passed_over,
    )


def _raffle(row: RaffleRow) -> pb.Raffle:
    return pb.Raffle(
        raffle_id=str(row.raffle_id),
        kind=pb.RaffleKind.ValueType(row.kind),
        state=pb.RaffleState.ValueType(row.state),
        prize=row.prize,
        prizes=row.prizes,
        organiser=row.organiser,
        conditions=row.conditions,
        conditions_sha256=row.conditions_sha256,
        last_date=row.last_on.isoformat(),
        public_source=row.public_source,
        open_time=timestamp(row.opened_at),
        draw_time=timestamp(row.drawn_at),
    )
