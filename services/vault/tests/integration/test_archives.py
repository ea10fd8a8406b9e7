"""A selection as one ZIP: names, rights, and what is gone when its turn comes."""

from __future__ import annotations

import io
from uuid import UUID
from zipfile import ZipFile

import pytest
from kontor.common.v1.access_pb2 import Role
from kontor.vault.v1 import vault_pb2 as pb
from kontor_chassis.ids import new_id

from services.vault.tests.vault_office import Edge, Office, pdf, upload

pytestmark = pytest.mark.integration


async def test_selection_as_zip(office: Office, edge: Edge, tenant: UUID) -> None:
    """F1: what was chosen comes whole, under safe names that differ, and each download is recorded."""
    customer = await office.customer(tenant)
    content = b"".join(pdf(2_500_000))
    first = await upload(edge, customer, content, file_name="Police.pdf")
    second = await upload(edge, customer, b"zwei", file_name="../POLICE.PDF")
    url = f"/files/customers/{customer.cid}/archive"
    answer = await edge.client.post(
        url, data={"document": [first.document_id, second.document_id]}, headers=customer.headers
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Dokumente.zip"')
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Police.pdf", "POLICE (2).PDF"]
        assert (archive.read("Police.pdf"), archive.read("POLICE (2).PDF")) == (content, b"zwei")
    seen = await customer.vault.ListSightings(pb.ListSightingsRequest(customer_id=customer.cid))
    assert {each.document_id for each in seen.sightings} == {first.document_id, second.document_id}
    none = await edge.client.post(url, headers=customer.headers)
    assert none.status_code == 400


async def test_only_what_the_caller_may_see(office: Office, edge: Edge, tenant: UUID) -> None:
    """F2, F3: another's document is not there for anybody's archive; the firm gets what was granted to it."""
    customer, other = await office.customer(tenant), await office.customer(tenant)
    petra = office.person(tenant, Role.ROLE_STAFF)
    mine = await upload(edge, customer, b"1", file_name="a.txt")
    hidden = await upload(edge, customer, b"2", file_name="b.txt")
    url = f"/files/customers/{customer.cid}/archive"

    async def status(person: object, *ids: str) -> int:
        headers = person.headers  # type: ignore[attr-defined]  # a Person
        return (await edge.client.post(url, data={"document": list(ids)}, headers=headers)).status_code

    assert await status(other, mine.document_id) == 404
    assert await status(petra, mine.document_id) == 404
    grant = pb.CreateGrantRequest(customer_id=customer.cid, grant=pb.Grant(document_id=mine.document_id))
    await customer.vault.CreateGrant(grant)
    assert await status(petra, mine.document_id) == 200
    assert await status(petra, mine.document_id, hidden.document_id) == 404
    assert await status(customer, *(str(new_id()) for _ in range(501))) == 400


async def test_folder_as_zip(office: Office, edge: Edge, tenant: UUID) -> None:
    """F4: a folder comes with everything below it, in folders of the same names."""
    customer = await office.customer(tenant)

    async def folder(name: str, parent_id: str = "") -> str:
        made = pb.CreateFolderRequest(customer_id=customer.cid, folder=pb.Folder(name=name, parent_id=parent_id))
        return (await customer.vault.CreateFolder(made)).folder_id

    tax = await folder("Steuer/2026")
    car = await folder("Auto", tax)
    await upload(edge, customer, b"1", file_name="Bescheid.txt", folder_id=tax)
    await upload(edge, customer, b"2", file_name="Tanken.txt", folder_id=car)
    await upload(edge, customer, b"3", file_name="Woanders.txt")
    answer = await edge.client.post(
        f"/files/customers/{customer.cid}/archive", data={"folder": tax}, headers=customer.headers
    )
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["2026/Bescheid.txt", "2026/Auto/Tanken.txt"]
