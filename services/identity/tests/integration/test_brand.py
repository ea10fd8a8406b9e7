"""A firm's face: drafts, versions, pictures, colours, its own domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode
from grpc.aio import AioRpcError
from grpc_status.rpc_status import from_call
from kontor.common.v1 import access_pb2
from kontor.common.v1.access_pb2 import Role
from kontor.identity.v1 import brand_pb2 as pb
from kontor.identity.v1 import tenants_pb2
from kontor.identity.v1.brand_pb2_grpc import BrandServiceStub
from kontor_chassis.testing.tokens import token_for

from services.identity.tests.identity_office import Identity, registration
from services.identity.tests.name_server import NameServer

if TYPE_CHECKING:
    from kontor.identity.v1.brand_pb2_grpc import BrandServiceAsyncStub

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def test_draft_is_invisible_until_it_is_published(identity: Identity) -> None:
    """F39–F43: texts, numbers, notices, tiles and the scene are kept as a draft and seen once published."""
    desk = await _desk(identity, "entwurf")
    picture = await desk.UploadBrandPicture(pb.UploadBrandPictureRequest(content=PNG))
    design = pb.BrandDesign(
        primary_color="#12355B",
        layout=tenants_pb2.LAYOUT_PANORAMA,
        heading="Moin {name}",
        introduction="Seit 1987 am Hafen.",
        phone_directory=[pb.PhoneEntry(label="Schaden", number="040 123456")],
        notices=[pb.Notice(title="Winterreifen", first_day="2026-11-01", last_day="2026-11-30")],
        tiles=[pb.Tile(area=access_pb2.AREA_CONTRACTS, picture_id=picture.picture_id)],
        intro=pb.Intro(scene=pb.SCENE_HAMBURG, moving=True),
        closed_areas=[access_pb2.AREA_INVOICES],
    )
    draft = await desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=pb.BrandDraft(design=design)))
    assert draft.is_unpublished
    assert (await _presence(identity, "entwurf")).design.heading == ""
    version = await desk.PublishBrandDraft(pb.PublishBrandDraftRequest(etag=draft.etag))
    seen = await _presence(identity, "entwurf")
    assert (version.number, seen.version_number) == (1, 1)
    assert (seen.design.heading, seen.design.primary_color) == ("Moin {name}", "#12355b")
    assert seen.picture_types == {picture.picture_id: "image/png"}
    shown = await _anybody(identity).GetBrandPicture(
        pb.GetBrandPictureRequest(slug="entwurf", picture_id=picture.picture_id)
    )
    assert (shown.content_type, shown.data) == ("image/png", PNG)
    assert await _refused(desk.PublishBrandDraft(pb.PublishBrandDraftRequest())) == "NOTHING_TO_PUBLISH"


async def test_every_version_can_be_brought_back(identity: Identity) -> None:
    """F39: going back publishes the old design under a new number; mails and invoices get its colours and logo, too."""
    desk = await _desk(identity, "versionen")
    logo = await desk.UploadBrandPicture(pb.UploadBrandPictureRequest(content=DRAWING))
    await _publish(desk, pb.BrandDesign(heading="Eins", primary_color="#12355b", logo_picture_id=logo.picture_id))
    await _publish(desk, pb.BrandDesign(heading="Zwei", primary_color="#225522"))
    assert not (await _brand(identity, "versionen")).logo_url
    await desk.RestoreBrandVersion(pb.RestoreBrandVersionRequest(number=1))
    brand = await _brand(identity, "versionen")
    assert (brand.heading, brand.primary_color, bool(brand.logo_url)) == ("Eins", "#12355b", True)
    first = await desk.ListBrandVersions(pb.ListBrandVersionsRequest(page_size=2))
    rest = await desk.ListBrandVersions(pb.ListBrandVersionsRequest(page_token=first.next_page_token))
    listed = [(each.number, each.design.heading, each.is_current) for page in (first, rest) for each in page.versions]
    assert listed == [(3, "Eins", True), (2, "Zwei", False), (1, "Eins", False)]
    assert await _refused(desk.RestoreBrandVersion(pb.RestoreBrandVersionRequest(number=9))) == "NOT_FOUND"


async def test_older_way_to_change_a_brand_makes_a_version_too(identity: Identity) -> None:
    """F37: what is not in the older message stays as it was."""
    tenant_id = await _firm(identity, "frueher")
    desk = _as_administrator(identity, tenant_id)
    await _publish(desk, pb.BrandDesign(heading="Alt", introduction="Über uns"))
    staff = identity.as_person(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    change = tenants_pb2.UpdateBrandRequest(brand=tenants_pb2.Brand(heading="Neu"))
    change.update_mask.paths.append("heading")
    await staff.UpdateBrand(change)
    seen = await _presence(identity, "frueher")
    assert (seen.design.heading, seen.design.introduction, seen.version_number) == ("Neu", "Über uns", 2)


async def test_weak_colours_are_refused_with_the_nearest_that_pass(identity: Identity) -> None:
    """F39, WCAG 2.2: the proposal passes, and the check says so beforehand."""
    desk = await _desk(identity, "farben")
    weak = pb.BrandDraft(design=pb.BrandDesign(primary_color="#ffcc00"))
    assert await _refused(desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=weak))) == "CONTRAST_TOO_LOW"
    check = await desk.CheckColors(pb.CheckColorsRequest(primary_color="#ffcc00", accent_color="#b4552d"))
    assert (check.primary.passes, check.accent.passes) == (False, True)
    weak.design.primary_color = check.primary.proposal
    assert (await desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=weak))).is_unpublished


@pytest.mark.parametrize(
    "design",
    [
        pb.BrandDesign(notices=[pb.Notice(title="x", first_day="2026-12-01", last_day="2026-11-01")]),
        pb.BrandDesign(tiles=[pb.Tile(title="Ohne Ziel")]),
        pb.BrandDesign(tiles=[pb.Tile(area=access_pb2.AREA_CONTRACTS, link="https://anderswo.example")]),
        pb.BrandDesign(logo_picture_id=str(uuid4())),
        pb.BrandDesign(homepage="http://unverschluesselt.example"),
    ],
)
async def test_designs_that_cannot_be_shown_are_refused(identity: Identity, design: pb.BrandDesign) -> None:
    """F41, F43: periods in order, tiles that lead somewhere, pictures of one's own."""
    desk = await _desk(identity, "unsinn")
    with pytest.raises(AioRpcError) as refused:
        await desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=pb.BrandDraft(design=design)))
    assert refused.value.code() in (StatusCode.INVALID_ARGUMENT, StatusCode.NOT_FOUND)


