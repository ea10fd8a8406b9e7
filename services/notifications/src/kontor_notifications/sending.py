"""Sends planned mails: several at once, those somebody waits for first, each noted with its fate.

A mail is leased before it is sent and settled after it, so that no transaction is open while the mail server answers
and two workers never send the same mail. A crash between the mail server's yes and the settling repeats it at most
once per crash, after the lease, under the same Message-ID and with a line in the log. Whatever goes wrong with one mail
is its own matter: the others go on.
"""

from __future__ import annotations

import asyncio
import traceback
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

import structlog
from kontor_chassis.jobs import JobContext
from kontor_chassis.principal import Principal

from kontor_notifications import document_notices, invitation_mails
from kontor_notifications.deliveries import MOST_ATTEMPTS, Outcome, Result, settle, still_leased, take_due
from kontor_notifications.mail_texts import TEXTS
from kontor_notifications.mails import Outgoing, compose_mail
from kontor_notifications.people import DirectoryError, NotWantedError
from kontor_notifications.preparing import Preparer
from kontor_notifications.tables import Delivery

log = structlog.get_logger(__name__)

SERVICE = Principal.of_service("notifications")
SENDERS = 4
"""Mails on their way at the same time, each sender with a connection of its own."""
ATTEMPT_SECONDS = 75.0
"""What an attempt may take at most; far below the lease, so that it never ends under a living sender."""
LOOK_AGAIN_SECONDS = 0.5
"""How soon an idle sender looks for new mails while others are still busy."""


class MailRefusedError(Exception):
    """The mail server did not take the mail; `permanent` when it never will."""

    def __init__(self, problem: str, *, permanent: bool) -> None:
        super().__init__(problem)
        self.problem = problem
        self.permanent = permanent


class UnsendableError(Exception):
    """A mail that cannot be written, whenever it is tried: its address is none, for example."""


class MailSession(Protocol):
    """A connection to a mail server, used for one mail after the other."""

    async def send(self, message: EmailMessage) -> None:
        """Hand one mail over; raises MailRefusedError, and can be used again after it."""
        ...


class MailServer(Protocol):
    """Takes mails."""

    def session(self) -> AbstractAsyncContextManager[MailSession]:
        """Return a session, which connects with its first mail and ends with its block."""
        ...


@dataclass
class _Round:
    """One run of the job: how many senders have a mail in hand, and how many mails were settled or postponed."""

    context: JobContext
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    in_hand: int = 0
    count: int = 0
    is_over: bool = False

    async def take(self) -> Delivery | None:
        """Return the next mail; None when there is none, and the round is over once nobody has one in hand.

        One sender takes at a time, so that none leaves while another is about to get a mail that may keep it long.
        """
        async with self.taking:
            if self.is_over:
                return None
            async with self.context.work.work(SERVICE) as tx:
                delivery = await take_due(tx)
                await tx.commit()
            if delivery is not None:
                self.in_hand += 1
            self.is_over = self.in_hand == 0
            return delivery


class Sender:
    """Sends what is due."""

    def __init__(self, server: MailServer, preparer: Preparer, sender_address: str) -> None:
        self._server = server
        self._preparer = preparer
        self._sender_address = sender_address

    async def send_due(self, context: JobContext) -> int:
        """Send all mails that are due; return how many were settled or postponed."""
        this_round = _Round(context)
        async with asyncio.TaskGroup() as group:
            for number in range(SENDERS):
                group.create_task(self._send_while_due(this_round), name=f"mail sender {number}")
        return this_round.count

    async def _send_while_due(self, this_round: _Round) -> None:
        async with self._server.session() as session:
            while not this_round.is_over:
                delivery = await this_round.take()
                if delivery is None:
                    if not this_round.is_over:
                        await asyncio.sleep(LOOK_AGAIN_SECONDS)
                    continue
                try:
                    await self._deliver(this_round.context, session, delivery)
                finally:
                    this_round.in_hand -= 1
                this_round.count += 1

    async def _deliver(self, context: JobContext, session: MailSession, delivery: Delivery) -> None:
        outcome = await self._attempt(session, delivery, context.clock.now())
        try:
            await _note(context, delivery, outcome)
        except Exception as error:  # the lease keeps the mail away from the others until it is tried again
            _log_defect("mail_fate_not_noted", delivery, error)

    async def _attempt(self, session: MailSession, delivery: Delivery, now: datetime) -> Outcome:
        if delivery.attempts >= MOST_ATTEMPTS:
            return Outcome(Result.NEVER, "given up: its senders were lost")
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await self._send(session, delivery, now)
        except NotWantedError as error:
            return Outcome(Result.NOT_WANTED, str(error))
        except DirectoryError as error:
            return Outcome(Result.LATER, f"identity: {error}")
        except UnsendableError as error:
            return Outcome(Result.NEVER, f"cannot be written: {error}")
        except MailRefusedError as error:
            return Outcome(Result.NEVER if error.permanent else Result.LATER, error.problem)
        except Exception as error:  # a defect in the handling of one mail must not stop the mails of everybody
            _log_defect("mail_attempt_failed", delivery, error)
            return Outcome(Result.LATER, type(error).__name__)

    async def _send(self, session: MailSession, delivery: Delivery, now: datetime) -> Outcome:
        if (
            delivery.template not in TEXTS and delivery.template != invitation_mails.TEMPLATE
        ):  # planned by a newer release
            return Outcome(Result.LATER, "unknown template")
        outgoing = await self._preparer.prepare(delivery, now)
        if not outgoing.addressee.email:
            return Outcome(Result.NEVER, "no address")
        await session.send(self._written(outgoing))
        return Outcome(Result.SENT)

    def _written(self, outgoing: Outgoing) -> EmailMessage:
        try:
            return compose_mail(outgoing, self._sender_address)
        except Exception as error:  # whatever it is, the same mail fails the same way again; its text may name people
            raise UnsendableError(type(error).__name__) from None


async def _note(context: JobContext, taken: Delivery, outcome: Outcome) -> None:
    async with context.work.work(SERVICE) as tx:
        delivery = await still_leased(tx, taken)
        if delivery is None:
            log.warning("mail_lease_lost", delivery_id=str(taken.delivery_id), outcome=outcome.result.name)
            return
        settle(delivery, outcome, tx.now)
        invitation_mails.tell_fate(tx, delivery)
        document_notices.tell_fate(tx, delivery)
        await tx.commit()
    log.info("mail_settled", delivery_id=str(delivery.delivery_id), state=str(delivery.state))


def _log_defect(what: str, delivery: Delivery, error: Exception) -> None:
    """Log where an unexpected error came from; never its text, which may name an address."""
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-3:]]
    log.error(what, delivery_id=str(delivery.delivery_id), error=type(error).__name__, places=places)
