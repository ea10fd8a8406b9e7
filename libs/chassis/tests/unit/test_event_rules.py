"""Rules of the event machinery that need no server."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontor.common.v1.access_pb2 import Role
from kontor_chassis.consumers import Retries
from kontor_chassis.envelope import MESSAGE_ID, envelope_of, read_envelope
from kontor_chassis.events import Subscriptions, event_type, producer_of
from kontor_chassis.leases import key_of
from kontor_chassis.principal import Principal
from kontor_chassis.relay import WAVE, waves
from kontor_chassis.row_security import NOBODY, role_name, security_settings

from libs.chassis.tests.shipping import ParcelLost, ParcelSent, SendRequest, note


@given(st.lists(st.sampled_from("abcde"), max_size=60))
def test_waves_keep_the_order_of_every_aggregate(aggregates: list[str]) -> None:
    """No wave holds two events of one aggregate, nothing is lost, and each aggregate's order stays."""
    rows = [{"aggregate": aggregate, "position": n} for n, aggregate in enumerate(aggregates)]
    result = list(waves(rows))
    for wave in result:
        assert len({row["aggregate"] for row in wave}) == len(wave)
    flat = [row for wave in result for row in wave]
    for aggregate in set(aggregates):
        assert [r for r in flat if r["aggregate"] == aggregate] == [r for r in rows if r["aggregate"] == aggregate]
    assert len(flat) == len(rows)


def test_waves_are_bounded() -> None:
    """However many aggregates there are, only so many events are under way at once."""
    rows = [{"aggregate": str(n), "position": n} for n in range(3 * WAVE)]
    assert [len(wave) for wave in waves(rows)] == [WAVE] * 3


@given(st.integers(min_value=1, max_value=40))
def test_retries_double_up_to_the_longest(attempt: int) -> None:
    """Each delay is twice the one before, and none is longer than the limit."""
    retries = Retries(first=1, longest=300)
    assert retries.delay(attempt) == min(2.0 ** (attempt - 1), 300)


@given(
    aggregate=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    tenant=st.none() | st.uuids(),
    position=st.integers(min_value=1),
    again=st.booleans(),
)
def test_envelope_survives_the_journey(aggregate: str, tenant: UUID | None, position: int, again: bool) -> None:
    """What the relay writes into headers is what the consumer reads; a repetition has another message id."""
    row = {
        "id": uuid4(),
        "type": "kontor.sender.v1.ParcelSent",
        "aggregate": aggregate,
        "tenant_id": tenant,
        "position": position,
        "created_at": datetime(2026, 7, 1, 12, tzinfo=UTC),
        "headers": "{}",
        "payload": b"",
    }
    headers = envelope_of(row, "sender", again=again)
    meta = read_envelope(headers)
    assert (meta.event_id, meta.subject, meta.tenant_id) == (row["id"], aggregate, tenant)
    assert (meta.position, meta.time, meta.source) == (position, row["created_at"], "sender")
    assert (headers[MESSAGE_ID] == str(row["id"])) is not again


def test_only_messages_of_events_protos_are_events() -> None:
    """The type is the full name; the producer is its second part."""
    assert event_type(ParcelSent) == event_type(ParcelSent()) == "kontor.sender.v1.ParcelSent"
    assert producer_of("kontor.sender.v1.ParcelSent") == "sender"
    for no_event in ("sender.ParcelSent", "other.sender.v1.ParcelSent", "kontor.sender.v1.sub.ParcelSent"):
        with pytest.raises(ValueError, match="not an event type"):
            producer_of(no_event)
    with pytest.raises(ValueError, match=r"events\.proto"):
        event_type(SendRequest)


def test_handlers_are_arranged_by_producer() -> None:
    """A service's table of handlers becomes one table per producer."""
    arranged = Subscriptions.of({ParcelSent: note, ParcelLost: note}).by_producer
    assert list(arranged) == ["sender"]
    assert sorted(arranged["sender"]) == ["kontor.sender.v1.ParcelLost", "kontor.sender.v1.ParcelSent"]


@pytest.mark.parametrize(
    ("principal", "name"),
    [
        (Principal(), "anonymous"),
        (Principal(service="billing", roles=frozenset({Role.ROLE_STAFF})), "service"),
        (Principal(roles=frozenset({Role.ROLE_ADMINISTRATOR, Role.ROLE_STAFF})), "staff"),
        (Principal(roles=frozenset({Role.ROLE_CUSTOMER})), "customer"),
        (Principal(roles=frozenset({Role.ROLE_INSURED_PERSON})), "insured"),
        (Principal(roles=frozenset({Role.ROLE_TRUSTED_PERSON})), "trusted"),
        (Principal(roles=frozenset({Role.ROLE_EXPERT})), "expert"),
        (Principal(roles=frozenset({Role.ROLE_NETWORK})), "network"),
        (Principal(roles=frozenset({Role.ROLE_OPERATOR})), "operator"),
    ],
)
def test_policies_know_callers_by_one_word(principal: Principal, name: str) -> None:
    """Every kind of caller has its word."""
    assert role_name(principal) == name


def test_customer_without_customer_matches_nobody() -> None:
    """A customer's token that names no customer must not see the whole firm."""
    tenant = uuid4()
    now = datetime(2026, 7, 1, tzinfo=UTC)
    settings = security_settings(Principal(tenant_id=tenant, roles=frozenset({Role.ROLE_CUSTOMER})), now)
    assert settings == (str(tenant), str(NOBODY), "", "customer", "2026-07-01T00:00:00+00:00")


@given(st.text())
def test_lease_keys_fit_postgresql(name: str) -> None:
    """Keys are signed 64-bit integers, the same for the same name."""
    assert -(2**63) <= key_of(name) < 2**63
    assert key_of(name) == key_of(name)
