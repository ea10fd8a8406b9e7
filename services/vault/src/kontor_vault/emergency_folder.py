"""The emergency folder (F73, F74, F76): directives, digital legacy, and the plan for those who are to act.

What an item says is encrypted under the customer's key; a secret under another one, and only a release opens it: it is
written by the customer, and read by a trusted person whom identity's release engine lets in at that moment, by nobody
else. An item belongs to a folder, and whoever is given the folder sees it; without one, all who are given anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from kontor.vault.v1.emergency_folder_pb2 import EmergencyItemKind
from kontor.vault.v1.vault_pb2 import SightingAction
from kontor_chassis.database import Transaction
from kontor_chassis.errors import DomainError, ErrorKind, invalid, not_found
from kontor_chassis.etags import check_etag
from kontor_chassis.ids import new_id
from kontor_chassis.sentences import said
from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from kontor_vault.folders import get_folder
from kontor_vault.keys import CustomerKeys
from kontor_vault.sealed_texts import open_text, seal_text
from kontor_vault.sightings import SAME_LOOK, Happening, record
from kontor_vault.tables import EmergencyGrant, EmergencyItem, Folder, Sighting
from kontor_vault.visibility import opened_by, require_customer_scope

MOST_ITEMS = 300
"""Of one customer; more than anybody reads in an emergency."""
_DETAILS, _SECRET = b"kontor.vault.emergency.details", b"kontor.vault.emergency.secret"


@dataclass(frozen=True)
class Details:
    """What an item says."""

    place: str = ""
    instructions: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Wanted:
    """An item as the customer wants it."""

    kind: int
    title: str
    folder_id: UUID | None
    details: Details
    secret: str
    """Empty: none, or the one that is there."""


class EmergencyFolder:
    """The use cases; they need the customers' keys."""

    def __init__(self, keys: CustomerKeys) -> None:
        self._keys = keys

    async def put_in(self, tx: Transaction, *, customer_id: UUID, wanted: Wanted) -> EmergencyItem:
        """Put something in; raises NOT_FOUND for a folder that is not his, EXHAUSTED "TOO_MANY_ITEMS"."""
        require_customer_scope(tx.principal, customer_id)
        count = select(func.count()).select_from(EmergencyItem).where(EmergencyItem.customer_id == customer_id)
        if int(await tx.session.scalar(count) or 0) >= MOST_ITEMS:
            raise DomainError(
                ErrorKind.EXHAUSTED,
                "TOO_MANY_ITEMS",
                said("Der Notfallordner fasst höchstens %(most)s Einträge.", most=MOST_ITEMS),
            )
        item = EmergencyItem(
            item_id=new_id(),
            tenant_id=tx.principal.required_tenant(),
            customer_id=customer_id,
            kind=wanted.kind,
            secret=None,
            done_name="",
            done_time=None,
            create_time=tx.now,
        )
        await self._write(tx, item, wanted)
        tx.session.add(item)
        await tx.session.flush()
        return item

    async def change(
        self, tx: Transaction, *, customer_id: UUID, item_id: UUID, etag: str, wanted: Wanted, remove_secret: bool
    ) -> EmergencyItem:
        """Change everything but the kind; raises NOT_FOUND, CONFLICT (etag)."""
        item = await _own(tx, customer_id, item_id)
        check_etag(etag, item.version)
        if wanted.kind != item.kind:
            raise invalid("item.kind", "Die Art eines Eintrags lässt sich nicht ändern.")
        if remove_secret:
            item.secret = None
        await self._write(tx, item, wanted)
        await tx.session.flush()
        return item

    async def take_out(self, tx: Transaction, *, customer_id: UUID, item_id: UUID) -> None:
        """Take something out for good; raises NOT_FOUND."""
        await tx.session.delete(await _own(tx, customer_id, item_id))
        await tx.session.flush()

    async def details_of(self, tx: Transaction, items: Sequence[EmergencyItem]) -> list[Details]:
        """Return what items of one customer say."""
        if not items:
            return []
        key = await self._keys.purpose_key(tx, items[0].tenant_id, items[0].customer_id, _DETAILS)
        return [Details(**json.loads(open_text(item.details, key, item.item_id.bytes))) for item in items]

    async def reveal(self, tx: Transaction, *, customer_id: UUID, item_id: UUID, release_id: UUID) -> str:
        """Return a secret to a trusted person, having recorded it; raises NOT_FOUND.

        `release_id` is what identity affirmed for this call.
        """
        item = await visible_item(tx, customer_id=customer_id, item_id=item_id, release_id=release_id)
        if item.secret is None:
            raise not_found("Das Geheimnis")
        await _record(tx, item, SightingAction.SIGHTING_ACTION_EMERGENCY_SECRET)
        key = await self._keys.purpose_key(tx, item.tenant_id, item.customer_id, _SECRET)
        return open_text(item.secret, key, item.item_id.bytes)

    async def sealed_details(self, tx: Transaction, owner: tuple[UUID, UUID], item_id: UUID, details: Details) -> bytes:
        """Return what an item of a firm's customer says, as it is kept."""
        key = await self._keys.purpose_key(tx, *owner, _DETAILS)
        return seal_text(json.dumps(asdict(details)), key, item_id.bytes)

    async def _write(self, tx: Transaction, item: EmergencyItem, wanted: Wanted) -> None:
        if wanted.folder_id is not None:
            await get_folder(tx, customer_id=item.customer_id, folder_id=wanted.folder_id)
        item.title = " ".join(wanted.title.split())
        if not item.title:
            raise invalid("item.title", "Bitte geben Sie dem Eintrag einen Namen.")
        item.folder_id = wanted.folder_id
        owner = (item.tenant_id, item.customer_id)
        item.details = await self.sealed_details(tx, owner, item.item_id, wanted.details)
        if wanted.secret:
            key = await self._keys.purpose_key(tx, *owner, _SECRET)
            item.secret = seal_text(wanted.secret, key, item.item_id.bytes)
        item.update_time = tx.now


