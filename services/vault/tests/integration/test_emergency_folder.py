"""The emergency folder: who reads what of it, and that a secret opens only by a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from grpc import StatusCode
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import emergency_folder_pb2 as pb
from kontor.vault.v1 import vault_pb2
from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceStub
from kontor_chassis.ids import new_id

from services.vault.tests.integration.test_emergency import Emergency, folder
from services.vault.tests.integration.test_emergency import emergency as emergency
from services.vault.tests.integration.test_emergency import identity as identity
from services.vault.tests.vault_office import Office, Person, refused

if TYPE_CHECKING:
    from kontor.vault.v1.emergency_folder_pb2_grpc import EmergencyFolderServiceAsyncStub

pytestmark = pytest.mark.integration

SECRET = "Zimtstern-Ruderboot-88"


def stub(office: Office, person: Person) -> EmergencyFolderServiceAsyncStub:
    """Return somebody's stub."""
    return office.running.stub(EmergencyFolderServiceStub, person.token)


async def titles(office: Office, person: Person, customer: Person) -> list[str]:
    """Return what somebody sees in the emergency folder."""
    request = pb.ListEmergencyItemsRequest(customer_id=customer.cid)
    return [item.title for item in (await stub(office, person).ListEmergencyItems(request)).items]


async def put(office: Office, customer: Person, kind: int, title: str, **more: Any) -> pb.EmergencyItem:
    """Put something into the customer's emergency folder."""
    item = pb.EmergencyItem(kind=pb.EmergencyItemKind.ValueType(kind), title=title, **more)
    return await stub(office, customer).CreateEmergencyItem(
        pb.CreateEmergencyItemRequest(customer_id=customer.cid, item=item)
    )


async def test_a_release_opens_it_scope_by_scope(office: Office, emergency: Emergency) -> None:
    """F73, F74, F76: nobody before; after it each trusted person his part; tasks are ticked; looks are on record."""
    customer = emergency.customer
    health, money = await folder(customer, "Gesundheit"), await folder(customer, "Geld")
    below = await folder(customer, "Kliniken", health)
    await put(office, customer, pb.EMERGENCY_ITEM_KIND_LIVING_WILL, "Patientenverfügung", folder_id=below,
              place="Stahlschrank im Flur, zweites Fach")  # fmt: skip
    account = await put(office, customer, pb.EMERGENCY_ITEM_KIND_ACCOUNT, "E-Mail", folder_id=money, secret=SECRET)
    task = await put(office, customer, pb.EMERGENCY_ITEM_KIND_TASK, "Katze füttern", contact="Frau Kern, 040 123")
    assert (account.has_secret, account.secret) == (True, "")
    anna, tom = await emergency.trust("Anna", health), await emergency.trust("Tom", money)
    staff = office.person(customer.tenant_id, Role.ROLE_STAFF)
    request = pb.ListEmergencyItemsRequest(customer_id=customer.cid)
    reveal = pb.GetEmergencySecretRequest(customer_id=customer.cid, item_id=account.item_id)
    assert await refused(stub(office, staff).ListEmergencyItems(request)) is StatusCode.PERMISSION_DENIED
    assert await refused(stub(office, tom).ListEmergencyItems(request)) is StatusCode.NOT_FOUND
    assert await refused(stub(office, tom).GetEmergencySecret(reveal)) is StatusCode.NOT_FOUND
    assert await refused(stub(office, customer).GetEmergencySecret(reveal)) is StatusCode.PERMISSION_DENIED

    await emergency.release()
    assert await titles(office, tom, customer) == [], "identity says yes, but its event has not arrived"
    await emergency.deliver()
    assert await titles(office, anna, customer) == ["Patientenverfügung", "Katze füttern"]
    assert await titles(office, tom, customer) == ["E-Mail", "Katze füttern"]
    [will, _] = (await stub(office, anna).ListEmergencyItems(request)).items
    assert will.place == "Stahlschrank im Flur, zweites Fach"
    assert (await stub(office, tom).GetEmergencySecret(reveal)).secret == SECRET
    assert await refused(stub(office, anna).GetEmergencySecret(reveal)) is StatusCode.NOT_FOUND
    tick = pb.TickEmergencyTaskRequest(customer_id=customer.cid, item_id=task.item_id, done=True)
    assert (await stub(office, anna).TickEmergencyTask(tick)).done_name == "Petra H."
    wrong = pb.TickEmergencyTaskRequest(customer_id=customer.cid, item_id=will.item_id, done=True)
    assert await refused(stub(office, anna).TickEmergencyTask(wrong)) is StatusCode.INVALID_ARGUMENT

    told = await customer.vault.ListSightings(vault_pb2.ListSightingsRequest(customer_id=customer.cid))
    looks = [(s.action, s.account_id, s.subject) for s in reversed(told.sightings) if s.account_id]
    look, secret = vault_pb2.SIGHTING_ACTION_EMERGENCY_LOOK, vault_pb2.SIGHTING_ACTION_EMERGENCY_SECRET
    a, t = str(anna.account_id), str(tom.account_id)
    assert looks == [(look, t, ""), (look, a, ""), (secret, t, "E-Mail")]
    assert (await customer.vault.VerifySightings(vault_pb2.VerifySightingsRequest(customer_id=customer.cid))).intact

    await emergency.undo()
    for person in (anna, tom):
        assert await refused(stub(office, person).ListEmergencyItems(request)) is StatusCode.NOT_FOUND
    assert await refused(stub(office, tom).GetEmergencySecret(reveal)) is StatusCode.NOT_FOUND


