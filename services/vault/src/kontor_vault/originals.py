"""The paper twin: where the original of a scanned document is, and what its owner wants done with it (F15).

Nothing is destroyed without the customer's consent, and each step says who took it. The states are drawn in the README.
"""

from __future__ import annotations

from uuid import UUID

from kontor.vault.v1 import events_pb2
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from sqlalchemy import func, select

from kontor_vault.scan_tables import Original, OriginalState, OriginalStep
from kontor_vault.visibility import require_customer_scope

_WISHES = {
    OriginalState.STORED: (OriginalState.RETURN_WANTED, OriginalState.DESTRUCTION_ALLOWED),
    OriginalState.RETURN_WANTED: (OriginalState.STORED,),
    OriginalState.DESTRUCTION_ALLOWED: (OriginalState.STORED,),
}
"""What a customer may turn an original's state into."""
_DONE = {
    OriginalState.RETURN_WANTED: OriginalState.RETURNED,
    OriginalState.DESTRUCTION_ALLOWED: OriginalState.DESTROYED,
}
"""What the scan centre makes of a customer's wish."""


async def list_originals(
    tx: Transaction, *, customer_id: UUID, document_id: UUID | None, before: UUID | None, size: int
) -> list[Original]:
    """Return a customer's originals, the latest first, or those of one document."""
    require_customer_scope(tx.principal, customer_id)
    mine = select(Original).where(Original.customer_id == customer_id)
    if document_id is not None:
        mine = mine.where(Original.document_id == document_id)
    if before is not None:
        mine = mine.where(Original.original_id < before)
    return list(await tx.session.scalars(mine.order_by(Original.original_id.desc()).limit(size)))


async def steps_of(tx: Transaction, original_ids: list[UUID]) -> dict[UUID, list[OriginalStep]]:
    """Return the steps of originals, the oldest first."""
    found = await tx.session.scalars(
        select(OriginalStep).where(OriginalStep.original_id.in_(original_ids)).order_by(OriginalStep.number)
    )
    steps: dict[UUID, list[OriginalStep]] = {each: [] for each in original_ids}
    for step in found:
        steps[step.original_id].append(step)
    return steps


async def wish(
    tx: Transaction, *, customer_id: UUID, original_id: UUID, state: OriginalState, address: str, etag: str
) -> Original:
    """Let the customer want his original back (at `address`), allow its destruction, or take either back.

    Raises NOT_FOUND, CONFLICT (etag), INVALID (address), PRECONDITION "ORIGINAL_GONE".
    """
    require_customer_scope(tx.principal, customer_id)
    original = await _locked(tx, original_id, customer_id)
    check_etag(etag, original.version)
    if original.state == state:
        return original
    if state not in _WISHES.get(OriginalState(original.state), ()):
        raise _gone()
    lines = [" ".join(line.split()) for line in address.splitlines() if line.strip()]
    if state == OriginalState.RETURN_WANTED and not lines:
        raise invalid("return_address", "Bitte nennen Sie die Anschrift, an die das Original gehen soll.")
    original.return_address = "\n".join(lines) if state == OriginalState.RETURN_WANTED else ""
    return await _moved(tx, original, state)


async def list_wanted(tx: Transaction, *, after: UUID, size: int) -> list[Original]:
    """Return originals of all firms whose owners want something done, for the scan centre."""
    wanted = select(Original).where(Original.state.in_(list(_DONE)), Original.original_id > after)
    return list(await tx.session.scalars(wanted.order_by(Original.original_id).limit(size)))


async def settle(tx: Transaction, *, original_id: UUID) -> Original:
    """Write down that the scan centre did what the owner wants; raises NOT_FOUND, PRECONDITION "NOTHING_WANTED"."""
    original = await _locked(tx, original_id, None)
    if original.state in _DONE.values():
        return original
    done = _DONE.get(OriginalState(original.state))
    if done is None:
        raise DomainError(
            ErrorKind.PRECONDITION,
            "NOTHING_WANTED",
            "Der Kunde hat seinen Wunsch zurückgenommen. Bitte legen Sie das Original wieder an seinen Platz.",
        )
    original.return_address = ""
    return await _moved(tx, original, done)


async def record_step(tx: Transaction, original: Original) -> None:
    """Write down who brought an original into its state."""
    last = select(func.coalesce(func.max(OriginalStep.number), 0)).where(
        OriginalStep.original_id == original.original_id
    )
    tx.session.add(
        OriginalStep(
            original_id=original.original_id,
            number=int(await tx.session.scalar(last) or 0) + 1,
            tenant_id=original.tenant_id,
            customer_id=original.customer_id,
            state=original.state,
            account_id=tx.principal.account_id,
            account_name=tx.principal.display_name,
            time=tx.now,
        )
    )
    await tx.session.flush()


async def _moved(tx: Transaction, original: Original, state: OriginalState) -> Original:
    original.state = state
    await tx.session.flush()
    await record_step(tx, original)
    changed = events_pb2.OriginalChanged(
        tenant_id=str(original.tenant_id),
        customer_id=str(original.customer_id),
        original_id=str(original.original_id),
        document_id=str(original.document_id),
        state=state.value,
    )
    tx.publish(changed, aggregate=original.document_id, tenant_id=original.tenant_id)
    return original


async def _locked(tx: Transaction, original_id: UUID, customer_id: UUID | None) -> Original:
    wanted = select(Original).where(Original.original_id == original_id)
    if customer_id is not None:
        wanted = wanted.where(Original.customer_id == customer_id)
    found = await tx.session.scalar(wanted.with_for_update())
    if found is None:
        raise not_found("Das Original")
    return found


def _gone() -> DomainError:
    return DomainError(
        ErrorKind.PRECONDITION, "ORIGINAL_GONE", "Das Original ist nicht mehr da, oder anderes ist schon gewünscht."
    )
