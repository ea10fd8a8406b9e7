"""A customer with access, his firm's staff, and short ways to call the services about who he is."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pypdf
from google.protobuf.message import Message
from kontor.common.v1.access_pb2 import Right, Role
from kontor.identity.v1 import accounts_pb2, people_pb2, signin_pb2, tenants_pb2
from kontor.identity.v1 import identity_proofs_pb2 as pb
from kontor.identity.v1.epost_pb2_grpc import EPostServiceStub
from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceStub
from kontor.identity.v1.raffles_pb2_grpc import RaffleServiceStub
from kontor_chassis.testing.tokens import token_for
from kontor_identity.directory import DIRECTORY
from sqlalchemy import text

from services.identity.tests.identity_office import PASSWORD, Identity
from tests.with_identity import new_firm

if TYPE_CHECKING:  # the generated stubs know these names only for type checkers
    from kontor.identity.v1.epost_pb2_grpc import EPostServiceAsyncStub
    from kontor.identity.v1.identity_proofs_pb2_grpc import IdentityProofServiceAsyncStub
    from kontor.identity.v1.raffles_pb2_grpc import RaffleServiceAsyncStub

CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}\b")
ADDRESS = tenants_pb2.Address(street="Musterweg 1", postal_code="20095", city="Hamburg", country="DE")


def codes_in(pdf: bytes) -> list[str]:
    """Return the codes of all pages in order, as their readers find them."""
    return [code for page in pypdf.PdfReader(io.BytesIO(pdf)).pages for code in CODE.findall(page.extract_text())]


@dataclass
class Known:
    """A customer who has accepted his invitation."""

    identity: Identity
    tenant_id: UUID
    customer_id: UUID
    account_id: UUID
    email: str
    staff_account_id: UUID

    @property
    def cid(self) -> str:
        """His id as text."""
        return str(self.customer_id)

    def token(self, **claims: Any) -> str:
        """Return a token of his, as the provider signs it for who is at level 1 unless `claims` say more."""
        given = {"roles": [Role.ROLE_CUSTOMER], "account_id": self.account_id, "customer_id": self.customer_id}
        return token_for(**{**given, "tenant_id": self.tenant_id, **claims})

    def staff_token(self, *rights: Right.ValueType) -> str:
        """Return a token of a member of staff with these rights."""
        given: dict[str, Any] = {"roles": [Role.ROLE_STAFF], "rights": rights, "account_id": self.staff_account_id}
        return token_for(**given, tenant_id=self.tenant_id, name="Jonas Peters")

    @property
    def proofs(self) -> IdentityProofServiceAsyncStub:
        """Proofs of identity, as he calls."""
        return self.identity.service.stub(IdentityProofServiceStub, self.token())

    @property
    def desk(self) -> IdentityProofServiceAsyncStub:
        """Proofs of identity, as staff with the right call."""
        return self.identity.service.stub(IdentityProofServiceStub, self.staff_token(Right.RIGHT_IDENTIFY))

    @property
    def epost(self) -> EPostServiceAsyncStub:
        """Electronic delivery, as he calls."""
        return self.identity.service.stub(EPostServiceStub, self.token())

    @property
    def raffle(self) -> RaffleServiceAsyncStub:
        """Raffles, as he calls once he is at level 2."""
        return self.identity.service.stub(RaffleServiceStub, self.token(proven=True))

    async def letter(self, request_id: str = "") -> str:
        """Let staff print his letter; returns the code on it."""
        asked = pb.PrintIdentityLettersRequest(customer_ids=[self.cid], request_id=request_id)
        [code] = codes_in(b"".join([piece.data async for piece in self.desk.PrintIdentityLetters(asked)]))
        return code

    async def enter(self, code: str, request_id: str = "") -> pb.Identity:
        """Enter a code."""
        asked = pb.EnterIdentityCodeRequest(customer_id=self.cid, code=code, request_id=request_id)
        return await self.proofs.EnterIdentityCode(asked)

    async def prove(self) -> None:
        """Reach level 2 in person."""
        day = self.identity.clock.now().date().isoformat()
        await self.desk.ConfirmIdentity(
            pb.ConfirmIdentityRequest(customer_id=self.cid, document=pb.IDENTITY_DOCUMENT_PASSPORT, seen_date=day)
        )

    async def events(self, kind: type[Message]) -> list[Any]:
        """Return the events of a kind about him, in order."""
        statement = text("SELECT payload FROM outbox WHERE type LIKE :type ORDER BY position")
        async with self.identity.service.platform.work.work(DIRECTORY) as tx:
            found = (await tx.session.scalars(statement, {"type": f"%.{kind.DESCRIPTOR.name}"})).all()
        events = [kind.FromString(bytes(payload)) for payload in found]
        return [event for event in events if getattr(event, "customer_id", "") == self.cid]


async def known_customer(identity: Identity, tenant_id: UUID | None = None, **person: Any) -> Known:
    """Set up a firm, unless one is given, with a customer who has access; `person` are further fields of his."""
    firm_id = tenant_id or (await new_firm(identity.service)).tenant_id
    staff_account_id = uuid4()
    staff = identity.as_person(roles=[Role.ROLE_ADMINISTRATOR], tenant_id=firm_id, account_id=staff_account_id)
    email = f"julia.{uuid4().hex[:8]}@mail.example"
    given = {"given_name": "Julia", "family_name": "Brandt", "birth_date": "1984-05-17", "address": ADDRESS}
    wanted = people_pb2.Customer(**{**given, "email": email, **person})
    customer = await staff.CreateCustomer(people_pb2.CreateCustomerRequest(customer=wanted))
    invited = await staff.CreateInvitation(accounts_pb2.CreateInvitationRequest(customer_id=customer.customer_id))
    token = await identity.link_of(invited.invitation_id)
    session = await identity.sign_in.AcceptInvitation(
        signin_pb2.AcceptInvitationRequest(token=token, password=PASSWORD)
    )
    return Known(identity, firm_id, UUID(customer.customer_id), UUID(session.account_id), email, staff_account_id)