async def test_only_the_customer_shapes_it_and_nothing_lies_open(office: Office, emergency: Emergency) -> None:
    """F73: changed under its etag, out for good, another's refused; the database holds no word of what it says."""
    customer = emergency.customer
    will = await put(office, customer, pb.EMERGENCY_ITEM_KIND_LAST_WILL, "Testament", place="Notar Weiß", secret=SECRET)
    will.place, will.title = "Amtsgericht Hamburg", " Testament  2026 "
    changed = await stub(office, customer).UpdateEmergencyItem(pb.UpdateEmergencyItemRequest(item=will))
    assert (changed.place, changed.title, changed.has_secret) == ("Amtsgericht Hamburg", "Testament 2026", True)
    again = stub(office, customer).UpdateEmergencyItem(pb.UpdateEmergencyItemRequest(item=will))
    assert await refused(again) is StatusCode.ABORTED
    without = pb.UpdateEmergencyItemRequest(item=changed, remove_secret=True)
    assert not (await stub(office, customer).UpdateEmergencyItem(without)).has_secret
    other = office.person(customer.tenant_id, Role.ROLE_CUSTOMER, customer_id=new_id())
    delete = pb.DeleteEmergencyItemRequest(customer_id=customer.cid, item_id=will.item_id)
    assert await refused(stub(office, other).DeleteEmergencyItem(delete)) is StatusCode.NOT_FOUND
    assert await titles(office, customer, customer) == ["Testament 2026"]

    scope = await folder(customer, "Vorsorge")
    await put(office, customer, pb.EMERGENCY_ITEM_KIND_TASK, "Bank anrufen", folder_id=scope)
    gone = vault_pb2.DeleteFolderRequest(customer_id=customer.cid, folder_id=scope)
    assert await refused(customer.vault.DeleteFolder(gone)) is StatusCode.FAILED_PRECONDITION

    owner = await asyncpg.connect(office.database.owner_url)
    await owner.execute("SET kontor.role = 'service'")
    rows = await owner.fetch("SELECT details, secret FROM emergency_items")
    await owner.close()
    assert len(rows) == 2
    assert not [row for row in rows if b"Amtsgericht" in row["details"] or row["secret"] is not None]
    await stub(office, customer).DeleteEmergencyItem(delete)
    assert await titles(office, customer, customer) == ["Bank anrufen"]
