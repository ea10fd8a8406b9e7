"""How identity is put together."""

from __future__ import annotations

from urllib.parse import urlsplit

from kontor.identity.v1 import (
    account_security_pb2,
    brand_pb2,
    emergency_internal_pb2,
    emergency_pb2,
    identity_pb2,
    internal_pb2,
    partner_clients_pb2,
    signin_pb2,
    signin_steps_pb2,
    viewing_pb2,
)
from kontor.identity.v1.account_security_pb2_grpc import add_AccountSecurityServiceServicer_to_server
from kontor.identity.v1.brand_pb2_grpc import add_BrandServiceServicer_to_server
from kontor.identity.v1.emergency_internal_pb2_grpc import add_EmergencyInternalServiceServicer_to_server
from kontor.identity.v1.emergency_pb2_grpc import add_EmergencyAccessServiceServicer_to_server
from kontor.identity.v1.identity_pb2_grpc import add_IdentityServiceServicer_to_server
from kontor.identity.v1.internal_pb2_grpc import add_IdentityInternalServiceServicer_to_server
from kontor.identity.v1.partner_clients_pb2_grpc import add_PartnerClientServiceServicer_to_server
from kontor.identity.v1.signin_pb2_grpc import add_SignInInternalServiceServicer_to_server
from kontor.identity.v1.signin_steps_pb2_grpc import add_SignInStepsInternalServiceServicer_to_server
from kontor.identity.v1.viewing_pb2_grpc import add_ViewingServiceServicer_to_server
from kontor_chassis.clock import Clock, SystemClock
from kontor_chassis.service import Platform, Service

from kontor_identity.acceptance import Acceptance
from kontor_identity.config import IdentitySettings
from kontor_identity.consumers import CONSUMERS
from kontor_identity.domains import NameServers
from kontor_identity.entrance import Entrance
from kontor_identity.jobs import jobs
from kontor_identity.keys import SigningKeys
from kontor_identity.passkey_sites import PasskeySites
from kontor_identity.passkeys import Passkeys
from kontor_identity.passwords import PasswordVault
from kontor_identity.resets import PasswordResets
from kontor_identity.rpc import IdentityInternalRpc, IdentityRpc, SignInParts, SignInRpc
from kontor_identity.rpc.account_security import AccountSecurityRpc
from kontor_identity.rpc.brand import BrandParts, BrandRpc
from kontor_identity.rpc.emergency import EmergencyInternalRpc, EmergencyRpc
from kontor_identity.rpc.partners import PartnerClientRpc
from kontor_identity.rpc.served import office_services, served
from kontor_identity.rpc.steps import SignInStepsRpc
from kontor_identity.rpc.viewing import ViewingRpc
from kontor_identity.sealing import Sealer
from kontor_identity.second_factor import SecondFactor
from kontor_identity.sign_in import SignIn
from kontor_identity.tokens import TokenIssuer


async def compose(settings: IdentitySettings, platform: Platform, *, token_clock: Clock | None = None) -> Service:
    """Wire the service. Tokens live by the machine's clock, because the gateway checks them by it."""
    machine = token_clock or SystemClock()
    work = platform.work
    sealer = Sealer.from_file(settings.key_encryption_key_file)
    passwords = PasswordVault()
    keys = SigningKeys(work, sealer, machine)
    second_factor = SecondFactor(sealer, machine)
    entrance = Entrance(second_factor, sealer, machine)
    sign_in = SignIn(work, passwords, sealer, entrance, second_factor, machine)
    passkeys = Passkeys(work, entrance, PasskeySites(platform.rows, settings.public_url))
    parts = SignInParts(
        work=work,
        sign_in=sign_in,
        acceptance=Acceptance(work, passwords, sign_in, entrance),
        resets=PasswordResets(work, passwords, sealer, machine),
        keys=keys,
        issuer=TokenIssuer(settings.issuer, machine),
    )
    platform_host = urlsplit(settings.public_url).hostname or ""
    brand = BrandParts(work, platform.rows, NameServers(settings.name_servers.split(",")), platform_host)
    viewing = ViewingRpc(work, keys, settings.issuer, machine)
    return Service(
        servicers=[
            served(add_IdentityServiceServicer_to_server, IdentityRpc(work, platform.rows, machine), identity_pb2),
            served(add_BrandServiceServicer_to_server, BrandRpc(brand), brand_pb2),
            served(add_ViewingServiceServicer_to_server, viewing, viewing_pb2),
            *office_services(platform, sealer, settings.public_url),
            served(add_EmergencyAccessServiceServicer_to_server, EmergencyRpc(work), emergency_pb2),
            served(
                add_EmergencyInternalServiceServicer_to_server,
                EmergencyInternalRpc(work, settings.public_url),
                emergency_internal_pb2,
            ),
            served(
                add_IdentityInternalServiceServicer_to_server,
                IdentityInternalRpc(work, platform.rows, settings.public_url),
                internal_pb2,
            ),
            served(add_SignInInternalServiceServicer_to_server, SignInRpc(parts), signin_pb2),
            served(
                add_SignInStepsInternalServiceServicer_to_server,
                SignInStepsRpc(parts, sign_in, passkeys, sealer, settings.public_url),
                signin_steps_pb2,
            ),
            served(add_PartnerClientServiceServicer_to_server, PartnerClientRpc(work, machine), partner_clients_pb2),
            served(
                add_AccountSecurityServiceServicer_to_server,
                AccountSecurityRpc(work, second_factor, passkeys, passwords, machine),
                account_security_pb2,
            ),
        ],
        consumers=CONSUMERS,
        jobs=jobs(keys, machine),
        close=[passwords.close],
    )
