"""How the calls about papers that come by mail are put together; `mail_server` takes the mails."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.vault.v1 import mail_in_pb2
from kontor.vault.v1.mail_in_pb2_grpc import add_MailInServiceServicer_to_server
from kontor_chassis.database import UnitOfWork
from kontor_chassis.service import Servicer, servicer_of

from kontor_vault.config import VaultSettings
from kontor_vault.keys import CustomerKeys
from kontor_vault.objects import Objects
from kontor_vault.people import People
from kontor_vault.rpc.mail_in import MailInRpc


def mail_servicers(
    work: UnitOfWork, keys: CustomerKeys, objects: Objects, people: People, settings: VaultSettings
) -> Sequence[Servicer]:
    """Return the servicers."""
    rpc = MailInRpc(work, keys, objects, people, settings.mail_domain, settings.default_quota_bytes)
    return [servicer_of(add_MailInServiceServicer_to_server, rpc, mail_in_pb2)]
