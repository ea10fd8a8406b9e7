"""Proof of identity, electronic delivery and raffles as people hear of them: by bell and mail, without any code."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import epost_pb2, identity_proofs_pb2
from kontor.identity.v1.epost_pb2_grpc import EPostServiceStub
from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceStub
from kontor.identity.v1.people_pb2 import Customer, UpdateCustomerRequest
from kontor.identity.v1.tenants_pb2 import Address
from kontor.notifications.v1.notifications_pb2 import ListNotificationsRequest
from kontor_chassis.testing.tokens import token_for
from kontor_chassis.testing.waiting import eventually

from services.notifications.tests.post_office import PostOffice, Someone, text_of
from tests.with_identity import administrator_of

pytestmark = pytest.mark.integration


async def test_proof_and_consent_are_told(office: PostOffice) -> None:
    """F164, F140: the firm hears of a wanted letter, the customer of proof, withdrawal and what he consented to."""
    hansen = await office.firm("Hansen & Partner", "hansen", "petra.hansen@hansen.example")
    julia = await office.customer(hansen, "Julia", "Brandt", "julia.brandt@mail.example", informal=True)
    cid = str(julia.customer_id)
    home = Customer(address=Address(street="Musterweg 1", postal_code="20095", city="Hamburg"))
    moved = UpdateCustomerRequest(customer_id=cid, customer=home, update_mask=FieldMask(paths=["address"]))
    await administrator_of(office.identity, hansen.tenant_id).UpdateCustomer(moved)
    as_julia = office.identity.stub(IdentityProofServiceStub, _token(julia, Role.ROLE_CUSTOMER))
    await as_julia.RequestIdentityLetter(identity_proofs_pb2.RequestIdentityLetterRequest(customer_id=cid))
    await eventually(lambda: _rung(office, hansen, Role.ROLE_ADMINISTRATOR, "Brief mit Identitätscode"))
    desk = office.identity.stub(IdentityProofServiceStub, _token(hansen, Role.ROLE_ADMINISTRATOR))
    seen = office.clock.now().date().isoformat()
    passport = identity_proofs_pb2.IDENTITY_DOCUMENT_PASSPORT
    await desk.ConfirmIdentity(
        identity_proofs_pb2.ConfirmIdentityRequest(customer_id=cid, document=passport, seen_date=seen)
    )
    await _mail(office, julia, "Identität ist bestätigt", "dir jetzt alle Funktionen")
    reason = "Verwechslung mit der Schwester."
    await desk.WithdrawIdentity(identity_proofs_pb2.WithdrawIdentityRequest(customer_id=cid, reason=reason))
    told = await _mail(office, julia, "gilt nicht mehr", "neu bestätigen")
    assert reason not in told, "what staff wrote stays in the portal"
    rung = await eventually(lambda: _rung(office, julia, Role.ROLE_CUSTOMER, "Identität nicht mehr bestätigt"))
    assert rung == ["/kunde/identitaet"]
    epost = office.identity.stub(EPostServiceStub, _token(julia, Role.ROLE_CUSTOMER))
    text = await epost.GetEPostConsent(epost_pb2.GetEPostConsentRequest(customer_id=cid))
    for decision, subject in (
        (epost_pb2.E_POST_DECISION_GIVEN, "Bestätigung: elektronische Zustellung"),
        (epost_pb2.E_POST_DECISION_REVOKED, "Bestätigung: Widerruf"),
    ):
        asked = epost_pb2.DecideEPostConsentRequest(customer_id=cid, decision=decision, sha256=text.sha256)
        await epost.DecideEPostConsent(asked)
        await _mail(office, julia, subject, "/kunde/daten/e-post")


def _token(person: Someone, role: Role.ValueType) -> str:
    return token_for(
        roles=[role], tenant_id=person.tenant_id, customer_id=person.customer_id, account_id=person.account_id
    )


async def _rung(office: PostOffice, person: Someone, role: Role.ValueType, title: str) -> list[str]:
    """Return the pages to which entries with this title lead."""
    listed = await office.bell(person, role).ListNotifications(ListNotificationsRequest())
    return [one.link for one in listed.notifications if one.title == title]


async def _mail(office: PostOffice, person: Someone, subject: str, said: str) -> str:
    """Wait for a mail that says something; returns its text."""
    [mail] = await eventually(lambda: [m for m in office.mailbox.to(person.email) if subject in m["Subject"]])
    assert said in text_of(mail)
    return text_of(mail)
