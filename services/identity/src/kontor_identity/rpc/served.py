"""Which RPCs serve which contract, for the composition root: firms, their people, their customers' data."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from kontor.identity.v1 import (
    bindings_pb2,
    customer_deletions_pb2,
    epost_internal_pb2,
    epost_pb2,
    firms_internal_pb2,
    firms_pb2,
    grantees_internal_pb2,
    households_pb2,
    identity_proofs_pb2,
    invitations_internal_pb2,
    invitations_pb2,
    master_data_pb2,
    raffles_pb2,
    staff_pb2,
)
from kontor.identity.v1.bindings_pb2_grpc import add_BindingServiceServicer_to_server
from kontor.identity.v1.customer_deletions_pb2_grpc import add_CustomerDeletionServiceServicer_to_server
from kontor.identity.v1.epost_internal_pb2_grpc import add_EPostInternalServiceServicer_to_server
from kontor.identity.v1.epost_pb2_grpc import add_EPostServiceServicer_to_server
from kontor.identity.v1.firms_internal_pb2_grpc import add_FirmInternalServiceServicer_to_server
from kontor.identity.v1.firms_pb2_grpc import add_FirmServiceServicer_to_server
from kontor.identity.v1.grantees_internal_pb2_grpc import add_GranteeInternalServiceServicer_to_server
from kontor.identity.v1.households_pb2_grpc import add_HouseholdServiceServicer_to_server
from kontor.identity.v1.identity_proofs_pb2_grpc import add_IdentityProofServiceServicer_to_server
from kontor.identity.v1.invitations_internal_pb2_grpc import add_InvitationInternalServiceServicer_to_server
from kontor.identity.v1.invitations_pb2_grpc import add_InvitationServiceServicer_to_server
from kontor.identity.v1.master_data_pb2_grpc import add_MasterDataServiceServicer_to_server
from kontor.identity.v1.raffles_pb2_grpc import add_RaffleServiceServicer_to_server
from kontor.identity.v1.staff_pb2_grpc import add_StaffServiceServicer_to_server
from kontor_chassis.service import Platform, Servicer, servicer

from kontor_identity.access_codes import AccessCodes
from kontor_identity.access_letters import AccessLetters
from kontor_identity.proofs.letters import IdentityLetters
from kontor_identity.rpc.bindings import BindingRpc
from kontor_identity.rpc.customer_deletions import CustomerDeletionRpc
from kontor_identity.rpc.epost import EPostInternalRpc, EPostRpc
from kontor_identity.rpc.firms import FirmRpc
from kontor_identity.rpc.firms_internal import FirmInternalRpc
from kontor_identity.rpc.grantees import GranteeInternalRpc
from kontor_identity.rpc.identity_proofs import IdentityProofRpc
from kontor_identity.rpc.invitations import InvitationInternalRpc, InvitationRpc
from kontor_identity.rpc.master_data import MasterDataRpc
from kontor_identity.rpc.raffles import RaffleRpc
from kontor_identity.rpc.staff import HouseholdRpc, StaffRpc
from kontor_identity.sealing import Sealer


def served(add: Callable[[Any, Any], None], rpc: object, contract: ModuleType) -> Servicer:
    """Serve the one service that a contract's file declares."""
    [declared] = contract.DESCRIPTOR.services_by_name.values()
    return servicer(add, rpc, declared)


def office_services(platform: Platform, sealer: Sealer, public_url: str) -> list[Servicer]:
    """Serve the life of firms, their staff, households and master data, and how customers are invited."""
    work = platform.work
    letters = AccessLetters(work, platform.rows, sealer, public_url)
    return [
        served(add_FirmServiceServicer_to_server, FirmRpc(work, platform.rows), firms_pb2),
        served(add_FirmInternalServiceServicer_to_server, FirmInternalRpc(work, sealer), firms_internal_pb2),
        served(add_StaffServiceServicer_to_server, StaffRpc(work), staff_pb2),
        served(add_HouseholdServiceServicer_to_server, HouseholdRpc(work), households_pb2),
        served(add_GranteeInternalServiceServicer_to_server, GranteeInternalRpc(work), grantees_internal_pb2),
        served(add_InvitationServiceServicer_to_server, InvitationRpc(work, platform.rows, letters), invitations_pb2),
        served(
            add_InvitationInternalServiceServicer_to_server,
            InvitationInternalRpc(AccessCodes(work, sealer)),
            invitations_internal_pb2,
        ),
        served(add_BindingServiceServicer_to_server, BindingRpc(work, sealer), bindings_pb2),
        served(add_MasterDataServiceServicer_to_server, MasterDataRpc(work, sealer), master_data_pb2),
        served(
            add_IdentityProofServiceServicer_to_server,
            IdentityProofRpc(work, IdentityLetters(work, platform.rows, sealer, public_url)),
            identity_proofs_pb2,
        ),
        served(add_CustomerDeletionServiceServicer_to_server, CustomerDeletionRpc(work), customer_deletions_pb2),
        served(add_EPostServiceServicer_to_server, EPostRpc(work), epost_pb2),
        served(add_EPostInternalServiceServicer_to_server, EPostInternalRpc(work), epost_internal_pb2),
        served(add_RaffleServiceServicer_to_server, RaffleRpc(work, sealer), raffles_pb2),
    ]
