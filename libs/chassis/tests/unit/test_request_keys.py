"""What makes two requests the same, without a trace of their secrets."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from kontor.identity.v1.account_security_pb2 import (
    ChangePasswordRequest,
    RecoveryCodes,
    RequestEmailChangeRequest,
    TotpEnrolment,
)
from kontor.identity.v1.partner_clients_pb2 import CreatePartnerClientRequest, PartnerClient, PartnerClientSecret
from kontor.identity.v1.viewing_pb2 import StartCustomerViewResponse
from kontor.vault.v1.emergency_folder_pb2 import CreateEmergencyItemRequest, EmergencyItem
from kontor_chassis.errors import DomainError
from kontor_chassis.idempotency import AlreadyAnswered, claim, request_key, store_answer
from kontor_chassis.ids import new_id
from kontor_chassis.principal import ANONYMOUS

ID = str(new_id())


def digest(request: Message) -> bytes:
    """Return what is kept of a request for a week."""
    key = request_key(ANONYMOUS, request)
    assert key is not None
    return key.digest


def test_secrets_leave_no_digest_to_guess_them_by() -> None:
    """F101: neither a password nor a secret within another message changes what is kept."""
    one, other = (ChangePasswordRequest(request_id=ID, password=password) for password in ("Regen-42", "Sonne-43"))
    assert digest(one) == digest(other)
    one_item, other_item = (
        CreateEmergencyItemRequest(request_id=ID, item=EmergencyItem(secret=secret)) for secret in ("1234", "5678")
    )
    assert digest(one_item) == digest(other_item)


def test_everything_else_tells_requests_apart() -> None:
    """The same id with another wish is noticed."""
    one, other = (
        RequestEmailChangeRequest(request_id=ID, email=email) for email in ("a@mail.example", "b@mail.example")
    )
    assert digest(one) != digest(other)


async def repeated(answer: Message) -> tuple[bytes, Exception]:
    """Return what is kept of an answer, and what a repetition of its request raises."""
    kept: list[bytes] = []
    key = request_key(ANONYMOUS, CreatePartnerClientRequest(request_id=ID, name="Vergleich"))
    assert key is not None

    async def run(statement: str, *values: Any) -> list[Any]:
        if statement.startswith("UPDATE"):
            kept.append(values[-1])
        return [{"request_digest": key.digest, "answer": kept[0]}] if statement.startswith("SELECT") else []

    await store_answer(run, key, answer)
    with pytest.raises((AlreadyAnswered, DomainError)) as again:
        await claim(run, key)
    return kept[0], again.value


@pytest.mark.parametrize(
    "answer",
    [
        PartnerClientSecret(client=PartnerClient(name="Vergleich"), secret="geheim-1234"),
        TotpEnrolment(secret="geheim-1234"),
        TotpEnrolment(uri="otpauth://totp/x?secret=geheim-1234"),
        RecoveryCodes(codes=["geheim-1234"]),
        StartCustomerViewResponse(access_token="geheim-1234"),
    ],
    ids=lambda answer: type(answer).__name__,
)
async def test_no_answer_with_a_secret_is_kept(answer: Message) -> None:
    """F96: partners' secrets, authenticator keys, recovery codes and tokens are shown once and kept nowhere."""
    kept, again = await repeated(answer)
    assert b"geheim" not in kept
    assert isinstance(again, DomainError)
    assert again.reason == "ANSWER_SHOWN_ONCE"


async def test_other_answers_are_kept_whole() -> None:
    """A repetition gets the same answer, also of a kind that could hold a secret but does not."""
    answer = PartnerClientSecret(client=PartnerClient(name="Vergleich"))
    kept, again = await repeated(answer)
    assert isinstance(again, AlreadyAnswered)
    assert again.answer == kept == answer.SerializeToString()
