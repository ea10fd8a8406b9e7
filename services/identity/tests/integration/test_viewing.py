"""Staff who look at the office as a customer, and the customer's own pictures."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from grpc.aio import AioRpcError
from grpc_status.rpc_status import from_call
from kontor.billing.v1 import events_pb2 as billing
from kontor.billing.v1.prices_pb2 import Tier
from kontor.common.v1.access_pb2 import Area, Role
from kontor.identity.v1 import accounts_pb2, brand_pb2, people_pb2, tenants_pb2
from kontor.identity.v1 import viewing_pb2 as pb
from kontor.identity.v1.brand_pb2_grpc import BrandServiceStub
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.viewing_pb2_grpc import ViewingServiceStub
from kontor_chassis.events import EventMeta, Handler
from kontor_chassis.ids import new_id
from kontor_chassis.inbox import Inbox, Outcome
from kontor_chassis.testing.tokens import token_for
from kontor_identity.directory import DIRECTORY
from kontor_identity.memberships import memberships_of
from kontor_identity.service_tiers import agreement_over, agreement_signed
from kontor_identity.tokens import closed_claim

from services.identity.tests.identity_office import Identity, registration
from tests.with_identity import accept_invitation, administrator_of, new_customer

PHOTO = b"\xff\xd8\xff\xe0" + bytes(64)


async def test_view_reads_and_writes_nothing(identity: Identity) -> None:
    """Section 7, ID: the token acts as the customer for what is viewable; every write is refused."""
    tenant_id = await _firm(identity, "blick")
    customer = await _customer(identity, tenant_id)
    staff = _viewing(identity, roles=[Role.ROLE_STAFF], tenant_id=tenant_id, name="Jonas Peters")
    started = await staff.StartCustomerView(pb.StartCustomerViewRequest(customer_id=customer, reason="Rückfrage"))
    claims = _claims(started.access_token)
    assert (claims["cid"], claims["roles"], claims["act"]["sub"]) == (customer, ["CUSTOMER"], claims["sub"])
    looking: dict[str, Any] = {
        "roles": [Role.ROLE_CUSTOMER],
        "tenant_id": tenant_id,
        "customer_id": UUID(customer),
        "act": {"sub": str(uuid4())},
    }
    people = identity.service.stub(IdentityServiceStub, token_for(**looking))
    assert (await people.GetCustomer(people_pb2.GetCustomerRequest(customer_id=customer))).family_name == "Brandt"
    change = people_pb2.UpdateCustomerRequest(customer_id=customer, customer=people_pb2.Customer(phone="1"))
    assert await _refused(people.UpdateCustomer(change)) == "VIEW_ONLY"
    view = _viewing(identity, **looking)
    own = pb.SetOwnPictureRequest(subject=str(uuid4()), content=PHOTO)
    assert await _refused(view.SetOwnPicture(own)) == "VIEW_ONLY"
    again = pb.StartCustomerViewRequest(customer_id=customer)
    assert await _refused(view.StartCustomerView(again)) == "VIEW_ONLY"


async def test_tokens_of_customers_name_what_their_firm_has_closed(identity: Identity) -> None:
    """F53: published switches stand in every token that acts as a customer, opened ones no more."""
    tenant_id = await _firm(identity, "schalter")
    customer = str(await new_customer(identity.service, tenant_id, email="julia@schalter.example"))
    invite = accounts_pb2.CreateInvitationRequest(customer_id=customer)
    invitation = await administrator_of(identity.service, tenant_id).CreateInvitation(invite)
    account_id = await accept_invitation(identity.service, invitation.invitation_id)
    staff = _viewing(identity, roles=[Role.ROLE_STAFF], tenant_id=tenant_id)
    token = token_for(roles=[Role.ROLE_STAFF, Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    desk = identity.service.stub(BrandServiceStub, token)
    for closed, names in (([Area.AREA_MESSAGES, Area.AREA_DOCUMENTS], ["DOCUMENTS", "MESSAGES"]), ([], None)):
        draft = brand_pb2.BrandDraft(design=brand_pb2.BrandDesign(closed_areas=closed))
        await desk.SaveBrandDraft(brand_pb2.SaveBrandDraftRequest(draft=draft))
        await desk.PublishBrandDraft(brand_pb2.PublishBrandDraftRequest())
        started = await staff.StartCustomerView(pb.StartCustomerViewRequest(customer_id=customer))
        assert _claims(started.access_token).get("closed") == names
        async with identity.service.platform.work.work(DIRECTORY) as tx:
            [view] = await memberships_of(tx, account_id)
        assert closed_claim(view.closed_areas).get("closed") == names


async def test_customer_reads_who_looked(identity: Identity) -> None:
    """Section 7, ID: each view is written down for the customer, with name and reason; other firms look at nobody."""
    tenant_id = await _firm(identity, "protokoll")
    customer = await _customer(identity, tenant_id)
    staff = _viewing(identity, roles=[Role.ROLE_STAFF], tenant_id=tenant_id, name="Jonas Peters")
    for reason in ("Erste", "Zweite"):
        await staff.StartCustomerView(pb.StartCustomerViewRequest(customer_id=customer, reason=reason))
        identity.clock.advance(timedelta(minutes=1))
    own = _viewing(identity, roles=[Role.ROLE_CUSTOMER], tenant_id=tenant_id, customer_id=UUID(customer))
    listed = pb.ListCustomerViewsRequest(customer_id=customer, page_size=1)
    first = await own.ListCustomerViews(listed)
    listed.page_token = first.next_page_token
    second = await own.ListCustomerViews(listed)
    seen = [(each.viewer_name, each.reason) for page in (first, second) for each in page.views]
    assert seen == [("Jonas Peters", "Zweite"), ("Jonas Peters", "Erste")]
    stranger = _viewing(identity, roles=[Role.ROLE_STAFF], tenant_id=await _firm(identity, "fremd"))
    assert await _refused(stranger.StartCustomerView(pb.StartCustomerViewRequest(customer_id=customer))) == "NOT_FOUND"
    assert await _refused(stranger.ListCustomerViews(pb.ListCustomerViewsRequest(customer_id=customer))) == "NOT_FOUND"


async def test_own_pictures_are_the_customers_alone(identity: Identity) -> None:
    """F44: a photo per contract, replaced by the next one; another customer of the firm has none of it."""
    tenant_id = await _firm(identity, "bilder")
    mine, other = [
        _viewing(
            identity,
            roles=[Role.ROLE_CUSTOMER],
            tenant_id=tenant_id,
            customer_id=UUID(await _customer(identity, tenant_id)),
        )
        for _ in range(2)
    ]
    contract = str(uuid4())
    await mine.SetOwnPicture(pb.SetOwnPictureRequest(subject=contract, content=PHOTO))
    newer = await mine.SetOwnPicture(pb.SetOwnPictureRequest(subject=contract, content=PHOTO + b"2"))
    listed = await mine.ListOwnPictures(pb.ListOwnPicturesRequest())
    assert [(each.subject, each.picture_id) for each in listed.pictures] == [(contract, newer.picture_id)]
    shown = await mine.GetOwnPicture(pb.GetOwnPictureRequest(picture_id=newer.picture_id))
    assert (shown.content_type, shown.data) == ("image/jpeg", PHOTO + b"2")
    assert await _refused(other.GetOwnPicture(pb.GetOwnPictureRequest(picture_id=newer.picture_id))) == "NOT_FOUND"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'
    unsuitable = pb.SetOwnPictureRequest(subject=contract, content=drawing)
    assert await _refused(mine.SetOwnPicture(unsuitable)) == "PICTURE_UNSUITABLE"
    await mine.DeleteOwnPicture(pb.DeleteOwnPictureRequest(subject=contract))
    assert not (await mine.ListOwnPictures(pb.ListOwnPicturesRequest())).pictures


def _viewing(identity: Identity, **claims: Any) -> Any:
    return identity.service.stub(ViewingServiceStub, token_for(**claims))


async def _firm(identity: Identity, slug: str) -> UUID:
    registered = await identity.public.RegisterTenant(registration(slug))
    operator = identity.as_person(roles=[Role.ROLE_OPERATOR], tenant_id=None)
    await operator.ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id))
    return UUID(registered.tenant_id)


async def _customer(identity: Identity, tenant_id: UUID) -> str:
    staff = identity.as_person(roles=[Role.ROLE_STAFF], tenant_id=tenant_id)
    made = people_pb2.CreateCustomerRequest(
        customer=people_pb2.Customer(family_name="Brandt", given_name="Julia", form=people_pb2.ADDRESS_FORM_SIE)
    )
    return str((await staff.CreateCustomer(made)).customer_id)


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))))


async def _refused(call: Any) -> str:
    with pytest.raises(AioRpcError) as refused:
        await call
    status = from_call(refused.value)
    assert status is not None
    info = ErrorInfo()
    return info.reason if status.details[0].Unpack(info) else ""


async def test_tier_one_has_what_the_firm_gives_it(identity: Identity) -> None:
    """F7, decision 2: a firm gives tier 1 the view of contracts, or no office; a higher tier has it all."""
    tenant_id = await _firm(identity, "stufen")
    customer = str(await new_customer(identity.service, tenant_id, email="julia@stufen.example"))
    staff = _viewing(identity, roles=[Role.ROLE_STAFF], tenant_id=tenant_id)
    administrator = administrator_of(identity.service, tenant_id)

    async def closed() -> list[str] | None:
        started = await staff.StartCustomerView(pb.StartCustomerViewRequest(customer_id=customer))
        names: list[str] | None = _claims(started.access_token).get("closed")
        return names

    async def told(kind: str, event: Message, handler: Handler) -> None:
        now, name = identity.clock.now(), f"kontor.billing.v1.{kind}"
        meta = EventMeta(new_id(), name, "billing", customer, tenant_id, now, 1)
        inbox = Inbox(identity.service.platform.work, "identity")
        assert await inbox.apply(event, meta, handler) is Outcome.APPLIED

    assert await closed() is None
    profile = tenants_pb2.TenantProfile(name="Stufen", tier_one_access=tenants_pb2.TIER_ONE_ACCESS_NONE)
    change = tenants_pb2.UpdateTenantProfileRequest(profile=profile, update_mask=FieldMask(paths=["tier_one_access"]))
    await administrator.UpdateTenantProfile(change)
    assert await closed() == ["CONTRACTS", "DOCUMENTS", "MESSAGES", "CONSENTS"]
    signed = billing.ServiceAgreementSigned(tenant_id=str(tenant_id), customer_id=customer, tier=Tier.TIER_2)
    await told("ServiceAgreementSigned", signed, agreement_signed)
    assert await closed() is None
    ended = billing.ServiceAgreementEnded(tenant_id=str(tenant_id), customer_id=customer, tier=Tier.TIER_2)
    await told("ServiceAgreementEnded", ended, agreement_over)
    assert await closed() == ["CONTRACTS", "DOCUMENTS", "MESSAGES", "CONSENTS"]
