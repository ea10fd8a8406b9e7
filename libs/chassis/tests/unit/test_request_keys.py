"""What makes two requests the same, without a trace of their secrets."""

from __future__ import annotations

from google.protobuf.message import Message
from kontor.identity.v1.account_security_pb2 import ChangePasswordRequest, RequestEmailChangeRequest
from kontor.vault.v1.emergency_folder_pb2 import CreateEmergencyItemRequest, EmergencyItem
from kontor_chassis.idempotency import request_key
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
