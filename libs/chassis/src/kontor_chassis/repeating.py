"""Which calls are sent again when the process that was to answer them has died: those that only read.

A replica that is killed takes the calls in its hands with it. Nobody can know whether a write among them had its
effect, so writes are left to their callers, who repeat them under the same request id; a read is simply asked of
another replica.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

READING = ("Get", "List", "BatchGet", "Search", "Resolve")
"""How the RPCs begin that change nothing; so does every unary RPC that is mapped to GET."""
_POLICY = {
    "maxAttempts": 3,
    "initialBackoff": "0.05s",
    "maxBackoff": "0.5s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def reads_only(method: descriptor_pb2.MethodDescriptorProto) -> bool:
    """Whether a call may be sent again, whatever became of it."""
    if method.server_streaming or method.client_streaming:
        return False
    return method.name.startswith(READING) or bool(method.options.Extensions[annotations_pb2.http].get)


@cache
def service_config(service: str) -> str:
    """Return gRPC's configuration of a channel to a service ("identity"): all of its replicas, and what is repeated.

    The calls go over all addresses that the name resolves to, but those whose health service says that they are
    stopping. A service that is away altogether is not asked more often for it: then the throttle ends the repeating.
    """
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
        "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.2},
    }
    names = [
        {"service": f"{file.package}.{declared.name}", "method": method.name}
        for file in _contracts()
        if file.package == f"kontor.{service}.v1"
        for declared in file.service
        for method in declared.method
        if reads_only(method)
    ]
    if names:
        config["methodConfig"] = [{"name": names, "retryPolicy": _POLICY}]
    return json.dumps(config)


def _contracts() -> list[descriptor_pb2.FileDescriptorProto]:
    data = files("kontor_protos").joinpath("descriptors.binpb").read_bytes()
    return list(descriptor_pb2.FileDescriptorSet.FromString(data).file)
