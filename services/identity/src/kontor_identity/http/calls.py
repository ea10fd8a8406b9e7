"""Calls of the edge to the identity service, and what a refusal means."""

from __future__ import annotations

from typing import cast

import grpc
from kontor.identity.v1.identity_pb2_grpc import IdentityServiceStub
from kontor.identity.v1.invitations_internal_pb2_grpc import InvitationInternalServiceStub
from kontor.identity.v1.signin_pb2_grpc import SignInInternalServiceStub
from kontor.identity.v1.signin_steps_pb2_grpc import SignInStepsInternalServiceStub
from kontor_chassis.edge import current_edge
from kontor_chassis.errors import DomainError
from kontor_chassis.interceptors.errors import refused_with

SERVICE = "identity"


def sign_in_service() -> SignInInternalServiceStub:
    """Return the stub with which the edge acts in its own name."""
    return current_edge().as_service(SERVICE, SignInInternalServiceStub, None)


def steps_service() -> SignInStepsInternalServiceStub:
    """Return the stub for the steps beyond the password, with which the edge acts in its own name."""
    return current_edge().as_service(SERVICE, SignInStepsInternalServiceStub, None)


def invitation_service() -> InvitationInternalServiceStub:
    """Return the stub for access codes, with which the edge acts in its own name."""
    return current_edge().as_service(SERVICE, InvitationInternalServiceStub, None)


def sign_in_service_for_visitor() -> SignInInternalServiceStub:
    """Return the stub that passes on the token of whoever sent the request."""
    return current_edge().stub(SERVICE, SignInInternalServiceStub)


def public_service(*, signed_in: bool) -> IdentityServiceStub:
    """Return the public API with the visitor's token, or for nobody in particular."""
    if signed_in:
        return current_edge().stub(SERVICE, IdentityServiceStub)
    return current_edge().stub(SERVICE, IdentityServiceStub, token=lambda: "")


def refusal_in(error: grpc.RpcError) -> DomainError:
    """Return the refusal that an error carries; raises the error itself when it is a fault and no refusal."""
    refused = refused_with(cast(grpc.Call, error))
    if refused is None:
        raise error
    return refused
