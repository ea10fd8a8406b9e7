"""A small gRPC service for the chassis' own tests, built from descriptors: no proto of the product is bent for tests.

`ParcelService` of package `kontor.chassistest.v1`. Each method's access option is one row of the authorization table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import grpc
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, field_mask_pb2, message_factory
from google.protobuf.descriptor import ServiceDescriptor
from kontor.common.v1 import access_pb2
from kontor.common.v1.access_pb2 import Access, AuthLevel, IdentityLevel, Right, Role
from kontor_chassis.server import Servicer, servicer

PACKAGE = "kontor.chassistest.v1"
SERVICE = f"{PACKAGE}.ParcelService"

ACCESS: Mapping[str, Access | None] = {
    "Open": Access(anonymous=True),
    "ForCustomers": Access(roles=[Role.ROLE_CUSTOMER]),
    "ForStaff": Access(roles=[Role.ROLE_STAFF]),
    "ForChat": Access(roles=[Role.ROLE_CUSTOMER, Role.ROLE_STAFF], rights=[Right.RIGHT_CHAT]),
    "ForStrong": Access(roles=[Role.ROLE_STAFF], min_level=AuthLevel.AUTH_LEVEL_STRONG),
    "ForFresh": Access(roles=[Role.ROLE_STAFF], max_age_seconds=300),
    "ForProven": Access(
        roles=[Role.ROLE_CUSTOMER, Role.ROLE_STAFF], min_identity=IdentityLevel.IDENTITY_LEVEL_PROVEN, viewable=True
    ),
    "ForViewing": Access(roles=[Role.ROLE_CUSTOMER], viewable=True),
    "ForChatViewing": Access(roles=[Role.ROLE_CUSTOMER], rights=[Right.RIGHT_CHAT], viewable=True),
    "ForBilling": Access(services=["billing"]),
    "ForAnyService": Access(services=["*"]),
    "Watch": Access(roles=[Role.ROLE_STAFF]),
}
_FIELDS = ("request_id", "text", "customer_email", "etag")


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="kontor/chassistest/v1/parcel.proto", package=PACKAGE)
    file.syntax = "proto3"
    file.dependency.extend(["kontor/common/v1/access.proto", "buf/validate/validate.proto"])
    file.dependency.append("google/protobuf/field_mask.proto")
    parcel = file.message_type.add(name="Parcel")
    for number, name in enumerate(_FIELDS, start=1):
        parcel.field.add(name=name, number=number, type=9, label=1)
    text = parcel.field[1].options.Extensions[validate_pb2.field]
    text.string.max_len = 20
    email = parcel.field[2].options.Extensions[validate_pb2.field]
    email.string.email = True
    email.ignore = validate_pb2.IGNORE_IF_ZERO_VALUE
    update = file.message_type.add(name="UpdateParcelRequest")
    update.field.add(name="parcel", number=1, type=11, label=1, type_name=f".{PACKAGE}.Parcel")
    update.field.add(name="update_mask", number=2, type=11, label=1, type_name=".google.protobuf.FieldMask")
    service = file.service.add(name="ParcelService")
    for name, access in ACCESS.items():
        method = service.method.add(name=name, input_type=f".{PACKAGE}.Parcel", output_type=f".{PACKAGE}.Parcel")
        method.server_streaming = name == "Watch"
        if access is not None:
            method.options.Extensions[access_pb2.access].CopyFrom(access)
    bare = file.service.add(name="UndeclaredService")
    bare.method.add(name="Forgotten", input_type=f".{PACKAGE}.Parcel", output_type=f".{PACKAGE}.Parcel")
    return file


_POOL = descriptor_pool.Default()
_POOL.AddSerializedFile(field_mask_pb2.DESCRIPTOR.serialized_pb)
_POOL.AddSerializedFile(_file().SerializeToString())
Parcel: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.Parcel"))
UpdateParcelRequest: Any = message_factory.GetMessageClass(
    _POOL.FindMessageTypeByName(f"{PACKAGE}.UpdateParcelRequest")
)
DESCRIPTOR: ServiceDescriptor = _POOL.FindServiceByName(SERVICE)
UNDECLARED: ServiceDescriptor = _POOL.FindServiceByName(f"{PACKAGE}.UndeclaredService")

Answer = Callable[[Any, Any], Any]


async def echo(request: Any, _context: Any) -> Any:
    """Answer with the request."""
    return request


class Parcels:
    """Answers every unary RPC by `answer`; `Watch` streams what is put into `queue`, and ends at None."""

    def __init__(self, answer: Answer = echo) -> None:
        self.answer = answer
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def handle(self, request: Any, context: Any) -> Any:
        """Serve any of the unary RPCs."""
        return await self.answer(request, context)

    async def watch(self, _request: Any, _context: Any) -> AsyncIterator[Any]:
        """Serve `Watch`."""
        while (item := await self.queue.get()) is not None:
            yield item


def add_parcels(instance: Parcels, server: Any, descriptor: ServiceDescriptor = DESCRIPTOR) -> None:
    """Register as generated code does."""
    coding = {"request_deserializer": Parcel.FromString, "response_serializer": Parcel.SerializeToString}
    handlers = {
        method.name: grpc.unary_stream_rpc_method_handler(instance.watch, **coding)
        if method.server_streaming
        else grpc.unary_unary_rpc_method_handler(instance.handle, **coding)
        for method in descriptor.methods
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))
    server.add_registered_method_handlers(descriptor.full_name, handlers)


def parcel_servicer(instance: Parcels) -> Servicer:
    """Return the servicer as a service's app.py would."""
    return servicer(add_parcels, instance, DESCRIPTOR)


class ParcelStub:
    """As a generated stub: one callable per RPC."""

    def __init__(self, channel: Any) -> None:
        coding = {"request_serializer": Parcel.SerializeToString, "response_deserializer": Parcel.FromString}
        for method in DESCRIPTOR.methods:
            make = channel.unary_stream if method.server_streaming else channel.unary_unary
            setattr(self, method.name, make(f"/{SERVICE}/{method.name}", _registered_method=True, **coding))

    def __getattr__(self, name: str) -> Any:  # the attributes are set above, by name
        raise AttributeError(name)
