"""What is left of a firm in notifications when it is deleted."""

from __future__ import annotations

from functools import partial

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.ids import new_id
from kontor_chassis.testing.waiting import eventually
from kontor_notifications.customer_end import CUSTOMER_END
from kontor_notifications.firm_end import TABLES
from kontor_notifications.sending import SERVICE

from services.notifications.tests.integration.test_telling import posted, unread
from services.notifications.tests.post_office import PostOffice, Someone
from tests.firm_end import delete_customer, tell_firm_end

pytestmark = pytest.mark.integration


async def test_a_deleted_firm_is_told_nothing_more(office: PostOffice) -> None:
    """Decision 10: bell, mails sent and unsent, and preferences are gone; another firm's are untouched."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    other = await office.firm("Alpenblick", "alpenblick", "sepp.huber@alpenblick.example")
    for admin, julia in ((hansen, "julia@mail.example"), (other, "anna@mail.example")):
        customer = await office.customer(admin, "Julia", "Brandt", julia, informal=False)
        await office.publish("chat", posted(office, new_id(), customer, admin, 1), admin.tenant_id)
        await eventually(partial(unread, office, admin, Role.ROLE_STAFF))

    async def rows_of(person: Someone) -> dict[str, int]:
        counted = {}
        async with office.notifications.platform.work.work(SERVICE) as tx:
            for table in TABLES:
                statement = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608 - a name of the service
                [row] = await tx.run(statement, person.tenant_id)
                counted[table] = row["count"]
        return counted

    async def gone(person: Someone) -> bool:
        return set((await rows_of(person)).values()) == {0}

    kept = await rows_of(other)
    assert kept["deliveries"] * kept["notifications"] * kept["unread_messages"] > 0
    await tell_firm_end(office.identity, hansen.tenant_id)
    await eventually(lambda: gone(hansen))
    assert await rows_of(other) == kept


async def test_a_deleted_customer_is_told_nothing_more(office: PostOffice) -> None:
    """F94: bell and mails of his are gone, his firm's stay."""
    admin = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    julia = await office.customer(admin, "Julia", "Brandt", "julia@mail.example", informal=False)
    await office.publish("chat", posted(office, new_id(), julia, admin, 1), admin.tenant_id)
    await eventually(partial(unread, office, admin, Role.ROLE_STAFF))
    assert julia.customer_id
    service, people = office.notifications, (julia.customer_id, julia.account_id)
    await delete_customer(service, "notifications", CUSTOMER_END, admin.tenant_id, *people)
    async with service.platform.work.work(SERVICE) as tx:
        assert not await tx.run("SELECT 1 FROM deliveries WHERE customer_id = $1", people[0])
        assert not await tx.run("SELECT 1 FROM notifications WHERE account_id = $1", people[1])
        assert await tx.run("SELECT 1 FROM notifications WHERE account_id = $1", admin.account_id)