async def list_items(
    tx: Transaction, *, customer_id: UUID, release_id: UUID | None, after: UUID, size: int
) -> Sequence[EmergencyItem]:
    """Return items of the folder that the caller may see, in the order of their making."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalars(
        select(EmergencyItem)
        .where(EmergencyItem.customer_id == customer_id, EmergencyItem.item_id > after, _seen(tx, release_id))
        .order_by(EmergencyItem.item_id)
        .limit(size)
    )
    return found.all()


async def record_look(tx: Transaction, customer_id: UUID) -> None:
    """Write down that a trusted person looked into the folder, once in a while of looking."""
    latest = await tx.session.scalar(
        select(func.max(Sighting.time)).where(
            Sighting.customer_id == customer_id,
            Sighting.account_id == tx.principal.account_id,
            Sighting.action == SightingAction.SIGHTING_ACTION_EMERGENCY_LOOK,
        )
    )
    if latest is None or tx.now - latest >= SAME_LOOK:
        happening = Happening(SightingAction.SIGHTING_ACTION_EMERGENCY_LOOK)
        await record(tx, tx.principal.required_tenant(), customer_id, happening)


async def visible_item(tx: Transaction, *, customer_id: UUID, item_id: UUID, release_id: UUID) -> EmergencyItem:
    """Return an item that a release opened to the trusted person who asks; raises NOT_FOUND."""
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalar(
        select(EmergencyItem)
        .where(EmergencyItem.item_id == item_id, EmergencyItem.customer_id == customer_id, _seen(tx, release_id))
        .with_for_update()
    )
    if found is None:
        raise not_found("Der Eintrag")
    return found


async def tick_task(
    tx: Transaction, *, customer_id: UUID, item_id: UUID, release_id: UUID, done: bool
) -> EmergencyItem:
    """Tick a task off, or take the tick back; raises NOT_FOUND, INVALID for what is no task."""
    item = await visible_item(tx, customer_id=customer_id, item_id=item_id, release_id=release_id)
    if item.kind != EmergencyItemKind.EMERGENCY_ITEM_KIND_TASK:
        raise invalid("item_id", "Abhaken lassen sich nur Aufgaben.")
    if done != (item.done_time is not None):
        item.done_name = tx.principal.display_name if done else ""
        item.done_time = tx.now if done else None
        await tx.session.flush()
    return item


async def _own(tx: Transaction, customer_id: UUID, item_id: UUID) -> EmergencyItem:
    require_customer_scope(tx.principal, customer_id)
    found = await tx.session.scalar(
        select(EmergencyItem)
        .where(EmergencyItem.item_id == item_id, EmergencyItem.customer_id == customer_id)
        .with_for_update()
    )
    if found is None:
        raise not_found("Der Eintrag")
    return found


def _seen(tx: Transaction, release_id: UUID | None) -> ColumnElement[bool]:
    """Return the condition under which the caller sees an item: his own, or what a release opened."""
    if release_id is None:
        return EmergencyItem.customer_id == tx.principal.customer_id
    in_folder = exists().where(
        Folder.folder_id == EmergencyItem.folder_id, EmergencyGrant.folder_ids.overlap(Folder.path)
    )
    return exists().where(
        and_(
            EmergencyGrant.customer_id == EmergencyItem.customer_id,
            opened_by(tx.principal.account_id, release_id),
            or_(EmergencyItem.folder_id.is_(None), in_folder.correlate(EmergencyItem, EmergencyGrant)),
        )
    )


async def _record(tx: Transaction, item: EmergencyItem, action: int) -> None:
    await record(tx, item.tenant_id, item.customer_id, Happening(action, item_id=item.item_id))
