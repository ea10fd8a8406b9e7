"""Consent to electronic delivery: every word kept, effective at once, and provable for any instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from kontor.identity.v1 import epost_internal_pb2, events_pb2
from kontor.identity.v1 import epost_pb2 as pb
from kontor.identity.v1.epost_internal_pb2_grpc import EPostInternalServiceStub
from kontor.identity.v1.epost_pb2_grpc import EPostServiceStub
from kontor_chassis.testing.tokens import service_token_for

from services.identity.tests.customer_office import Known, known_customer
from services.identity.tests.emergency_office import refusal
from services.identity.tests.identity_office import Identity

pytestmark = pytest.mark.integration


async def test_consent_is_asked_given_and_revoked(identity: Identity) -> None:
    """F140, decision 8: with the text that was read; revoking works at once and changes nothing of before."""
    julia = await known_customer(identity)
    asked = await julia.epost.GetEPostConsent(pb.GetEPostConsentRequest(customer_id=julia.cid))
    assert (asked.decision, asked.version) == (pb.E_POST_DECISION_UNSPECIFIED, 1)
    assert not (await _in_force(julia)).in_force
    assert await refusal(_decide(julia, pb.E_POST_DECISION_GIVEN, "0" * 64)) == "CONSENT_TEXT_CHANGED"
    assert await refusal(_decide(julia, pb.E_POST_DECISION_REVOKED, asked.sha256)) == "NOTHING_TO_REVOKE"
    given = await _decide(julia, pb.E_POST_DECISION_GIVEN, asked.sha256)
    again = await _decide(julia, pb.E_POST_DECISION_GIVEN, asked.sha256)
    assert given.entry == again.entry
    delivered_at = identity.clock.now()
    proof = await _in_force(julia)
    assert (proof.in_force, proof.e_post_entry_id, proof.version) == (True, given.entry.e_post_entry_id, 1)
    identity.clock.advance(timedelta(days=3))
    await _decide(julia, pb.E_POST_DECISION_REVOKED, asked.sha256)
    assert not (await _in_force(julia)).in_force
    assert (await _in_force(julia, delivered_at)).e_post_entry_id == given.entry.e_post_entry_id
    assert not (await _in_force(julia, delivered_at - timedelta(seconds=1))).in_force
    history = await julia.epost.ListEPostDecisions(pb.ListEPostDecisionsRequest(customer_id=julia.cid))
    said = [(one.decision, one.account_id, one.sha256) for one in history.entries]
    assert said == [
        (pb.E_POST_DECISION_REVOKED, str(julia.account_id), asked.sha256),
        (pb.E_POST_DECISION_GIVEN, str(julia.account_id), asked.sha256),
    ]
    events = await julia.events(events_pb2.EPostConsentChanged)
    assert [one.decision for one in events] == [pb.E_POST_DECISION_GIVEN, pb.E_POST_DECISION_REVOKED]


async def test_declining_after_consent_revokes_it(identity: Identity) -> None:
    """F140: who says no has not agreed, however he says it; nobody is asked twice."""
    julia = await known_customer(identity)
    text = await julia.epost.GetEPostConsent(pb.GetEPostConsentRequest(customer_id=julia.cid))
    declined = await _decide(julia, pb.E_POST_DECISION_DECLINED, text.sha256)
    assert declined.decision == pb.E_POST_DECISION_DECLINED
    await _decide(julia, pb.E_POST_DECISION_GIVEN, text.sha256)
    revoked = await _decide(julia, pb.E_POST_DECISION_DECLINED, text.sha256)
    assert revoked.decision == pb.E_POST_DECISION_REVOKED


async def test_the_firm_sees_it_and_nobody_else(identity: Identity) -> None:
    """F140, F97: the broker knows whether he may deliver; another firm and its services learn nothing."""
    julia, stranger = await known_customer(identity), await known_customer(identity)
    desk = identity.service.stub(EPostServiceStub, julia.staff_token())
    asking = pb.GetEPostConsentRequest(customer_id=julia.cid)
    assert (await desk.GetEPostConsent(asking)).decision == pb.E_POST_DECISION_UNSPECIFIED
    foreign = identity.service.stub(EPostServiceStub, stranger.staff_token())
    assert await refusal(foreign.GetEPostConsent(asking)) == "NOT_FOUND"
    vault = identity.service.stub(EPostInternalServiceStub, service_token_for("vault", stranger.tenant_id))
    wanted = epost_internal_pb2.CheckEPostConsentRequest(tenant_id=str(stranger.tenant_id), customer_id=julia.cid)
    assert await refusal(vault.CheckEPostConsent(wanted)) == "NOT_FOUND"


async def _decide(julia: Known, decision: pb.EPostDecision.ValueType, sha256: str) -> pb.EPostConsent:
    asked = pb.DecideEPostConsentRequest(customer_id=julia.cid, decision=decision, sha256=sha256)
    return await julia.epost.DecideEPostConsent(asked)


async def _in_force(julia: Known, at: datetime | None = None) -> epost_internal_pb2.CheckEPostConsentResponse:
    """What vault is told at the moment of delivery, or about an earlier one."""
    instant = Timestamp()
    if at is not None:
        instant.FromDatetime(at)
    asked = epost_internal_pb2.CheckEPostConsentRequest(
        tenant_id=str(julia.tenant_id), customer_id=julia.cid, at_time=instant if at is not None else None
    )
    vault = julia.identity.service.stub(EPostInternalServiceStub, service_token_for("vault", julia.tenant_id))
    return await vault.CheckEPostConsent(asked)