async def test_pictures_of_another_firm_are_unknown(identity: Identity) -> None:
    """ARCHITECTURE 5: a design shows the firm's own pictures only, and films only as its intro."""
    theirs = await (await _desk(identity, "nachbar")).UploadBrandPicture(pb.UploadBrandPictureRequest(content=PNG))
    desk = await _desk(identity, "eigene")
    stolen = pb.BrandDraft(design=pb.BrandDesign(logo_picture_id=theirs.picture_id))
    assert await _refused(desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=stolen))) == "NOT_FOUND"
    film = await desk.UploadBrandPicture(pb.UploadBrandPictureRequest(content=b"\x00\x00\x00\x18ftypmp42" + bytes(32)))
    as_logo = pb.BrandDraft(design=pb.BrandDesign(logo_picture_id=film.picture_id))
    assert await _refused(desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=as_logo))) == "INVALID_FIELD"
    as_intro = pb.BrandDraft(design=pb.BrandDesign(intro=pb.Intro(picture_id=film.picture_id)))
    assert (await desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=as_intro))).is_unpublished
    nonsense = pb.UploadBrandPictureRequest(content=b"MZ nothing to look at")
    assert await _refused(desk.UploadBrandPicture(nonsense)) == "PICTURE_UNSUITABLE"


async def test_domain_is_proved_by_its_record(identity: Identity, name_server: NameServer) -> None:
    """F79: only with white label, only with the TXT record, and one firm per domain."""
    tenant_id = await _firm(identity, "domain")
    desk, operator = _as_administrator(identity, tenant_id), _operator(identity)
    wanted = pb.CreateDomainRequest(host="portal.domain.example")
    assert await _refused(desk.CreateDomain(wanted)) == "WHITE_LABEL_REQUIRED"
    await operator.SetWhiteLabel(pb.SetWhiteLabelRequest(tenant_id=str(tenant_id), white_label=True))
    domain = await desk.CreateDomain(wanted)
    check = pb.CheckDomainRequest(domain_id=domain.domain_id)
    assert await _refused(desk.CheckDomain(check)) == "RECORD_MISSING"
    name_server.records[domain.record_name] = domain.record_value
    assert (await desk.CheckDomain(check)).state == pb.DOMAIN_STATE_VERIFIED
    at_host = pb.GetFirmByHostRequest(host="portal.domain.example")
    assert (await _anybody(identity).GetFirmByHost(at_host)).slug == "domain"
    assert (await _presence(identity, "domain")).host == "portal.domain.example"
    other_id = await _firm(identity, "zweite")
    await operator.SetWhiteLabel(pb.SetWhiteLabelRequest(tenant_id=str(other_id), white_label=True))
    other = _as_administrator(identity, other_id)
    same = await other.CreateDomain(wanted)
    name_server.records[same.record_name] = same.record_value
    assert await _refused(other.CheckDomain(pb.CheckDomainRequest(domain_id=same.domain_id))) == "DOMAIN_TAKEN"
    await operator.SetWhiteLabel(pb.SetWhiteLabelRequest(tenant_id=str(tenant_id), white_label=False))
    assert await _refused(_anybody(identity).GetFirmByHost(at_host)) == "NOT_FOUND"


