"""A customer's deletion: planned, taken back, carried out by the clock, certified; nothing personal stays (F94)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import customer_deletions_pb2 as pb
from kontor.identity.v1 import events_pb2, internal_pb2
from kontor.identity.v1.customer_deletions_pb2_grpc import CustomerDeletionServiceStub
from kontor.vault.v1.events_pb2 import CustomerErased
from kontor_chassis.events import EventMeta
from kontor_chassis.ids import new_id
from kontor_chassis.inbox import Inbox, Outcome
from kontor_chassis.jobs import JobContext
from kontor_chassis.testing.tokens import token_for
from kontor_identity.deletions.carrying_out import KEPT, STATEMENTS, carry_out_due
from kontor_identity.deletions.plans import customer_erased
from kontor_identity.directory import DIRECTORY
from sqlalchemy import text

from services.identity.tests.customer_office import Known, known_customer
from services.identity.tests.emergency_office import refusal
from services.identity.tests.identity_office import Identity

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.customer_deletions_pb2_grpc import CustomerDeletionServiceAsyncStub

pytestmark = pytest.mark.integration


def _his(julia: Known, **claims: object) -> CustomerDeletionServiceAsyncStub:
    return julia.identity.service.stub(CustomerDeletionServiceStub, julia.token(**claims))


def _firms(julia: Known) -> CustomerDeletionServiceAsyncStub:
    roles = [Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR]
    token = token_for(roles=roles, account_id=julia.staff_account_id, tenant_id=julia.tenant_id)
    return julia.identity.service.stub(CustomerDeletionServiceStub, token)


async def _carry_out(identity: Identity) -> None:
    await carry_out_due(JobContext(work=identity.service.platform.work, clock=identity.clock))


async def test_who_may_plan_and_take_back(identity: Identity) -> None:
    """F94: the holder and an administrator plan, once; only the side that asked takes it back; then all stays."""
    julia = await known_customer(identity)
    plan = pb.PlanCustomerDeletionRequest(customer_id=julia.cid)
    cancel = pb.CancelCustomerDeletionRequest(customer_id=julia.cid)
    assert await refusal(_his(julia, account_id=uuid4()).PlanCustomerDeletion(plan)) == "ONLY_HOLDER"
    assert await refusal(_his(julia).CancelCustomerDeletion(cancel)) == "NOTHING_PLANNED"
    planned = await _firms(julia).PlanCustomerDeletion(plan)
    assert (planned.by_customer, planned.state) == (False, pb.CUSTOMER_DELETION_STATE_PLANNED)
    assert planned.due_time.seconds - planned.plan_time.seconds == 14 * 86400
    assert await refusal(_his(julia).PlanCustomerDeletion(plan)) == "DELETION_PLANNED"
    assert await refusal(_his(julia).CancelCustomerDeletion(cancel)) == "PLANNED_BY_OTHER_SIDE"
    await _firms(julia).CancelCustomerDeletion(cancel)
    identity.clock.advance(timedelta(days=15))
    await _carry_out(identity)
    seen = await _his(julia).GetCustomerDeletion(pb.GetCustomerDeletionRequest(customer_id=julia.cid))
    assert (seen.customer_deletion_id, seen.state) == ("", pb.CUSTOMER_DELETION_STATE_UNSPECIFIED)
    assert len(await julia.events(events_pb2.CustomerDeletionCancelled)) == 1
    assert not await julia.events(events_pb2.CustomerDeleted)


async def test_nothing_personal_stays_and_the_certificate_comes(identity: Identity) -> None:
    """F94: not a day early, then once; nobody finds him or comes in; the vault's certificate is the firm's proof."""
    julia = await known_customer(identity, family_name="Kunigunde")
    await _his(julia).PlanCustomerDeletion(pb.PlanCustomerDeletionRequest(customer_id=julia.cid))
    identity.clock.advance(timedelta(days=13, hours=23))
    await _carry_out(identity)
    assert not await julia.events(events_pb2.CustomerDeleted)
    identity.clock.advance(timedelta(hours=1))
    await _carry_out(identity)
    await _carry_out(identity)
    [deleted] = await julia.events(events_pb2.CustomerDeleted)
    assert list(deleted.account_ids) == [str(julia.account_id)]
    internal = identity.internal("billing", julia.tenant_id)
    asked = internal_pb2.GetCustomerProfileRequest(tenant_id=str(julia.tenant_id), customer_id=julia.cid)
    assert await refusal(internal.GetCustomer(asked)) == "NOT_FOUND"
    left = await _everything(identity)
    assert str(julia.customer_id) in left, "the mark that he was there"
    assert not [word for word in (julia.email, "Kunigunde", "1984-05-17") if word in left]
    erased = CustomerErased(
        tenant_id=str(julia.tenant_id), customer_id=julia.cid, certificate=7, documents=2, size_bytes=99, hash="ab"
    )
    erased.erase_time.FromDatetime(identity.clock.now())
    kind, now = str(CustomerErased.DESCRIPTOR.full_name), identity.clock.now()
    meta = EventMeta(new_id(), kind, "vault", julia.cid, julia.tenant_id, now, 1)
    inbox = Inbox(identity.service.platform.work, "identity")
    assert await inbox.apply(erased, meta, customer_erased) is Outcome.APPLIED
    listed = await _firms(julia).ListCustomerDeletions(pb.ListCustomerDeletionsRequest())
    [proof] = listed.customer_deletions
    assert (proof.state, proof.by_customer) == (pb.CUSTOMER_DELETION_STATE_CERTIFIED, True)
    assert (proof.certificate.number, proof.certificate.documents, proof.certificate.hash) == (7, 2, "ab")


async def test_no_table_about_customers_is_forgotten(identity: Identity) -> None:
    """F94: whoever adds a table with customers says what becomes of it when one is deleted."""
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        tables = set(
            await tx.session.scalars(
                text("SELECT table_name FROM information_schema.columns WHERE column_name = 'customer_id'")
            )
        )
    treated = {word for statement in STATEMENTS for word in statement.replace("(", " ").split()[:3]}
    assert tables - treated - set(KEPT) == set()


async def _everything(identity: Identity) -> str:
    """Return all rows of all tables, as text; answers to requests aside, which are kept for a week."""
    named = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(:aside)")
    async with identity.service.platform.work.work(DIRECTORY) as tx:
        rows = [
            await tx.session.scalar(text(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t"))  # noqa: S608 - of the catalogue
            for table in await tx.session.scalars(named, {"aside": ["alembic_version", "idempotency"]})
        ]
    return " ".join(rows)
