"""What the protos say that the gateway must know: which services are public, which RPCs stream, which only read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2, status_pb2
from kontor.common.v1 import access_pb2


@dataclass(frozen=True)
class PublicService:
    """A gRPC service that the gateway serves."""

    name: str
    """Full name, for example "kontor.vault.v1.VaultService"."""
    streaming: tuple[str, ...]
    """RPCs that answer with a stream; they may last for hours."""
    reading: tuple[str, ...]
    """Unary RPCs mapped to GET: they change nothing, so they may be sent a second time."""

    @property
    def cluster(self) -> str:
        """The service that answers it, for example "vault"."""
        return self.name.split(".")[1]


def descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Return the platform's descriptors without comments, with the error details that answers may carry."""
    data = resources.files("kontor_protos").joinpath("descriptors.binpb").read_bytes()
    files = descriptor_pb2.FileDescriptorSet.FromString(data)
    present = {file.name for file in files.file}
    for module in (status_pb2, error_details_pb2):
        if module.DESCRIPTOR.name not in present:
            module.DESCRIPTOR.CopyToProto(files.file.add())
    for file in files.file:
        file.ClearField("source_code_info")
    return files


def public_services(files: descriptor_pb2.FileDescriptorSet) -> list[PublicService]:
    """Return every service that is not marked internal."""
    return [
        _public(f"{file.package}.{service.name}", service)
        for file in files.file
        if file.package.startswith("kontor.")
        for service in file.service
        if not service.options.Extensions[access_pb2.internal]
    ]


def _public(name: str, service: descriptor_pb2.ServiceDescriptorProto) -> PublicService:
    streaming = [method.name for method in service.method if method.server_streaming or method.client_streaming]
    reading = [method.name for method in service.method if method.options.Extensions[annotations_pb2.http].get]
    return PublicService(name, tuple(streaming), tuple(name for name in reading if name not in streaming))
