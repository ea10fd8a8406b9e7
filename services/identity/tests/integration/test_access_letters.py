"""Letters with access codes: printed through the RPC, the code entered on the edge's page."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pypdf
import pytest
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, people_pb2, tenants_pb2
from kontor.identity.v1 import invitations_pb2 as pb
from kontor.identity.v1.invitations_pb2_grpc import InvitationServiceStub
from kontor_chassis.interceptors.errors import refused_with
from kontor_chassis.principal import Principal
from kontor_chassis.testing.tokens import token_for
from kontor_tools.embedded.process import LOOPBACK, free_port
from sqlalchemy import text

from services.identity.tests.identity_office import PASSWORD, Identity, Platform, edge
from tests.with_identity import new_firm

pytestmark = pytest.mark.integration

CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}\b")
ADDRESS = tenants_pb2.Address(street="Musterweg 1", postal_code="20095", city="Hamburg", country="DE")


@pytest.fixture
async def office(identity: Identity, key_file: Path) -> AsyncIterator[Platform]:
    """The service with an edge before it."""
    port = free_port()
    with edge(identity.service.address, port, key_file):
        yield Platform(identity, f"http://{LOOPBACK}:{port}")


async def _customer(identity: Identity, claims: dict[str, Any], family_name: str, **given: Any) -> str:
    person = people_pb2.Customer(**{"given_name": "Julia", "address": ADDRESS, **given}, family_name=family_name)
    asked = people_pb2.CreateCustomerRequest(customer=person)
    return (await identity.as_person(**claims).CreateCustomer(asked)).customer_id


async def _claims(identity: Identity, slug: str) -> dict[str, Any]:
    firm = await new_firm(identity.service, f"Firma {slug}", slug=slug)
    return {"roles": [Role.ROLE_STAFF], "rights": [Right.RIGHT_INVITE], "tenant_id": firm.tenant_id}


async def _letters(identity: Identity, claims: dict[str, Any], *customer_ids: str, request_id: str = "") -> bytes:
    stub = identity.service.stub(InvitationServiceStub, token_for(**claims))
    asked = pb.PrintAccessLettersRequest(customer_ids=customer_ids, request_id=request_id)
    return b"".join([piece.data async for piece in stub.PrintAccessLetters(asked)])


def _codes(pdf: bytes) -> list[str]:
    """Return the codes of all pages in order, as their readers find them: one on each."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    codes = [code for page in pages for code in CODE.findall(page.extract_text())]
    assert len(codes) == len(pages)
    return codes


async def _reason(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = refused_with(caught.value)
    assert refusal is not None, caught.value
    return refusal.reason


async def test_one_pdf_of_many_letters(identity: Identity) -> None:
    """F137: one page for each who can be written to; no mail goes out; codes are kept as hashes only."""
    claims = await _claims(identity, "hansen")
    first = await _customer(identity, claims, "Brandt", email="julia@mail.example")
    second = await _customer(identity, claims, "Kruse", email="")
    homeless = await _customer(identity, claims, "Ohne", address=tenants_pb2.Address())
    pdf = await _letters(identity, claims, first, second, homeless)
    codes = _codes(pdf)
    assert len(set(codes)) == 2
    async with identity.service.platform.work.work(Principal.of_service("identity")) as tx:
        mails = "SELECT count(*) FROM outbox WHERE type LIKE '%.InvitationCreated' AND tenant_id = :tenant"
        assert await tx.session.scalar(text(mails), {"tenant": claims["tenant_id"]}) == 1  # the administrator's
        kept = (await tx.session.execute(text("SELECT code_hash FROM access_codes"))).scalars().all()
    assert len(kept) == 2
    assert not any(code.replace("-", "").encode() in bytes(one) for one in kept for code in codes)
    assert await _reason(_letters(identity, claims, homeless)) == "NO_LETTERS"
    assert await _reason(_letters(identity, await _claims(identity, "fremd"), first)) == "NO_LETTERS"


async def test_the_code_opens_the_invitation(office: Platform) -> None:
    """F137: with an address on file the code leads to the invitation; the letter's customer chooses his password."""
    identity = office.identity
    claims = await _claims(identity, "hansen")
    customer_id = await _customer(identity, claims, "Brandt", email="julia@mail.example")
    (code,) = _codes(await _letters(identity, claims, customer_id))
    browser = office.browser()
    page = await browser.http.get("/invitation/code", params={"code": code})
    assert code in page.text
    sent = await browser.send(page, "/invitation/code", code=code.lower().replace("-", " "))
    assert sent.status_code == 303
    done = await browser.submit(sent.headers["location"], password=PASSWORD, repeated=PASSWORD)
    assert done.status_code == 303, done.text
    [invitation] = await _invitations(identity, claims, customer_id)
    assert invitation.progress == accounts_pb2.INVITATION_PROGRESS_ACCEPTED
    again = await browser.submit("/invitation/code", code=code)
    assert again.status_code == 400
    assert "gilt nicht mehr" in again.text


async def test_without_an_address_the_link_goes_by_mail(office: Platform) -> None:
    """F137, F173: the reader names his address, and only the mail there opens the invitation."""
    identity = office.identity
    claims = await _claims(identity, "hansen")
    customer_id = await _customer(identity, claims, "Kruse", email="")
    (code,) = _codes(await _letters(identity, claims, customer_id))
    browser = office.browser()
    asked = await browser.submit("/invitation/code", code=code)
    assert asked.status_code == 200
    assert 'name="email"' in asked.text
    sent = await browser.send(asked, "/invitation/code", email="kruse@mail.example")
    assert "kruse@mail.example" in sent.text
    [invitation] = await _invitations(identity, claims, customer_id)
    assert invitation.email == "kruse@mail.example"
    link = await identity.link_of(invitation.invitation_id)
    done = await browser.submit(f"/invitation/{link}", password=PASSWORD, repeated=PASSWORD)
    assert done.status_code == 303, done.text


async def test_a_new_letter_ends_the_former_code(office: Platform) -> None:
    """F137: printing again replaces the code; a code ends with its time; guessing is slowed."""
    identity = office.identity
    claims = await _claims(identity, "hansen")
    customer_id = await _customer(identity, claims, "Brandt", email="julia@mail.example")
    (former,) = _codes(await _letters(identity, claims, customer_id))
    request_id = str(uuid4())
    printed = [_codes(await _letters(identity, claims, customer_id, request_id=request_id)) for _ in range(2)]
    assert printed[0] == printed[1] != [former]
    (code,) = printed[0]
    browser = office.browser()
    assert (await browser.submit("/invitation/code", code=former)).status_code == 400
    assert (await browser.submit("/invitation/code", code=code)).status_code == 303
    identity.clock.advance(timedelta(days=43))
    assert (await browser.submit("/invitation/code", code=code)).status_code == 400
    answers = [(await browser.submit("/invitation/code", code=f"AAAAA-{n:05}")).status_code for n in range(40)]
    assert answers[-1] == 429


async def _invitations(identity: Identity, claims: dict[str, Any], customer_id: str) -> list[accounts_pb2.Invitation]:
    asked = accounts_pb2.ListInvitationsRequest(customer_id=customer_id)
    return list((await identity.as_person(**claims).ListInvitations(asked)).invitations)