async def test_operator_confirms_where_no_name_server_answers(identity: Identity, name_server: NameServer) -> None:
    """F79: the domain waits; the firm itself cannot confirm it."""
    tenant_id = await _firm(identity, "warten")
    desk, operator = _as_administrator(identity, tenant_id), _operator(identity)
    await operator.SetWhiteLabel(pb.SetWhiteLabelRequest(tenant_id=str(tenant_id), white_label=True))
    domain = await desk.CreateDomain(pb.CreateDomainRequest(host="buero.warten.example"))
    name_server.is_broken = True
    try:
        waiting = await desk.CheckDomain(pb.CheckDomainRequest(domain_id=domain.domain_id))
    finally:
        name_server.is_broken = False
    assert waiting.state == pb.DOMAIN_STATE_WAITING_FOR_OPERATOR
    confirm = pb.ConfirmDomainRequest(domain_id=domain.domain_id)
    assert await _refused(desk.ConfirmDomain(confirm)) == "ROLE_NOT_ALLOWED"
    await operator.ConfirmDomain(confirm)
    listed = await operator.ListDomains(pb.ListDomainsRequest(tenant_id=str(tenant_id)))
    assert [(each.host, each.state) for each in listed.domains] == [("buero.warten.example", pb.DOMAIN_STATE_VERIFIED)]
    await desk.DeleteDomain(pb.DeleteDomainRequest(domain_id=domain.domain_id))
    assert not (await desk.ListDomains(pb.ListDomainsRequest())).domains


async def _firm(identity: Identity, slug: str) -> UUID:
    registered = await identity.public.RegisterTenant(registration(slug))
    operator = identity.as_person(roles=[Role.ROLE_OPERATOR], tenant_id=None)
    await operator.ActivateTenant(tenants_pb2.ActivateTenantRequest(tenant_id=registered.tenant_id))
    return UUID(registered.tenant_id)


async def _desk(identity: Identity, slug: str) -> BrandServiceAsyncStub:
    return _as_administrator(identity, await _firm(identity, slug))


def _as_administrator(identity: Identity, tenant_id: UUID) -> BrandServiceAsyncStub:
    token = token_for(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=tenant_id)
    return identity.service.stub(BrandServiceStub, token)


def _operator(identity: Identity) -> BrandServiceAsyncStub:
    return identity.service.stub(BrandServiceStub, token_for(roles=[Role.ROLE_OPERATOR], tenant_id=None))


def _anybody(identity: Identity) -> BrandServiceAsyncStub:
    return identity.service.stub(BrandServiceStub)


async def _publish(desk: BrandServiceAsyncStub, design: pb.BrandDesign) -> None:
    await desk.SaveBrandDraft(pb.SaveBrandDraftRequest(draft=pb.BrandDraft(design=design)))
    await desk.PublishBrandDraft(pb.PublishBrandDraftRequest())


async def _presence(identity: Identity, slug: str) -> pb.Presence:
    return await _anybody(identity).GetPresence(pb.GetPresenceRequest(slug=slug))


async def _brand(identity: Identity, slug: str) -> tenants_pb2.Brand:
    return await identity.public.GetBrand(tenants_pb2.GetBrandRequest(slug=slug))


async def _refused(call: Any) -> str:
    with pytest.raises(AioRpcError) as refused:
        await call
    status = from_call(refused.value)
    assert status is not None
    info = ErrorInfo()
    return info.reason if status.details[0].Unpack(info) else ""
