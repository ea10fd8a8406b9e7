"""The contracts as the fitness tests see them: descriptors with their comments."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files as resource_files

from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from kontor.common.v1 import access_pb2


def descriptor_set() -> descriptor_pb2.FileDescriptorSet:
    """Return the committed descriptor set, comments included."""
    data = (resource_files("kontor_protos") / "descriptors.binpb").read_bytes()
    return descriptor_pb2.FileDescriptorSet.FromString(data)


def own_files() -> list[descriptor_pb2.FileDescriptorProto]:
    """Return the files of our own contracts."""
    return [file for file in descriptor_set().file if file.package.startswith("kontor.")]


def loaded(file: descriptor_pb2.FileDescriptorProto) -> FileDescriptor:
    """Return the generated module's descriptor of a file."""
    module = import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    descriptor: FileDescriptor = module.DESCRIPTOR
    return descriptor


def all_methods() -> list[MethodDescriptor]:
    """Return every RPC of every service."""
    services = [s for file in own_files() for s in loaded(file).services_by_name.values()]
    return [method for service in services for method in service.methods]


def is_internal(method: MethodDescriptor) -> bool:
    """Whether only other services may reach the RPC."""
    return bool(method.containing_service.GetOptions().Extensions[access_pb2.internal])


def access_of(method: MethodDescriptor) -> access_pb2.Access:
    """Return the declared authorization of an RPC."""
    access: access_pb2.Access = method.GetOptions().Extensions[access_pb2.access]
    return access


def http_of(method: MethodDescriptor) -> http_pb2.HttpRule:
    """Return the HTTP mapping of an RPC; empty if there is none."""
    rule: http_pb2.HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    return rule


def public_methods() -> list[MethodDescriptor]:
    """Return the RPCs that the gateway serves."""
    return [method for method in all_methods() if not is_internal(method)]


def uncommented(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """Return the services, RPCs, messages, fields, enums and values of a file that have no comment."""
    told = {
        tuple(location.path)
        for location in file.source_code_info.location
        if location.leading_comments.strip() or location.trailing_comments.strip()
    }
    missing: list[str] = []

    def check(path: tuple[int, ...], name: str) -> None:
        if path not in told:
            missing.append(f"{file.name}: {name}")

    def walk(message: descriptor_pb2.DescriptorProto, path: tuple[int, ...], name: str) -> None:
        if message.options.map_entry:
            return
        check(path, name)
        for number, item in enumerate(message.field):
            check((*path, 2, number), f"{name}.{item.name}")
        for number, nested in enumerate(message.nested_type):
            walk(nested, (*path, 3, number), f"{name}.{nested.name}")
        for number, enum in enumerate(message.enum_type):
            check((*path, 4, number), f"{name}.{enum.name}")

    for number, message in enumerate(file.message_type):
        walk(message, (4, number), message.name)
    for number, enum in enumerate(file.enum_type):
        check((5, number), enum.name)
        for position, value in enumerate(enum.value):
            check((5, number, 2, position), f"{enum.name}.{value.name}")
    for number, service in enumerate(file.service):
        check((6, number), service.name)
        for position, method in enumerate(service.method):
            check((6, number, 2, position), f"{service.name}.{method.name}")
    return missing
